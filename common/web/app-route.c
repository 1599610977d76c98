/* app-route.c - a program's table of routes: looked into, and printed */
#include "config.h"

#include "web/app-route.h"

#include "base/mem.h"

#include <stdio.h>
#include <string.h>

/* Whether the path fits the pattern, whose {id} takes one segment. */
static bool
fits(const char *pattern, const char *path, char id[APP_ID_SIZE])
{
	const char *open = strstr(pattern, "{id}");
	size_t before = open == NULL ? 0 : (size_t)(open - pattern), length;

	if (open == NULL)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, before) != 0)
		return false;
	length = strcspn(path + before, "/");
	if (length == 0 || length >= APP_ID_SIZE ||
		strcmp(open + 4, path + before + length) != 0)
		return false;
	memcpy(id, path + before, length);
	id[length] = '\0';
	return true;
}

/* The route's second path, NULL if it has none: edge-impulse's API has its
 * base at /v1, and its document (seed) leaves that out. */
static const char *
second_path(const struct route *route)
{
	return strncmp(route->path, "/v1/api-", 8) == 0 ? route->path + 3
							: NULL;
}

static bool
is_at(const struct route *route, const char *path, char id[APP_ID_SIZE])
{
	const char *second = second_path(route);

	return fits(route->path, path, id) ||
	       (second != NULL && strcmp(second, path) == 0);
}

/* Whether the route answers that method: HEAD as GET. */
static bool
takes(const struct route *route, const char *method)
{
	return strcmp(route->method, method) == 0 ||
	       (strcmp(method, "HEAD") == 0 &&
		       strcmp(route->method, "GET") == 0);
}

/* The methods of a path, for `Allow`; the caller frees. */
static char *
allowed(const struct route *routes, const char *path)
{
	char *list = mem_copy("Allow: ");
	const struct route *route;
	char id[APP_ID_SIZE];
	int count = 0;

	for (route = routes; route->method != NULL; route++)
		if (is_at(route, path, id))
			list = mem_append(list, "%s%s%s",
				count++ > 0 ? ", " : "", route->method,
				takes(route, "HEAD") ? ", HEAD" : "");
	return mem_append(list, "\r\n");
}

enum status
app_route_find(const struct route *routes, struct call *call, const char *path,
	const struct route **found)
{
	const char *method = request_method(call->request);
	enum status status = STATUS_NO_ENDPOINT;
	const struct route *route;

	for (route = routes; route->method != NULL; route++) {
		if (!is_at(route, path, call->id))
			continue;
		if (takes(route, method)) {
			*found = route;
			return STATUS_OK;
		}
		status = STATUS_BAD_METHOD;
	}
	if (status == STATUS_BAD_METHOD)
		call->headers = allowed(routes, path);
	return status;
}

static void
print(const char *program, const struct dialect *dialect, const char *method,
	const char *path, const char *event)
{
	printf("%s\t%s\t%s\t%s\t%s\n", method, path, program,
		dialect_name(dialect), event == NULL ? "-" : event);
}

bool
app_route_print(const struct program *program)
{
	const struct route *route = program->routes;

	if (program->all != NULL)
		print(program->name, dialect_verify(), "*", program->all_path,
			NULL);
	for (; route != NULL && route->method != NULL; route++) {
		const struct dialect *dialect = dialect_of(route->path);
		const char *second = second_path(route);

		print(program->name, dialect, route->method, route->path,
			route->event);
		if (second != NULL)
			print(program->name, dialect, route->method, second,
				route->event);
	}
	return fflush(stdout) == 0;
}

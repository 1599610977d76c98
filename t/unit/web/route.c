/* route.c - which route a request takes, and what is in its {id} */
#include "config.h"

#include "base/json.h"
#include "unit.h"
#include "web/app.h"

static enum status
say_id(struct call *call)
{
	json_add_string(call->data, "id", call->id);
	return STATUS_OK;
}

static enum status
say_plain(struct call *call)
{
	json_add_string(call->data, "id", "plain");
	return STATUS_OK;
}

static const struct route routes[] = {
	{"GET", "/auth/thing", NULL, say_plain, NULL, NO_BODY},
	{"GET", "/auth/thing/{id}", NULL, say_id, NULL, NO_BODY},
	{"DELETE", "/auth/thing/{id}", NULL, say_id, NULL, NO_BODY},
	{"POST", "/auth/thing/{id}/turn", NULL, say_id, NULL, NO_BODY},
	{"GET", "/v1/api-thing", NULL, say_plain, NULL, NO_BODY},
	{0},
};

/* clang-format off */
static const struct {
	const char *method, *path, *status, *has;
} requests[] = {
	{"GET", "/auth/thing", "200", "\"plain\""},
	{"GET", "/auth/thing/7", "200", "\"7\""},
	{"DELETE", "/auth/thing/7", "200", "\"7\""},
	{"POST", "/auth/thing/7/turn", "200", "\"7\""},
	{"GET", "/auth/thing/a%2fb", "200", "\"a%2fb\""},
	{"GET", "/auth/thing/{id}", "200", "\"{id}\""},
	{"GET", "/auth/thing/123456789012345678901234567890123456789", "200", "\"123456789012345678901234567890123456789\""},
	{"GET", "/auth/thing/1234567890123456789012345678901234567890", "404", ""},
	{"GET", "/auth/thing/", "404", ""},
	{"GET", "/auth/thing//", "404", ""},
	{"GET", "/auth/thing/7/", "404", ""},
	{"GET", "/auth/thing/7/8", "404", ""},
	{"POST", "/auth/thing//turn", "404", ""},
	{"POST", "/auth/thing/7/turned", "404", ""},
	{"POST", "/auth/thing/7/8/turn", "404", ""},
	{"GET", "/auth/thin", "404", ""},
	{"GET", "/auth/Thing", "404", ""},
	{"GET", "/", "404", ""},
	{"HEAD", "/auth/thing", "200", "Content-Type: application/json"},
	{"HEAD", "/auth/thing/7/turn", "405", "Allow: POST\r\n"},
	{"HEAD", "/auth/nothing", "404", ""},
	{"PUT", "/auth/thing/7", "405", "Allow: GET, HEAD, DELETE\r\n"},
	{"GET", "/auth/thing/7/turn", "405", "Allow: POST\r\n"},
	{"get", "/auth/thing", "405", "Allow: GET, HEAD\r\n"},
	{"GET", "/v1/api-thing", "200", "\"plain\""},
	{"GET", "/api-thing", "200", "\"plain\""},
	{"GET", "/v1/v1/api-thing", "404", ""},
	{"GET", "/v1api-thing", "404", ""},
};
/* clang-format on */

static size_t request_index;
static int ends[2];

/* As plain CGI: what the web server says stands in the environment. */
static void
run(void)
{
	static const struct program program = {
		.name = "route", .routes = routes};
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(nothing, 0);
	dup2(ends[1], 1);
	setenv("REQUEST_METHOD", requests[request_index].method, 1);
	setenv("SCRIPT_NAME", requests[request_index].path, 1);
	app_run(&program, 0, NULL);
	fflush(stdout);
	_exit(0); /* not unit_remove() */
}

/* The whole answer. */
static const char *
ask(void)
{
	static char text[4096];
	size_t length = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(ends) != 0)
		exit(2);
	pid = fork();
	if (pid == 0)
		run();
	close(ends[1]);
	while ((got = read(ends[0], text + length, sizeof text - 1 - length)) >
		0)
		length += (size_t)got;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	text[length] = '\0';
	return text;
}

int
main(void)
{
	const char *answer;
	char *conf;

	unit_begin();
	conf = mem_printf("state_dir = %s\ndisk_reserve = 0\n"
			  "common_passwords =\nleaked_secrets =\n"
			  "sandbox = off\n", /* an emulator has none */
		unit_dir);
	setenv("LATCHKEY_CONF", unit_file("conf", conf, strlen(conf)), 1);
	mem_free(conf);
	for (; request_index < sizeof requests / sizeof requests[0];
		request_index++) {
		answer = ask();
		ok(strncmp(answer, "Status: ", 8) == 0 &&
				strncmp(answer + 8,
					requests[request_index].status, 3) == 0,
			"%s for %s %s", requests[request_index].status,
			requests[request_index].method,
			requests[request_index].path);
		ok(strstr(answer, requests[request_index].has) != NULL,
			"and what it says");
		ok((strstr(answer, "\r\n\r\n{") == NULL) ==
				(strcmp(requests[request_index].method,
					 "HEAD") == 0),
			"with a body, unless it is HEAD");
	}
	return done();
}

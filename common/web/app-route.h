/* app-route.h - a program's table of routes: looked into, and printed */
#ifndef LATCHKEY_APP_ROUTE_H
#define LATCHKEY_APP_ROUTE_H

#include "web/app.h"

/* The route for the path and the call's method; sets the call's id.
 * STATUS_BAD_METHOD sets its headers to those that the path has. */
enum status app_route_find(const struct route *routes, struct call *call,
	const char *path, const struct route **found);

/* Writes a line for each path that the program answers: method, path, program,
 * dialect and event, with tabs between them. The method is "*" where any will
 * do, the event "-" where there is none. Returns false if that fails. */
bool app_route_print(const struct program *program);

#endif

/* app-serve.h - one request; for app.c */
#ifndef LATCHKEY_APP_SERVE_H
#define LATCHKEY_APP_SERVE_H

#include "web/app.h"

/* The state of one request after the other: in locked memory, and never in a
 * core dump. The caller frees it with sodium_free(). */
struct call *app_call_new(void);

/* Answers a request and writes its audit line; `call` is wiped after it. */
void app_serve(const struct program *program, const struct site *site,
	const struct request *request, struct call *call);

/* --- a program's table of routes: looked into, and printed --------------- */

/* The route for the path and the call's method; sets the call's id.
 * STATUS_BAD_METHOD sets its headers to those that the path has. */
enum status app_route_find(const struct route *routes, struct call *call,
	const char *path, const struct route **found);

/* Writes a line for each path that the program answers: method, path, program,
 * dialect and event, with tabs between them. The method is "*" where any will
 * do, the event "-" where there is none. Returns false if that fails. */
bool app_route_print(const struct program *program);

#endif

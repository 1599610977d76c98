/* app-serve.h - one request: its route, its guard, its body, its handler, and
 * the answer.
 *
 * For app.c alone, which waits for requests and knows libfcgi: here a request
 * is what request.h has, from wherever it came. */
#ifndef LATCHKEY_APP_SERVE_H
#define LATCHKEY_APP_SERVE_H

#include "web/app.h"

/* The state of one request after the other: in locked memory, and never in a
 * core dump. The caller frees it with sodium_free(). */
struct call *app_call_new(void);

/* Answers a request and writes its audit line; `call` is wiped after it. */
void app_serve(const struct program *program, const struct site *site,
	const struct request *request, struct call *call);

/* Writes a line for each path that the program answers: method, path, program,
 * dialect and event, with tabs between them. The method is "*" where any will
 * do, the event "-" where there is none. Returns false if that fails. */
bool app_route_print(const struct program *program);

#endif

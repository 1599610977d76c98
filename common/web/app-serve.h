/* app-serve.h - one request: its route, its guard, its body, its handler, and
 * the answer.
 *
 * For app.c alone, which waits for requests and knows libfcgi. Here a request
 * is what request.h has, whether it came by FastCGI or CGI. */
#ifndef LATCHKEY_APP_SERVE_H
#define LATCHKEY_APP_SERVE_H

#include "web/app.h"

/* The state of one request after the other, in locked memory and never in a
 * core dump. The caller frees it with sodium_free(). */
struct call *app_call_new(void);

/* Answers a request, writes its audit line, and wipes `call`. */
void app_serve(const struct program *program, const struct site *site,
	const struct request *request, struct call *call);

/* Writes a line for each path that the program answers: method, path, program,
 * dialect and event, with tabs between them. The method is "*" where all are
 * answered, the event "-" where there is none. Returns false if writing
 * fails. */
bool app_route_print(const struct program *program);

#endif

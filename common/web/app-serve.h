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

#endif

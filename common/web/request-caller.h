/* request-caller.h - from where a request comes, and by whose token */
#ifndef LATCHKEY_REQUEST_CALLER_H
#define LATCHKEY_REQUEST_CALLER_H

#include "account/throttle.h"
#include "site/conf.h"
#include "web/request.h"

#include <stdbool.h>

/* Whether it comes from the machine itself and through nothing: a loopback
 * address, the web server's word (LATCHKEY_LOCAL), a local Host, no trace of
 * a proxy, no foreign page behind it. All of them: behind a tunnel or a proxy
 * on the same machine every address is 127.0.0.1. */
bool request_is_local(const struct request *request, const struct conf *conf);

/* What throttling counts by: the IPv4 address, or the /64 of an IPv6 one;
 * "unknown" where the web server names no address. */
void request_network(
	const struct request *request, char network[THROTTLE_NETWORK_SIZE]);

/* How a token comes: by Authorization: Bearer, else x-jwt-token, else
 * x-api-key, else the cookie. A cookie counts on a request that changes state
 * only if no other site can have sent it. `method` is the one that decides
 * about that, together with what asks for another protocol and what a proxy
 * says of the method: these can refuse a cookie, and let none in. */
enum token_from {
	TOKEN_FROM_NOWHERE,
	TOKEN_FROM_HEADER,
	TOKEN_FROM_COOKIE,
	TOKEN_FROM_STRANGER /* a cookie of ours that does not count */
};
enum token_from request_token_from(const struct request *request,
	const struct conf *conf, const char *method);

/* Why a browser's request cannot be from a page of this site, in words for the
 * operator, which the caller frees; NULL if it can, or is no browser's. */
char *request_strange(const struct request *request, const struct conf *conf);

/* The tokens that were sent, `at` 0 the first: more than one are cookies of the
 * same name, since a site beside this one can set another. NULL after the last,
 * or after REQUEST_TOKENS. Valid until the next call. */
enum { REQUEST_TOKENS = 4 };
const char *request_token(const struct request *request,
	const struct conf *conf, const char *method, int at);

#endif

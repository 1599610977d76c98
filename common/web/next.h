/* next.h - where a browser goes on to after a sign-in.
 *
 * A page that wants a sign-in sends the browser to one of latchkey's own, with
 * its address as `next`. It comes back as a text of a client's, which could
 * lead to any site. So it counts only if it leads to this one: a path, or with
 * cookie_domain an https address of a host in that domain. */
#ifndef LATCHKEY_NEXT_H
#define LATCHKEY_NEXT_H

#include "site/conf.h"
#include "web/request.h"

enum { NEXT_SIZE = 1025 };

/* Whether the address leads to this site, however a browser reads it. */
bool next_check(const struct conf *conf, const char *next);

/* The address that the request asks for, whole if it is on another host than
 * site_url's; of a request that is no GET, since what it has sent is gone, that
 * of the page which has sent it. "/" for one that is not known, or cannot be
 * gone back to. */
void next_make(const struct request *request, const struct conf *conf,
	char next[NEXT_SIZE]);

/* What a form has as `next`, or with NULL what came in the query; `otherwise`
 * if there is nothing, or nothing that leads to this site. */
void next_read(const struct request *request, const struct conf *conf,
	const char *posted, const char *otherwise, char next[NEXT_SIZE]);

/* Whether what the request has sent is gone when the browser comes back. */
bool next_loses(const struct request *request);

/* The address of latchkey's page at that path with `next` in its query, whole
 * if `next` is: other hosts do not need the page. The caller frees. */
char *next_link(const struct conf *conf, const char *path, const char *next);

#endif

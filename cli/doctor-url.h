/* doctor-url.h - the checks of `latchkey doctor` from outside */
#ifndef LATCHKEY_DOCTOR_URL_H
#define LATCHKEY_DOCTOR_URL_H

#include "finding.h"
#include "site/conf.h"

#include <stdbool.h>

/* Whether the word is an address that can be asked. */
bool doctor_url_is(const char *word);

/* Asks an address that is to be protected, in each of the ways that have led
 * past a protection. */
void doctor_url_ask(struct findings *findings, const char *url);

/* Whether latchkey's pages are served where site_url says. */
void doctor_url_ask_site(struct findings *findings, const struct conf *conf);

#endif

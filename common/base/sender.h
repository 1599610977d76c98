/* sender.h - the sender of mails: an address, after a name or alone */
#ifndef LATCHKEY_SENDER_H
#define LATCHKEY_SENDER_H

#include "base/name.h"

enum { SENDER_NAME = 120 /* bytes */ };

struct sender {
	char name[SENDER_NAME + 1]; /* "" for none */
	char address[NAME_SIZE];
};

/* Reads `ADDRESS` or `NAME <ADDRESS>`; the name may stand in quotes. False if
 * the text is neither, or if the name is too long for a header. */
bool sender_read(const char *text, struct sender *sender);

#endif

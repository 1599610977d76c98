/* sender.h - who a mail is from: an address, after a name or alone */
#ifndef LATCHKEY_SENDER_H
#define LATCHKEY_SENDER_H

#include "base/name.h"

enum { SENDER_NAME = 120 /* bytes */ };

struct sender {
	char name[SENDER_NAME + 1]; /* "" for none */
	char address[NAME_SIZE];
};

/* Reads `ADDRESS` or `NAME <ADDRESS>`; the name may be in quotes, and need not
 * be. False if the text is neither, or the name too long for a header. */
bool sender_read(const char *text, struct sender *sender);

#endif

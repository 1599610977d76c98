/* policy.h - what a new password must be like */
#ifndef LATCHKEY_POLICY_H
#define LATCHKEY_POLICY_H

#include "password/password.h"

/* What can be wrong with a password. The first five can be demanded, too. */
enum policy_flaw {
	POLICY_UPPER = 1 << 0,   /* no ASCII upper-case letter */
	POLICY_LOWER = 1 << 1,   /* no ASCII lower-case letter */
	POLICY_DIGIT = 1 << 2,   /* no ASCII digit */
	POLICY_SPECIAL = 1 << 3, /* nothing but those and spaces */
	POLICY_NOSPACE = 1 << 4, /* a space */
	POLICY_SHORT = 1 << 5,
	POLICY_LONG = 1 << 6, /* over 256 code points, or too many bytes */
	/* As blocklist.h finds them: looked for under every policy, if nothing
	 * else is wrong */
	POLICY_COMMON = 1 << 7, /* on the list of common passwords */
	POLICY_NAME = 1 << 8,   /* a name of the account or the site */
	/* As account.h finds it */
	POLICY_SAME = 1 << 9 /* the one that must be changed */
};

enum {
	POLICY_CLASSES =
		POLICY_UPPER | POLICY_LOWER | POLICY_DIGIT | POLICY_SPECIAL
};

struct policy {
	unsigned long min; /* code points */
	unsigned require;  /* of the first five flaws */
	size_t max_bytes;  /* what is hashed in full; 0: PASSWORD_BYTES */
};

/* The longest password in bytes of UTF-8. */
size_t policy_max_bytes(const struct policy *policy);

/* Reads the password and returns its flaws, 0 if it may be used. */
unsigned policy_read(const struct policy *policy, const char *text,
	size_t length, struct password *password);

#endif

/* policy.c - what a new password must be like */
#include "config.h"

#include "password/policy.h"

#include <string.h>

static unsigned
class_of(char byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return POLICY_UPPER;
	if (byte >= 'a' && byte <= 'z')
		return POLICY_LOWER;
	if (byte >= '0' && byte <= '9')
		return POLICY_DIGIT;
	if (byte == ' ')
		return POLICY_NOSPACE;
	return POLICY_SPECIAL;
}

size_t
policy_max_bytes(const struct policy *policy)
{
	return policy->max_bytes == 0 ? PASSWORD_BYTES : policy->max_bytes;
}

unsigned
policy_read(const struct policy *policy, const char *text, size_t length,
	struct password *password)
{
	unsigned flaws, seen = 0;
	const char *at;

	if (!password_read(password, text, length) ||
		password->points > PASSWORD_POINTS ||
		strlen(password->text) > policy_max_bytes(policy)) {
		password_wipe(password);
		return POLICY_LONG;
	}
	for (at = password->text; *at != '\0'; at++)
		seen |= class_of(*at);
	/* A class is missed if it was not seen, a space if it was. */
	flaws = policy->require & (seen ^ POLICY_CLASSES);
	if (password->points < policy->min)
		flaws |= POLICY_SHORT;
	return flaws;
}

/* retry.c - when to try again what another program has not taken */
#include "config.h"

#include "mail/retry.h"

int64_t
retry_delay(int64_t first, int64_t failures, int64_t longest)
{
	int64_t i;

	for (i = 0; i < failures && first < longest; i++)
		first *= 2;
	return first < longest ? first : longest;
}

bool
retry_is_due(int64_t next, int64_t now, int64_t longest)
{
	return next <= now || next > now + longest;
}

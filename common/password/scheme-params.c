/* scheme-params.c - what the parameters of a hash say: its cost and memory */
#include "config.h"

#include "password/scheme-params.h"

#include <string.h>

enum {
	S_BOXES = 12 * 1024,  /* of a thread of yescrypt */
	BLOCKS_MAX = 1 << 30, /* r p is less */
	CLASSIC = 0,          /* yescrypt's flavours: scrypt, */
	WORM = 1,             /* scrypt that takes a t, */
	READ_WRITE = 47       /* and its own with the one set of rounds */
};

static uint64_t
times(uint64_t a, uint64_t b)
{
	return a != 0 && b > UINT64_MAX / a ? UINT64_MAX : a * b;
}

/* A digit of crypt(3)'s base 64, or -1. */
static int
digit64(char digit)
{
	static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz";
	const char *at = digit == '\0' ? NULL : strchr(digits, digit);

	return at == NULL ? -1 : (int)(at - digits);
}

/* `count` digits of base 64, the lowest first. */
static const char *
fixed64(const char *at, int count, uint64_t *number)
{
	int i, digit;

	*number = 0;
	for (i = 0; i < count; i++) {
		digit = digit64(*at++);
		if (digit < 0)
			return NULL;
		*number |= (uint64_t)digit << 6 * i;
	}
	return at;
}

/* A number of yescrypt's, from `least` on. The first digit tells how many
 * follow, so that the small ones, the usual, take one. */
static const char *
variable64(const char *at, uint64_t least, uint64_t *number)
{
	static const int from[] = {0, 48, 56, 60, 62, 63, 64};
	int more = 0, digit = digit64(*at++);

	if (digit < 0)
		return NULL;
	*number = least;
	for (; digit >= from[more + 1]; more++)
		*number += (uint64_t)(from[more + 1] - from[more]) << 6 * more;
	*number += (uint64_t)(digit - from[more]) << 6 * more;
	while (more-- > 0) {
		digit = digit64(*at++);
		if (digit < 0)
			return NULL;
		*number += (uint64_t)digit << 6 * more;
	}
	return at;
}

/* `name`, a decimal number from 1 to `most` without leading zeros, `end`. */
static const char *
decimal(const char *at, const char *name, uint64_t most, char end,
	uint64_t *number)
{
	if (strncmp(at, name, strlen(name)) != 0)
		return NULL;
	at += strlen(name);
	if (*at == '0')
		return NULL;
	for (*number = 0; *at >= '0' && *at <= '9' && *number <= most; at++)
		*number = *number * 10 + (uint64_t)(*at - '0');
	return *number >= 1 && *number <= most && *at == end ? at + 1 : NULL;
}

/* --- each scheme's --------------------------------------------------- */

const char *
scheme_params_none(const char *at, struct scheme *scheme)
{
	(void)scheme;
	return at;
}

/* 2^n blocks of 128 r bytes, and one for each thread but the first. */
static const char *
take_scrypt(const char *at, uint64_t n, uint64_t r, uint64_t p,
	struct scheme *scheme)
{
	if (at == NULL || n < 2 || n > 63 || r < 1 || p < 1 ||
		times(r, p) >= BLOCKS_MAX)
		return NULL;
	n = (uint64_t)1 << n;
	scheme->cost = times(times(n, r), p);
	scheme->memory = times(times(128, r), n + p - 1);
	return at;
}

/* Whether yescrypt has that; each of its threads has four blocks or more. */
static bool
is_flavour(uint64_t flavour, uint64_t n, uint64_t p, uint64_t t)
{
	switch (flavour) {
	case CLASSIC:
		return t == 0;
	case WORM:
		return true;
	case READ_WRITE:
		return n > 63 || ((uint64_t)1 << n) / p > 3;
	}
	return false;
}

/* Flavour, N, r and, as a mask says, p and t. Its g, and a ROM, are nothing
 * that crypt(3) takes. */
const char *
scheme_params_yescrypt(const char *at, struct scheme *scheme)
{
	uint64_t flavour = 0, n = 0, r = 0, mask = 0, p = 1, t = 0;

	at = variable64(at, 0, &flavour);
	if (at != NULL)
		at = variable64(at, 1, &n);
	if (at != NULL)
		at = variable64(at, 1, &r);
	if (at != NULL && *at != '$')
		at = variable64(at, 1, &mask);
	if (at != NULL && (mask & 1) != 0)
		at = variable64(at, 2, &p);
	if (at != NULL && (mask & 2) != 0)
		at = variable64(at, 1, &t);
	if (at == NULL || mask > 3 || *at++ != '$' ||
		!is_flavour(flavour, n, p, t))
		return NULL;
	at = take_scrypt(at, n, r, p, scheme);
	scheme->cost = times(scheme->cost, t + 1);
	/* Each thread has its S-boxes. p has no more than 32 bits. */
	if (scheme->memory < UINT64_MAX / 2)
		scheme->memory += (p - 1) * S_BOXES;
	return at;
}

const char *
scheme_params_scrypt(const char *at, struct scheme *scheme)
{
	uint64_t n = 0, r = 0, p = 0;

	at = fixed64(at, 1, &n);
	if (at != NULL)
		at = fixed64(at, 5, &r);
	if (at != NULL)
		at = fixed64(at, 5, &p);
	return at == NULL ? NULL : take_scrypt(at, n, r, p, scheme);
}

const char *
scheme_params_bcrypt(const char *at, struct scheme *scheme)
{
	int log;

	if (strspn(at, "0123456789") != 2 || at[2] != '$')
		return NULL;
	log = (at[0] - '0') * 10 + (at[1] - '0');
	if (log < 4 || log > 31)
		return NULL;
	scheme->cost = (uint64_t)1 << log;
	return at + 3;
}

const char *
scheme_params_sha2(const char *at, struct scheme *scheme)
{
	scheme->cost = 5000;
	if (strncmp(at, "rounds=", 7) != 0)
		return at;
	at = decimal(at, "rounds=", 999999999, '$', &scheme->cost);
	return scheme->cost < 1000 ? NULL : at;
}

const char *
scheme_params_sha1(const char *at, struct scheme *scheme)
{
	return decimal(at, "", UINT32_MAX, '$', &scheme->cost);
}

const char *
scheme_params_sunmd5(const char *at, struct scheme *scheme)
{
	const char *rounds = at + 1;

	scheme->cost = 0;
	if (*at != ',' && *at != '$')
		return NULL;
	/* Solaris wrote it after either of the two. */
	if (*at == ',' || strncmp(rounds, "rounds=", 7) == 0)
		rounds = decimal(rounds, "rounds=", UINT32_MAX - 4096, '$',
			&scheme->cost);
	scheme->cost += 4096;
	return rounds;
}

const char *
scheme_params_bsdi(const char *at, struct scheme *scheme)
{
	at = fixed64(at, 4, &scheme->cost);
	return scheme->cost == 0 ? NULL : at;
}

/* RFC 9106: at least 8 blocks of 1 KiB for each of p lanes. */
const char *
scheme_params_argon2(const char *at, struct scheme *scheme)
{
	uint64_t m, t, p;

	at = decimal(at, "m=", UINT32_MAX, ',', &m);
	if (at != NULL)
		at = decimal(at, "t=", UINT32_MAX, ',', &t);
	if (at != NULL)
		at = decimal(at, "p=", 0xffffff, '$', &p);
	if (at == NULL || m < 8 * p)
		return NULL;
	scheme->cost = m * t;
	scheme->memory = m * 1024;
	return at;
}

/* uuid.c - UUIDs */
#include "config.h"

#include "base/uuid.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	DIGITS = 32,
	/* The least that random digits have, but once in 3,000,000 times; they
	 * mostly have 14 and 30. */
	STEPS = 8,  /* different steps from a digit to the next, modulo 16 */
	PAIRS = 19, /* different pairs of neighbours */
	DRAWN = 64  /* at once: the kernel's part is most of the work */
};

static void
format(unsigned char bytes[16], unsigned version, char uuid[UUID_SIZE])
{
	char hex[33];

	bytes[6] = (unsigned char)(version << 4 | (bytes[6] & 0x0f));
	bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
	sodium_bin2hex(hex, sizeof hex, bytes, 16);
	snprintf(uuid, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8,
		hex + 12, hex + 16, hex + 20);
}

/* Makes it from 16 random bytes. */
static void
order(unsigned char bytes[16], char uuid[UUID_SIZE])
{
	struct timespec now;
	uint64_t ms;
	int i;

	clock_gettime(CLOCK_REALTIME, &now);
	ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	for (i = 0; i < 6; i++)
		bytes[i] = (unsigned char)(ms >> (40 - 8 * i));
	format(bytes, 7, uuid);
}

void
uuid_ordered(char uuid[UUID_SIZE])
{
	uuid_ordered_many((char(*)[UUID_SIZE])uuid, 1);
}

void
uuid_ordered_many(char uuids[][UUID_SIZE], size_t count)
{
	unsigned char bytes[DRAWN][16];
	size_t i;

	for (i = 0; i < count; i++) {
		if (i % DRAWN == 0)
			randombytes_buf(bytes,
				16 * (count - i < DRAWN ? count - i : DRAWN));
		order(bytes[i % DRAWN], uuids[i]);
	}
}

void
uuid_before(int64_t now, char text[UUID_SIZE])
{
	uint64_t ms = now > 0 ? (uint64_t)now * 1000 : 0;

	text[0] = '\0';
	if (ms > 0)
		snprintf(text, UUID_SIZE, "%08x-%04x", (unsigned)(ms >> 16),
			(unsigned)(ms & 0xffff));
}

void
uuid_random(char uuid[UUID_SIZE])
{
	unsigned char bytes[16];

	randombytes_buf(bytes, sizeof bytes);
	format(bytes, 4, uuid);
}

/* The bytes of a UUID in lower or upper case; false if it is no UUID. */
static bool
read_bytes(const char *text, unsigned char bytes[16])
{
	size_t length;

	return strlen(text) == UUID_SIZE - 1 && text[8] == '-' &&
	       text[13] == '-' && text[18] == '-' && text[23] == '-' &&
	       sodium_hex2bin(bytes, 16, text, UUID_SIZE - 1, "-", &length,
		       NULL) == 0 &&
	       length == 16;
}

bool
uuid_valid(const char *text)
{
	unsigned char bytes[16];

	return read_bytes(text, bytes) && strpbrk(text, "ABCDEF") == NULL;
}

static unsigned
digit_of(const unsigned char bytes[16], int i)
{
	return i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15;
}

/* Neither counted nor repeated. The steps between its digits show it: 0123...
 * and 1122... have one or two. So do the pairs that they make: the same eight
 * digits again and again have eight. */
bool
uuid_is_random(const char *text)
{
	unsigned char bytes[16];
	bool pairs[16][16] = {{false}};
	unsigned steps = 0, digit, before;
	int i, different = 0;

	if (!read_bytes(text, bytes))
		return false;
	for (i = 1; i < DIGITS; i++) {
		digit = digit_of(bytes, i);
		before = digit_of(bytes, i - 1);
		steps |= 1U << ((digit - before) & 15);
		different += pairs[before][digit] ? 0 : 1;
		pairs[before][digit] = true;
	}
	return __builtin_popcount(steps) >= STEPS && different >= PAIRS;
}

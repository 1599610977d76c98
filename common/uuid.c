/* uuid.c - UUIDs */
#include "config.h"

#include "uuid.h"

#include <sodium.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	VARIETY = 8, /* different digits; a random one has 13 or so */
	DRAWN = 64   /* at once: the kernel's part is most of the work */
};

static void
format(unsigned char bytes[16], unsigned version, char uuid[UUID_SIZE])
{
	char hex[33];
	int i;

	bytes[6] = (unsigned char)(version << 4 | (bytes[6] & 0x0f));
	bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
	sodium_bin2hex(hex, sizeof hex, bytes, 16);
	for (i = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			*uuid++ = '-';
		*uuid++ = hex[i];
	}
	*uuid = '\0';
}

/* Out of 16 random bytes. */
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

static char
lower(char byte)
{
	return byte >= 'A' && byte <= 'F' ? (char)(byte - 'A' + 'a') : byte;
}

/* The hexadecimal digits that a UUID in lower or upper case has, a bit each;
 * 0 if it is none. */
static unsigned
digits_of(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned seen = 0;
	size_t i;

	if (strlen(text) != sizeof form - 1)
		return 0;
	for (i = 0; text[i] != '\0'; i++) {
		const char *digit = strchr(digits, lower(text[i]));

		if (form[i] == '-' ? text[i] != '-' : digit == NULL)
			return 0;
		if (form[i] != '-')
			seen |= 1U << (digit - digits);
	}
	return seen;
}

bool
uuid_valid(const char *text)
{
	return digits_of(text) != 0 && strpbrk(text, "ABCDEF") == NULL;
}

bool
uuid_is_random(const char *text)
{
	return __builtin_popcount(digits_of(text)) >= VARIETY;
}

/* throttle-network.c - what an address counts as */
#include "config.h"

#include "account/throttle.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

/* Where an IPv6 address has the IPv4 address of its sender: behind which
 * prefix, at which byte, and whether its bits are inverted. Without this all
 * senders of one such network would count as one, or one sender as many. */
static const struct {
	const char *what;
	unsigned char prefix[12];
	size_t length;
	size_t at;
	unsigned char flip;
} wrapped[] = {
	{"IPv4-mapped (RFC 4291)", {[10] = 0xff, 0xff}, 12, 12, 0},
	{"IPv4-translated (RFC 2765)", {[8] = 0xff, 0xff}, 12, 12, 0},
	{"NAT64 (RFC 6052)", {0, 0x64, 0xff, 0x9b}, 12, 12, 0},
	{"NAT64, local (RFC 8215)", {0, 0x64, 0xff, 0x9b, 0, 1}, 6, 12, 0},
	{"6to4 (RFC 3056)", {0x20, 0x02}, 2, 2, 0},
	{"Teredo (RFC 4380)", {0x20, 0x01}, 4, 12, 0xff},
};

/* Gets the IPv4 address inside; false if there is none. */
static bool
unwrap(const struct in6_addr *six, struct in_addr *four)
{
	unsigned char bytes[4];
	size_t i, byte;

	/* IPv4-compatible (RFC 4291): no prefix tells it from :: and ::1. */
	if (IN6_IS_ADDR_V4COMPAT(six)) {
		memcpy(four, &six->s6_addr[12], sizeof *four);
		return true;
	}
	for (i = 0; i < sizeof wrapped / sizeof wrapped[0]; i++) {
		if (memcmp(six, wrapped[i].prefix, wrapped[i].length) != 0)
			continue;
		for (byte = 0; byte < sizeof bytes; byte++)
			bytes[byte] = six->s6_addr[wrapped[i].at + byte] ^
				      wrapped[i].flip;
		memcpy(four, bytes, sizeof bytes);
		return true;
	}
	return false;
}

/* Keeps the first `bits`, which are whole bytes. */
static void
write_prefix(const struct in6_addr *six, unsigned bits,
	char network[THROTTLE_NETWORK_SIZE])
{
	struct in6_addr prefix = *six;
	char text[INET6_ADDRSTRLEN];

	memset(&prefix.s6_addr[bits / 8], 0, sizeof prefix - bits / 8);
	inet_ntop(AF_INET6, &prefix, text, sizeof text);
	snprintf(network, THROTTLE_NETWORK_SIZE, "%s/%u", text, bits);
}

bool
throttle_network(const char *address, char network[THROTTLE_NETWORK_SIZE])
{
	struct in6_addr six;
	struct in_addr four;
	bool is_six = inet_pton(AF_INET6, address, &six) == 1;

	if (is_six ? unwrap(&six, &four)
		   : inet_pton(AF_INET, address, &four) == 1)
		inet_ntop(AF_INET, &four, network, THROTTLE_NETWORK_SIZE);
	else if (is_six)
		write_prefix(&six, 64, network);
	else
		strcpy(network, "unknown");
	return strcmp(network, "unknown") != 0;
}

int
throttle_levels(const char *network,
	char levels[THROTTLE_LEVELS][THROTTLE_NETWORK_SIZE])
{
	char address[THROTTLE_NETWORK_SIZE];
	struct in6_addr six;
	int level;

	snprintf(address, sizeof address, "%.*s", (int)strcspn(network, "/"),
		network);
	snprintf(levels[0], THROTTLE_NETWORK_SIZE, "%s", network);
	if (inet_pton(AF_INET6, address, &six) != 1)
		return 1;
	for (level = 1; level < THROTTLE_LEVELS; level++)
		write_prefix(&six, 64 - 8 * (unsigned)level, levels[level]);
	return THROTTLE_LEVELS;
}

bool
throttle_may_be_proxy(const char *network)
{
	char address[THROTTLE_NETWORK_SIZE];
	struct in6_addr six;
	struct in_addr four;

	snprintf(address, sizeof address, "%.*s", (int)strcspn(network, "/"),
		network);
	if (inet_pton(AF_INET, address, &four) == 1) {
		uint32_t bits = ntohl(four.s_addr);

		return bits >> 24 == 127 || bits >> 24 == 10 ||
		       bits >> 20 == 0xac1 || bits >> 16 == 0xc0a8;
	}
	return inet_pton(AF_INET6, address, &six) != 1 ||
	       IN6_IS_ADDR_UNSPECIFIED(&six) || (six.s6_addr[0] & 0xfe) == 0xfc;
}

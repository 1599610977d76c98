/* code.c - no code is accepted but the right one, however it is typed. The
 * input is what was typed. */
#include "config.h"

#include "account/code.h"

#include "../unit/unit.h"
#include "fuzz.h"

#include <ctype.h>

enum { NOW = 1000000, TRIES = 40 };

static const char right[] = "01AB-CV0E-1XYZ";
static struct site site;

static void
begin(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST);
	assert(unit_account(&site, "alice", "", false) == STATUS_OK);
}

/* With as many tries left as at the beginning. */
static void
renew(void)
{
	struct account account;

	assert(unit_find(&site, "alice", &account) == STATUS_OK);
	assert(code_new(&site, CODE_RESET, account.id, NOW, right, NULL) ==
		STATUS_OK);
}

/* The same by another way: what is read is what is right. */
static bool
is_right(const char *typed)
{
	const char *wanted = right;

	for (; *typed != '\0'; typed++) {
		int symbol = toupper((unsigned char)*typed);

		if (strchr(" -\t", symbol) != NULL)
			continue;
		if (symbol == 'O')
			symbol = '0';
		if (symbol == 'I' || symbol == 'L')
			symbol = '1';
		wanted += *wanted == '-';
		if (symbol != *wanted)
			return false;
		wanted++;
	}
	return *wanted == '\0';
}

static void
try(const char *name, const char *typed, unsigned count)
{
	char network[32];
	enum status status;

	/* Five tries from one network are all there are. */
	snprintf(network, sizeof network, "network %u", count);
	status = code_check(
		&site, CODE_RESET, name, typed, unit_attempt(network, NOW));
	assert(status == (is_right(typed) ? STATUS_OK : STATUS_BAD_CODE));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static unsigned count;
	char *typed = fuzz_text(data, size);

	if (count == 0)
		begin();
	if (count++ % TRIES == 0)
		renew();
	try("alice", typed, count);
	try(NULL, typed, count);
	mem_free(typed);
	return 0;
}

/* password.c - a password that is read is short, UTF-8, in NFC, and its flaws
 * are those of what was read */
#include "config.h"

#include "password/password.h"

#include "fuzz.h"
#include "password/policy.h"

#include <unistr.h>

static void
check_read(const struct password *password)
{
	size_t length = strlen(password->text);
	const uint8_t *text = (const uint8_t *)password->text;
	struct password again, folded;

	assert(length <= PASSWORD_BYTES && u8_check(text, length) == NULL);
	assert(password->points == u8_mbsnlen(text, length));
	assert(password_read(&again, password->text, length));
	assert(strcmp(again.text, password->text) == 0);
	assert(again.points == password->points);
	if (password_fold(password, &folded))
		assert(password_read(&again, folded.text, strlen(folded.text)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct policy policy = {8, POLICY_CLASSES, 0};
	struct password password;
	unsigned flaws;

	if (password_read(&password, (const char *)data, size))
		check_read(&password);
	else
		assert(password.text[0] == '\0' && password.points == 0);
	flaws = policy_read(&policy, (const char *)data, size, &password);
	if (flaws == 0)
		assert(password.points >= 8 && password.points <= 256);
	return 0;
}

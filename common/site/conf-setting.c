/* conf-setting.c - what a setting is by its type, and what a text may say */
#include "config.h"

#include "site/conf-setting.h"

#include "base/mem.h"
#include "base/name.h"
#include "base/sender.h"
#include "password/password.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The member, as the setting's type has it. */
static void *
member(const struct conf_setting *setting, const void *base)
{
	return (void *)((uintptr_t)base + setting->offset);
}

static int
find_word(const char *const *words, const char *text, size_t length)
{
	int i;

	for (i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == length &&
			strncmp(words[i], text, length) == 0)
			return i;
	return -1;
}

static bool
read_size(
	const struct conf_setting *setting, uint64_t *number, const char *text)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	       *number >= setting->min && *number <= setting->max;
}

static bool
read_number(const struct conf_setting *setting, unsigned long *number,
	const char *text)
{
	uint64_t size;
	bool good = read_size(setting, &size, text);

	*number = (unsigned long)size;
	return good;
}

static bool
read_flags(
	const struct conf_setting *setting, unsigned *flags, const char *text)
{
	size_t length;
	int i;

	for (*flags = 0; *text != '\0'; text += length) {
		text += strspn(text, " \t");
		length = strcspn(text, " \t");
		i = find_word(setting->words, text, length);
		if (length > 0 && i < 0)
			return false;
		if (length > 0)
			*flags |= 1U << i;
	}
	return true;
}

static bool
read_text(const struct conf_setting *setting, char **target, const char *text)
{
	mem_free(*target);
	*target = mem_copy(text);
	return setting->check == NULL || setting->check(text) == NULL;
}

bool
conf_setting_read(
	const struct conf_setting *setting, void *base, const char *text)
{
	void *target = member(setting, base);
	int word;

	switch (setting->type) {
	case CONF_TEXT:
		return read_text(setting, target, text);
	case CONF_NUMBER:
		return read_number(setting, target, text);
	case CONF_SIZE:
		return read_size(setting, target, text);
	case CONF_FLAGS:
		return read_flags(setting, target, text);
	case CONF_BOOLEAN:
		word = find_word(setting->words, text, strlen(text));
		*(bool *)target = word == 1;
		return word >= 0;
	case CONF_CHOICE:
		word = find_word(setting->words, text, strlen(text));
		*(unsigned *)target = (unsigned)word;
		return word >= 0;
	}
	return false;
}

char *
conf_setting_wanted(const struct conf_setting *setting, const char *text)
{
	char *list;
	int i;

	if (setting->type == CONF_TEXT)
		return mem_copy(setting->check(text));
	if (setting->type == CONF_NUMBER || setting->type == CONF_SIZE)
		return mem_printf("a number from %llu to %llu",
			(unsigned long long)setting->min,
			(unsigned long long)setting->max);
	list = mem_copy(setting->type == CONF_FLAGS ? "any of:" : "one of:");
	for (i = 0; setting->words[i] != NULL; i++)
		list = mem_append(list, " %s", setting->words[i]);
	return list;
}

static char *
write_flags(const struct conf_setting *setting, unsigned flags)
{
	char *text = mem_copy("");
	int i;

	for (i = 0; setting->words[i] != NULL; i++)
		if ((flags & 1U << i) != 0)
			text = mem_append(text, "%s%s",
				text[0] == '\0' ? "" : " ", setting->words[i]);
	return text;
}

char *
conf_setting_text(const struct conf_setting *setting, const void *base)
{
	const void *value = member(setting, base);

	switch (setting->type) {
	case CONF_TEXT:
		return mem_copy(*(char *const *)value);
	case CONF_NUMBER:
		return mem_printf("%lu", *(const unsigned long *)value);
	case CONF_SIZE:
		return mem_printf(
			"%llu", (unsigned long long)*(const uint64_t *)value);
	case CONF_BOOLEAN:
		return mem_copy(setting->words[*(const bool *)value ? 1 : 0]);
	case CONF_CHOICE:
		return mem_copy(setting->words[*(const unsigned *)value]);
	case CONF_FLAGS:
		return write_flags(setting, *(const unsigned *)value);
	}
	return mem_copy("");
}

void
conf_setting_free(const struct conf_setting *setting, void *base)
{
	if (setting->type == CONF_TEXT)
		mem_free(*(char **)member(setting, base));
}

/* --- what texts may say ------------------------------------------------ */

enum { ISSUER_MAX = 128 };

const char *
conf_check_path(const char *value)
{
	return value[0] == '/' ? NULL : "an absolute path";
}

const char *
conf_check_paths(const char *value)
{
	size_t length;

	for (; value[0] == '/'; value += length + 1) {
		length = strcspn(value, ":");
		if (value[length] == '\0')
			return NULL;
	}
	return "an absolute path, or several with a : between two";
}

const char *
conf_check_filter(const char *value)
{
	return value[0] == '/' || value[0] == '\0'
		       ? NULL
		       : "an absolute path, or empty";
}

const char *
conf_check_key_file(const char *value)
{
	/* The programs may read what lies beside the file. */
	return value[0] == '\0' ||
			       (value[0] == '/' && strrchr(value, '/') != value)
		       ? NULL
		       : "the absolute path of a file in a directory, or empty";
}

const char *
conf_check_store(const char *value)
{
	return strncmp(value, "bdb:", 4) == 0 && value[4] != '\0'
		       ? NULL
		       : "bdb:DIRECTORY";
}

const char *
conf_check_url(const char *value)
{
	static const char wanted[] = "http://HOST or https://HOST, with :PORT "
				     "and /PATH where needed";
	size_t scheme = strncmp(value, "http://", 7) == 0    ? 7
			: strncmp(value, "https://", 8) == 0 ? 8
							     : 0;

	if (value[0] == '\0')
		return NULL;
	if (scheme == 0 || value[scheme] == '\0' || value[scheme] == '/' ||
		strpbrk(value, " \t\"'<>\\?#@") != NULL)
		return wanted;
	return NULL;
}

/* As long as a token has room for. */
const char *
conf_check_issuer(const char *value)
{
	const char *at;

	for (at = value; *at != '\0'; at++)
		if (*at < 0x20 || *at > 0x7e)
			break;
	return at > value && at - value <= ISSUER_MAX && *at == '\0'
		       ? NULL
		       : "a name or address of up to 128 printable ASCII "
			 "characters";
}

const char *
conf_check_hash(const char *value)
{
	return password_least_cost(value) > 0
		       ? NULL
		       : "one of: $y$ $gy$ $7$ $2b$ $6$ $5$";
}

const char *
conf_check_code_form(const char *value)
{
	static const char *const forms[] = {
		"symbols", "digits:8", "digits:9", "digits:10", NULL};
	int i;

	for (i = 0; forms[i] != NULL; i++)
		if (strcmp(value, forms[i]) == 0)
			return NULL;
	/* Values that this setting had in earlier versions. */
	if (strcmp(value, "digits:6") == 0 || strcmp(value, "digits:7") == 0)
		return "long enough, since it can be guessed in time: write "
		       "code_form = digits:8";
	return "symbols, or digits:8 to digits:10";
}

const char *
conf_check_audit(const char *value)
{
	const char *last = strrchr(value, '/');

	/* A file in / would let the programs write everywhere. */
	return value[0] != '\0' && last != value &&
			       (last == NULL || last[1] != '\0')
		       ? NULL
		       : "syslog, stderr, off or a file in a directory";
}

const char *
conf_check_command(const char *value)
{
	return value[0] == '\0' || value[0] == '/'
		       ? NULL
		       : "the absolute path of a program and its arguments, or "
			 "empty";
}

const char *
conf_check_sender(const char *value)
{
	struct sender sender;

	return value[0] == '\0' || sender_read(value, &sender)
		       ? NULL
		       : "an email, or a name and <an email>";
}

const char *
conf_check_language(const char *value)
{
	return name_is_language(value) ? NULL : "a language, such as en";
}

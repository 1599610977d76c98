/* conf-setting.c - what a setting is by its type */
#include "config.h"

#include "site/conf-setting.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The member, as what the setting's type says it is. */
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

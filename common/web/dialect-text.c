/* dialect-text.c - what several dialects say in the same words */
#include "config.h"

#include "web/dialect-table.h"

#include "base/mem.h"

/* What a password has not enough of, as a list: "12 characters, one digit". */
static char *
list_flaws(const struct outcome *outcome)
{
	static const struct {
		enum policy_flaw flaw;
		const char *text;
	} words[] = {
		{POLICY_UPPER, "one uppercase letter"},
		{POLICY_LOWER, "one lowercase letter"},
		{POLICY_DIGIT, "one digit"},
		{POLICY_SPECIAL, "one special character"},
	};
	char *list = (outcome->flaws & POLICY_SHORT) != 0
			     ? mem_printf("%lu characters", outcome->policy.min)
			     : mem_copy("");
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if ((outcome->flaws & words[i].flaw) != 0)
			list = mem_append(list, "%s%s",
				list[0] == '\0' ? "" : ", ", words[i].text);
	return list;
}

char *
dialect_describe_flaws(const struct outcome *outcome, const char *subject)
{
	static const struct {
		enum policy_flaw flaw;
		const char *text;
	} guessed[] = {
		{POLICY_COMMON, "a common password"},
		{POLICY_NAME, "a name of the account or the site"},
	};
	char *list, *text;
	size_t i;

	if ((outcome->flaws & POLICY_LONG) != 0)
		return mem_printf("%s not be longer than %d characters or %zu "
				  "bytes",
			subject, PASSWORD_POINTS,
			policy_max_bytes(&outcome->policy));
	for (i = 0; i < sizeof guessed / sizeof guessed[0]; i++)
		if ((outcome->flaws & guessed[i].flaw) != 0)
			return mem_printf(
				"%s not be %s", subject, guessed[i].text);
	list = list_flaws(outcome);
	if (list[0] == '\0')
		text = mem_printf("%s not contain spaces", subject);
	else
		text = mem_printf("%s contain at least %s%s", subject, list,
			(outcome->flaws & POLICY_NOSPACE) != 0
				? " and no spaces"
				: "");
	mem_free(list);
	return text;
}

char *
dialect_password_must(const struct outcome *outcome)
{
	return dialect_describe_flaws(outcome, "Password must");
}

char *
dialect_name_missing(const struct outcome *outcome)
{
	return mem_printf("Missing required field: %s", outcome->missing);
}

struct json_object *
dialect_bare(struct json_object *data)
{
	return json_object_get(data);
}

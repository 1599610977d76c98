/* account-line.c - an account as a line of JSON, to be imported */
#include "config.h"

#include "account/account-line.h"

#include "base/json.h"
#include "base/uuid.h"
#include "password/scheme.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Why crypt(3) could not verify a password by that hash, or NULL. */
static const char *
hash_flaw(const char *hash)
{
	static char flaw[128];
	struct scheme scheme;

	if (scheme_read(hash, &scheme))
		return NULL;
	snprintf(flaw, sizeof flaw, "hash: %s", scheme_refusal(hash));
	return flaw;
}

/* What a line may have, and where it goes. */
static const struct field {
	const char *name;
	size_t offset;
	size_t size; /* of a text */
	enum type { TEXT, FLAG, NUMBER } type;
} fields[] = {
#define TEXT_AT(name, member)                                                  \
	{                                                                      \
		name, offsetof(struct account, member),                        \
			sizeof(((struct account *)NULL)->member), TEXT         \
	}
#define FLAG_AT(member)                                                        \
	{                                                                      \
#member, offsetof(struct account, member), 0, FLAG             \
	}
#define NUMBER_AT(member)                                                      \
	{                                                                      \
#member, offsetof(struct account, member), 0, NUMBER           \
	}
	TEXT_AT("id", id),
	TEXT_AT("username", username),
	TEXT_AT("email", email),
	TEXT_AT("hash", hash),
	TEXT_AT("full_name", full_name),
	TEXT_AT("name", full_name),
	TEXT_AT("language", language),
	FLAG_AT(admin),
	FLAG_AT(verified),
	FLAG_AT(enabled),
	FLAG_AT(unproved),
	NUMBER_AT(epoch),
	NUMBER_AT(created),
};

/* What it says of itself, by how it begins. */
static bool
is_type(const struct json_member *member, enum type type)
{
	switch (type) {
	case TEXT:
		return member->value[0] == '"';
	case FLAG:
		return member->value[0] == 't' || member->value[0] == 'f';
	case NUMBER:
		return strchr("-0123456789", member->value[0]) != NULL;
	}
	return false;
}

static const char *
complain(const char *name, const char *what)
{
	static char reason[256];

	snprintf(reason, sizeof reason, "%.64s: %s", name, what);
	return reason;
}

static const struct field *
find_field(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (fields[i].name[0] == name[0] &&
			strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static const char *
read_number(const struct field *field, const struct json_member *member,
	int64_t *out)
{
	int64_t least = strcmp(field->name, "epoch") == 0 ? 1 : 0;
	char text[32];
	bool good;

	snprintf(text, sizeof text, "%.*s", (int)member->value_length,
		member->value);
	good = member->value_length < sizeof text && json_integer(text, out);
	if (!good && strpbrk(text, ".eE") != NULL)
		return complain(field->name, "not an integer");
	return !good || *out < least || *out == INT64_MAX
		       ? complain(field->name, "out of range")
		       : NULL;
}

static const char *
read_member(const struct json_member *member, struct account *account)
{
	char name[64], *out = (char *)account;
	const struct field *field;

	if (!json_decode(member->name, member->name_length, name, sizeof name))
		return "a member's name is longer than any of an account";
	field = find_field(name);
	if (field == NULL)
		return complain(name, "no member of an account");
	if (member->value[0] == 'n')
		return NULL;
	if (!is_type(member, field->type))
		return complain(name, "of the wrong type");
	out += field->offset;
	if (field->type == NUMBER)
		return read_number(field, member, (int64_t *)(void *)out);
	if (field->type == FLAG)
		*(bool *)out = member->value[0] == 't';
	else if (out[0] != '\0') /* `name` and `full_name` at once, say */
		return complain(name, "a second one");
	else if (!json_decode(
			 member->value, member->value_length, out, field->size))
		return complain(name, "too long");
	return NULL;
}

static const char *
check(struct account *account)
{
	const char *flaw;

	if (account->username[0] == '\0' && account->email[0] == '\0')
		return "neither username nor email";
	flaw = account_accept_username(account);
	if (flaw != NULL)
		return complain("username", flaw);
	flaw = account_accept_email(account);
	if (flaw != NULL)
		return complain("email", flaw);
	if (account_is_admin_in_name_only(account))
		return "username: only an administrator is called that";
	if (account->language[0] != '\0' &&
		!name_is_language(account->language))
		return "language: not two or three lower-case letters";
	if (account->id[0] != '\0' && !uuid_valid(account->id))
		return "id: not a UUID in lower case";
	return account->hash[0] == '\0' ? NULL : hash_flaw(account->hash);
}

const char account_line_array[] =
	"an array, where each line is an account of its own: `jq -c '.[]' "
	"FILE` writes such lines";

/* What is wrong with a line that is no JSON object of ours: often all of a file
 * is one value, as another program has written it. */
static const char *
why_not_read(const char *text, size_t length)
{
	struct json_member members[JSON_MEMBERS];
	size_t count, blanks = 0;

	if (json_grammar_read(text, length, members, &count))
		return "a member twice";
	while (blanks < length && strchr(" \t\r", text[blanks]) != NULL)
		blanks++;
	if (blanks < length && text[blanks] == '[')
		return account_line_array;
	if (length - blanks == 1 && text[blanks] == '{')
		return "the beginning of an object, where each line is a whole "
		       "one: `jq -c . FILE` writes such lines";
	return "not a JSON object";
}

const char *
account_line_read(const char *text, size_t length, struct account *account)
{
	struct json_member members[JSON_MEMBERS];
	const char *flaw = NULL;
	size_t i, count;

	memset(account, 0, sizeof *account);
	account->enabled = true;
	account->epoch = 1;
	if (!json_read_members(text, length, members, &count))
		return why_not_read(text, length);
	for (i = 0; i < count && flaw == NULL; i++)
		flaw = read_member(&members[i], account);
	return flaw == NULL ? check(account) : flaw;
}

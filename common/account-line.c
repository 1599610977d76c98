/* account-line.c - an account as a line of JSON, to be imported */
#include "config.h"

#include "account-line.h"

#include "json.h"
#include "uuid.h"

#include <crypt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* Why crypt(3) could not verify a password by that hash, or NULL. */
static const char *
hash_flaw(const char *hash)
{
	int flaw = crypt_checksalt(hash);

	return flaw == CRYPT_SALT_INVALID || flaw == CRYPT_SALT_METHOD_DISABLED
		       ? "hash: not one that crypt(3) verifies"
		       : NULL;
}

/* What a line may have, and where it goes. */
static const struct field {
	const char *name;
	size_t offset;
	size_t size; /* of a text; 0: a flag or a number */
	enum json_type type;
} fields[] = {
#define TEXT(name, member)                                                     \
	{                                                                      \
		name, offsetof(struct account, member),                        \
			sizeof(((struct account *)NULL)->member),              \
			json_type_string                                       \
	}
#define FLAG(member)                                                           \
	{                                                                      \
#member, offsetof(struct account, member), 0,                  \
			json_type_boolean                                      \
	}
#define NUMBER(member)                                                         \
	{                                                                      \
#member, offsetof(struct account, member), 0, json_type_int    \
	}
	TEXT("id", id),
	TEXT("username", username),
	TEXT("email", email),
	TEXT("hash", hash),
	TEXT("full_name", full_name),
	TEXT("name", full_name),
	TEXT("language", language),
	FLAG(admin),
	FLAG(verified),
	FLAG(enabled),
	FLAG(unproved),
	NUMBER(epoch),
	NUMBER(created),
};

static const char *
complain(const char *name, const char *what)
{
	static char reason[160];

	snprintf(reason, sizeof reason, "%.64s: %s", name, what);
	return reason;
}

static const struct field *
find_field(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static const char *
read_text(const struct field *field, struct json_object *value, char *out)
{
	const char *text = json_object_get_string(value);

	/* `name` and `full_name` at once, say. */
	if (out[0] != '\0')
		return complain(field->name, "a second one");
	if (strlen(text) >= field->size)
		return complain(field->name, "too long");
	strcpy(out, text);
	return NULL;
}

static const char *
read_number(const struct field *field, struct json_object *value, int64_t *out)
{
	int64_t least = strcmp(field->name, "epoch") == 0 ? 1 : 0;

	*out = json_object_get_int64(value);
	/* json-c clamps what does not fit. */
	return *out < least || *out == INT64_MAX
		       ? complain(field->name, "out of range")
		       : NULL;
}

static const char *
read_member(
	const char *name, struct json_object *value, struct account *account)
{
	const struct field *field = find_field(name);
	char *out = (char *)account;

	if (field == NULL)
		return complain(name, "no member of an account");
	if (value == NULL)
		return NULL;
	if (!json_object_is_type(value, field->type))
		return complain(name, "of the wrong type");
	out += field->offset;
	if (field->type == json_type_string)
		return read_text(field, value, out);
	if (field->type == json_type_int)
		return read_number(field, value, (int64_t *)(void *)out);
	*(bool *)out = json_object_get_boolean(value);
	return NULL;
}

static const char *
check(const struct account *account)
{
	if (account->username[0] == '\0' && account->email[0] == '\0')
		return "neither username nor email";
	if (account->username[0] != '\0' &&
		!name_is_username(account->username))
		return "username: not one that an account can have";
	if (account->email[0] != '\0' && !name_is_email(account->email))
		return "email: not an address";
	if (account->language[0] != '\0' &&
		!name_is_language(account->language))
		return "language: not two or three lower-case letters";
	if (account->id[0] != '\0' && !uuid_valid(account->id))
		return "id: not a UUID in lower case";
	return account->hash[0] == '\0' ? NULL : hash_flaw(account->hash);
}

const char *
account_line_read(const char *text, size_t length, struct account *account)
{
	struct json_object *object =
		json_parse_object(text, length, NULL, NULL);
	const char *flaw = NULL;

	memset(account, 0, sizeof *account);
	account->enabled = true;
	account->epoch = 1;
	if (object == NULL)
		return "not a JSON object, or a member twice";
	json_object_object_foreach(object, name, value)
	{
		flaw = read_member(name, value, account);
		if (flaw != NULL)
			break;
	}
	json_object_put(object);
	return flaw == NULL ? check(account) : flaw;
}

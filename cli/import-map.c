/* import-map.c - what the records of other systems mean */
#include "config.h"

#include "import-map.h"

#include "base/groups.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/totp.h"
#include "base/utc.h"
#include "base/utf8.h"
#include "base/uuid.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* Takes a value for a member of the line. NULL, or what is wrong with it. */
typedef const char *map_take(
	struct mapping *mapping, struct json_object *value, const char *to);

/* From a member of the record, or one of an object in it ("a.b"), to a member
 * of the line. Of the rules for one member the first that finds something is
 * it. A table ends with a row without a name. */
struct map_rule {
	const char *from;
	map_take *take;
	const char *to;
};

struct map_format {
	const char *name;
	const struct reader_kind *reader; /* NULL: CSV or JSON */
	const void *with;
	const struct map_rule *rules; /* NULL: a record is a line's object */
	/* Whether a record is of an account; NULL: each is. */
	bool (*is_account)(const struct mapping *mapping);
	/* What no rule can say; NULL: nothing. */
	const char *(*finish)(struct mapping *mapping);
	/* Looks at each record before any is mapped; NULL: there is no need. */
	void (*gather)(struct mapping *mapping, struct json_object *record);
};

static const char *
complain(const char *name, const char *what)
{
	static char reason[160];

	snprintf(reason, sizeof reason, "%.64s: %s", name, what);
	return reason;
}

static void
leave_out(struct mapping *mapping, const char *what, const char *name)
{
	size_t length = strlen(mapping->left_out);

	snprintf(mapping->left_out + length, sizeof mapping->left_out - length,
		"%s%s%.40s", length > 0 ? ", " : "", what, name);
}

/* --- members, in a record and in a line ---------------------------------- */

/* The member of that name, in any case: attributes of a directory and the
 * headers of tables come in both. */
static struct json_object *
member(struct json_object *object, const char *name, size_t length)
{
	struct json_object_iterator at, end;

	if (!json_object_is_type(object, json_type_object))
		return NULL;
	at = json_object_iter_begin(object);
	end = json_object_iter_end(object);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *here = json_object_iter_peek_name(&at);

		if (strncasecmp(here, name, length) == 0 &&
			here[length] == '\0')
			return json_object_iter_peek_value(&at);
	}
	return NULL;
}

/* The same for a text that is JSON itself, as tables have objects. */
static struct json_object *
open_text(struct mapping *mapping, struct json_object *value)
{
	const char *text = json_object_get_string(value);
	struct json_object *object =
		json_parse_object(text, strlen(text), NULL, NULL);

	if (object != NULL)
		json_append(mapping->opened, object);
	return object;
}

static struct json_object *
find_in(struct mapping *mapping, struct json_object *object, const char *path)
{
	size_t length;

	for (;; path += length + 1) {
		if (json_object_is_type(object, json_type_string))
			object = open_text(mapping, object);
		length = strcspn(path, ".");
		object = member(object, path, length);
		if (path[length] == '\0' || object == NULL)
			return object;
	}
}

static struct json_object *
find(struct mapping *mapping, const char *path)
{
	return find_in(mapping, mapping->record, path);
}

/* The value, or the first of several. */
static struct json_object *
first(struct json_object *value)
{
	if (!json_object_is_type(value, json_type_array))
		return value;
	return json_object_array_length(value) == 0
		       ? NULL
		       : json_object_array_get_idx(value, 0);
}

/* The text of a value, "" if it is none. */
static const char *
text_of(struct json_object *value)
{
	value = first(value);
	return json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : "";
}

static const char *
text_at(struct mapping *mapping, const char *path)
{
	return text_of(find(mapping, path));
}

static bool
has(const struct mapping *mapping, const char *name)
{
	return json_object_object_get_ex(mapping->line, name, NULL);
}

static const char *
text_in_line(const struct mapping *mapping, const char *name)
{
	const char *text = json_string(mapping->line, name);

	return text == NULL ? "" : text;
}

static void
disable(struct mapping *mapping)
{
	json_add_bool(mapping->line, "enabled", false);
}

/* What is known of that kind under that key; NULL: nothing. */
static struct json_object *
known(const struct mapping *mapping, const char *kind, const char *key)
{
	struct json_object *all, *value = NULL;

	if (json_object_object_get_ex(mapping->known, kind, &all))
		json_object_object_get_ex(all, key, &value);
	return value;
}

/* Has it be known, instead of anything before. */
static void
learn(struct mapping *mapping, const char *kind, const char *key,
	struct json_object *value)
{
	struct json_object *all;

	if (!json_object_object_get_ex(mapping->known, kind, &all)) {
		all = json_new_object();
		json_add(mapping->known, kind, all);
	}
	json_add(all, key, value);
}

/* --- texts ---------------------------------------------------------------- */

static const char *
take_text(struct mapping *mapping, struct json_object *value, const char *to)
{
	value = first(value);
	if (value == NULL)
		return NULL;
	if (!json_object_is_type(value, json_type_string))
		return complain(to, "not a text of UTF-8 without NULs");
	if (json_object_get_string_len(value) > 0)
		json_add(mapping->line, to, json_object_get(value));
	return NULL;
}

/* An id that is no UUID stays behind, and one is drawn. */
static const char *
take_id(struct mapping *mapping, struct json_object *value, const char *to)
{
	char id[UUID_SIZE];

	snprintf(id, sizeof id, "%s", text_of(value));
	utf8_lower_ascii(id);
	if (strlen(text_of(value)) < sizeof id && uuid_valid(id))
		json_add_string(mapping->line, to, id);
	return NULL;
}

/* Of de-AT, en_US or "fr, en" the first language. */
static const char *
take_language(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	const char *text = text_of(value);
	char language[NAME_LANGUAGE_SIZE];
	size_t length = strcspn(text, "-_,;. ");

	if (length >= sizeof language)
		return NULL;
	memcpy(language, text, length);
	language[length] = '\0';
	utf8_lower_ascii(language);
	if (name_is_language(language))
		json_add_string(mapping->line, to, language);
	return NULL;
}

/* The two members of a record with a blank between them, as the full name. */
static void
join_names(struct mapping *mapping, const char *given, const char *family)
{
	const char *one = text_at(mapping, given);
	const char *other = text_at(mapping, family);
	char *both;

	if (one[0] == '\0' && other[0] == '\0')
		return;
	both = mem_printf("%s%s%s", one,
		one[0] != '\0' && other[0] != '\0' ? " " : "", other);
	json_add_string(mapping->line, "full_name", both);
	mem_free(both);
}

/* --- flags ---------------------------------------------------------------- */

/* 1 and 0; -1 for what says neither. Nothing says no. */
static int
flag_of(struct json_object *value)
{
	static const char *const yes[] = {"true", "t", "yes", "y", "1", "on"};
	static const char *const no[] = {
		"false", "f", "no", "n", "0", "off", ""};
	const char *text;
	size_t i;

	value = first(value);
	if (value == NULL)
		return 0;
	text = json_object_get_string(value);
	for (i = 0; i < sizeof yes / sizeof yes[0]; i++)
		if (strcasecmp(text, yes[i]) == 0)
			return 1;
	for (i = 0; i < sizeof no / sizeof no[0]; i++)
		if (strcasecmp(text, no[i]) == 0)
			return 0;
	return -1;
}

static const char *
take_flag(struct mapping *mapping, struct json_object *value, const char *to)
{
	int flag = flag_of(value);

	if (flag < 0)
		return complain(to, "neither true nor false");
	if (flag == 1)
		json_add_bool(mapping->line, to, true);
	return NULL;
}

/* Whether there is something: a time at which an address was proved. */
static const char *
take_presence(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	if (text_of(value)[0] != '\0')
		json_add_bool(mapping->line, to, true);
	return NULL;
}

static bool
is_empty(struct json_object *value)
{
	value = first(value);
	return value == NULL || json_object_get_string(value)[0] == '\0';
}

/* Each of these can disable an account; none enables it. */
static const char *
take_enabled(struct mapping *mapping, struct json_object *value, const char *to)
{
	int flag = flag_of(value);

	if (flag < 0)
		return complain(to, "neither true nor false");
	if (flag == 0 && !is_empty(value))
		disable(mapping);
	return NULL;
}

static const char *
take_disabled(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	int flag = flag_of(value);

	if (flag < 0)
		return complain(to, "neither true nor false");
	if (flag == 1)
		disable(mapping);
	return NULL;
}

/* A time that cannot be read is one. */
static const char *
take_lock_time(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	(void)to;
	if (!is_empty(value))
		disable(mapping);
	return NULL;
}

/* --- times ---------------------------------------------------------------- */

/* Reads 2026-11-30T09:05:00.25+01:00, with a blank for the T as databases write
 * it and a shorter zone, or 20261130090500Z as directories do. */
static bool
read_time(const char *text, int64_t *seconds)
{
	unsigned year, month, day, hour, minute, second, zone = 0, rest = 0;
	char plain[UTC_SIZE], sign;
	int end = 0;

	if (sscanf(text, "%4u-%2u-%2u%*1[T ]%2u:%2u:%2u%n", &year, &month, &day,
		    &hour, &minute, &second, &end) != 6 &&
		sscanf(text, "%4u%2u%2u%2u%2u%2u%n", &year, &month, &day, &hour,
			&minute, &second, &end) != 6)
		return false;
	snprintf(plain, sizeof plain, "%04u-%02u-%02uT%02u:%02u:%02uZ", year,
		month, day, hour, minute, second);
	text += end;
	text += strspn(text, ".0123456789");
	if (sscanf(text, "%c%2u:%2u", &sign, &zone, &rest) < 2)
		zone = rest = 0;
	else if (sign == '-')
		return utc_read(plain, seconds) &&
		       (*seconds += zone * 3600 + rest * 60) >= 0;
	return utc_read(plain, seconds) &&
	       (*seconds -= zone * 3600 + rest * 60) >= 0;
}

/* When an account was made; a time that cannot be read stays behind. */
static const char *
take_time(struct mapping *mapping, struct json_object *value, const char *to)
{
	const char *text = text_of(value);
	int64_t seconds;

	if (read_time(text, &seconds) ||
		(text[0] != '\0' && json_integer(text, &seconds)))
		json_add_int(mapping->line, to, seconds);
	return NULL;
}

static const char *
take_milliseconds(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	int64_t time = json_object_get_int64(value);

	if (json_object_is_type(value, json_type_int) && time >= 0)
		json_add_int(mapping->line, to, time / 1000);
	return NULL;
}

/* Good until then; what cannot be read is over. */
static const char *
take_expiry(struct mapping *mapping, struct json_object *value, const char *to)
{
	int64_t end;

	(void)to;
	if (!is_empty(value) &&
		(!read_time(text_of(value), &end) || end <= mapping->now))
		disable(mapping);
	return NULL;
}

/* Banned until then; what cannot be read, such as "infinity", is no end. */
static const char *
take_ban(struct mapping *mapping, struct json_object *value, const char *to)
{
	const char *text = text_of(value);
	int64_t end;

	(void)to;
	if (text[0] != '\0' && (!read_time(text, &end) || end > mapping->now))
		disable(mapping);
	return NULL;
}

/* --- hashes --------------------------------------------------------------- */

/* As passwd(1) and usermod(8) lock: an ! before the hash, or nothing that could
 * be one. */
static const char *
take_lockable(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	const char *text = text_of(value);

	if (text[0] != '!' && text[0] != '*')
		return take_text(mapping, value, to);
	disable(mapping);
	text += strspn(text, "!");
	if (text[0] != '\0' && text[0] != '*')
		json_add_string(mapping->line, to, text);
	return NULL;
}

/* A column of that name often has passwords as they are. */
static const char *
take_password(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	if (text_of(value)[0] != '\0' &&
		strpbrk(text_of(value), "${!*") == NULL)
		return "password: no hash that names its scheme";
	return take_lockable(mapping, value, to);
}

/* userPassword: {SCHEME}hash, where {CRYPT} may be locked as above. */
static const char *
take_ldap_hash(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	static const char crypt[] = "{CRYPT}";
	const char *text = text_of(value), *inner = text + strlen(crypt);
	struct json_object *lockable;

	if (json_object_is_type(value, json_type_array) &&
		json_object_array_length(value) > 1)
		leave_out(mapping, "all passwords but the first", "");
	if (text[0] != '{' && text[0] != '\0')
		return "userPassword: in the clear";
	if (strncasecmp(text, crypt, strlen(crypt)) != 0 ||
		(*inner != '!' && *inner != '*'))
		return take_text(mapping, value, to);
	lockable = reader_text(inner, strlen(inner));
	take_lockable(mapping, lockable, to);
	json_object_put(lockable);
	return NULL;
}

/* An ! is Django's word for no password, and says nothing of the account. */
static const char *
take_django_hash(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	return text_of(value)[0] == '!' ? NULL : take_text(mapping, value, to);
}

/* --- groups --------------------------------------------------------------- */

/* Adds a group, whose name becomes a word: in lower case, and a - for blanks
 * and slashes. */
static void
add_group(struct mapping *mapping, const char *name)
{
	char word[GROUP_SIZE], groups[GROUPS_SIZE] = "";
	struct json_object *array;
	size_t i;

	name += strspn(name, "/");
	snprintf(word, sizeof word, "%s", name);
	utf8_lower_ascii(word);
	for (i = 0; word[i] != '\0'; i++)
		if (word[i] == ' ' || word[i] == '/')
			word[i] = '-';
	if (json_object_object_get_ex(mapping->line, "groups", &array))
		groups_read(array, groups);
	if (strlen(name) >= sizeof word || !groups_add(groups, word))
		leave_out(mapping, "the group ", name);
	else
		json_add(mapping->line, "groups", groups_array(groups));
}

/* An array of names, or one text with commas, semicolons or blanks between
 * them. */
static const char *
take_groups(struct mapping *mapping, struct json_object *value, const char *to)
{
	size_t i;
	char *text, *rest, *name;

	(void)to;
	if (json_object_is_type(value, json_type_array)) {
		for (i = 0; i < json_object_array_length(value); i++)
			add_group(mapping,
				text_of(json_object_array_get_idx(value, i)));
		return NULL;
	}
	text = rest = mem_copy(text_of(value));
	while ((name = strsep(&rest, ",; ")) != NULL)
		if (name[0] != '\0')
			add_group(mapping, name);
	mem_free(text);
	return NULL;
}

/* Adds the group of a distinguished name: cn=admins,ou=groups,... */
static const char *
take_group_dns(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	size_t i, count = json_object_is_type(value, json_type_array)
				  ? json_object_array_length(value)
				  : 0;

	(void)to;
	for (i = 0; i < count; i++) {
		const char *dn = text_of(json_object_array_get_idx(value, i));
		const char *begin = dn + strcspn(dn, "=");
		char *name = mem_printf("%.*s",
			(int)strcspn(begin + (*begin == '='), ","),
			begin + (*begin == '='));

		add_group(mapping, name);
		mem_free(name);
	}
	return NULL;
}

/* --- second factors ------------------------------------------------------- */

/* Gives the line the secret, if it is one that an account can have here. */
static void
give_totp(struct mapping *mapping, bool good, struct totp_secret *secret)
{
	char text[TOTP_BASE32_SIZE];

	if (good && secret->length >= TOTP_SECRET_MIN) {
		totp_write(secret, text);
		json_add_string(mapping->line, "totp", text);
		sodium_memzero(text, sizeof text);
	} else {
		leave_out(mapping, "a second factor of another kind", "");
	}
	sodium_memzero(secret, sizeof *secret);
}

static bool
is_number(struct json_object *value, int64_t wanted)
{
	return json_object_is_type(value, json_type_int) &&
	       json_object_get_int64(value) == wanted;
}

/* --- /etc/shadow ---------------------------------------------------------- */

enum { DAY = 86400, UID_FIRST = 1000, UID_LAST = 59999 };

static const char *const shadow_names[] = {"name", "hash", "changed", "least",
	"most", "warn", "inactive", "expires", NULL};
const char *const map_passwd_names[] = {
	"name", "hash", "uid", "gid", "gecos", "home", NULL};

/* A number of days; -1 for none. */
static int64_t
days_at(struct mapping *mapping, const char *name)
{
	const char *text = text_at(mapping, name);
	int64_t days;

	return text[0] != '\0' && json_integer(text, &days) && days >= 0 ? days
									 : -1;
}

/* What shadow(5) says of passwords and accounts that are out of date. */
static void
apply_days(struct mapping *mapping, const char *changed_name,
	const char *most_name, const char *inactive_name,
	const char *expires_name)
{
	int64_t today = mapping->now / DAY;
	int64_t changed = days_at(mapping, changed_name);
	int64_t most = days_at(mapping, most_name);
	int64_t inactive = days_at(mapping, inactive_name);
	int64_t expires = days_at(mapping, expires_name);
	bool old = changed > 0 && most >= 0 && today - changed > most;

	if (changed == 0 || old)
		json_add_bool(mapping->line, "must_change", true);
	if ((expires >= 0 && today >= expires) ||
		(old && inactive >= 0 && today - changed - most > inactive))
		disable(mapping);
}

static bool
is_persons_uid(struct json_object *passwd)
{
	int64_t uid;

	return json_integer(text_of(member(passwd, "uid", 3)), &uid) &&
	       uid >= UID_FIRST && uid <= UID_LAST;
}

/* Without passwd(5), an account that never had a password is the system's. */
static bool
is_unix_account(const struct mapping *mapping)
{
	const char *name = text_of(member(mapping->record, "name", 4));
	const char *hash = text_of(member(mapping->record, "hash", 4));
	struct json_object *passwd = known(mapping, "passwd", name);

	if (name[0] == '+' || name[0] == '-')
		return false;
	if (passwd != NULL)
		return is_persons_uid(passwd);
	hash += strspn(hash, "!");
	return json_object_object_length(mapping->known) > 0 ||
	       (hash[0] != '\0' && hash[0] != '*' && strcmp(hash, "x") != 0);
}

static const char *
finish_shadow(struct mapping *mapping)
{
	struct json_object *passwd =
		known(mapping, "passwd", text_in_line(mapping, "username"));
	const char *gecos = text_of(member(passwd, "gecos", 5));
	char *name;

	if (passwd == NULL && json_object_object_length(mapping->known) > 0)
		return "not in the file of --passwd";
	name = mem_printf("%.*s", (int)strcspn(gecos, ","), gecos);
	if (name[0] != '\0')
		json_add_string(mapping->line, "full_name", name);
	mem_free(name);
	apply_days(mapping, "changed", "most", "inactive", "expires");
	return NULL;
}

static const struct map_rule shadow_rules[] = {
	{"name", take_text, "username"},
	{"hash", take_lockable, "hash"},
	{NULL, NULL, NULL},
};

/* --- htpasswd ------------------------------------------------------------- */

static const char *const htpasswd_names[] = {"name", "hash", NULL};

static const struct map_rule htpasswd_rules[] = {
	{"name", take_text, "username"},
	{"hash", take_lockable, "hash"},
	{NULL, NULL, NULL},
};

/* --- LDIF ----------------------------------------------------------------- */

/* Active Directory's flags: a number of bits, of which this one says so. */
static const char *
take_control(struct mapping *mapping, struct json_object *value, const char *to)
{
	enum { DISABLED = 2 };
	int64_t flags;

	if (!json_integer(text_of(value), &flags))
		return complain(to, "userAccountControl is no number");
	if ((flags & DISABLED) != 0)
		disable(mapping);
	return NULL;
}

/* Active Directory's times: tenths of microseconds since 1601; 0 and the
 * largest number are never. */
static const char *
take_filetime(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	int64_t time;

	if (!json_integer(text_of(value), &time))
		return complain(to, "accountExpires is no number");
	if (time != 0 && time / 10000000 - INT64_C(11644473600) <= mapping->now)
		disable(mapping);
	return NULL;
}

/* Samba's: [DU         ], where D is disabled and L locked. */
static const char *
take_samba_flags(
	struct mapping *mapping, struct json_object *value, const char *to)
{
	(void)to;
	if (strpbrk(text_of(value), "DL") != NULL)
		disable(mapping);
	return NULL;
}

static const struct map_rule ldif_rules[] = {
	{"uid", take_text, "username"},
	{"sAMAccountName", take_text, "username"},
	{"mail", take_text, "email"},
	{"userPassword", take_ldap_hash, "hash"},
	{"displayName", take_text, "full_name"},
	{"cn", take_text, "full_name"},
	{"preferredLanguage", take_language, "language"},
	{"pwdAccountLockedTime", take_lock_time, "enabled"},
	{"pwdEndTime", take_expiry, "enabled"},
	{"nsAccountLock", take_disabled, "enabled"},
	{"ds-pwp-account-disabled", take_disabled, "enabled"},
	{"loginDisabled", take_disabled, "enabled"},
	{"krbPrincipalExpiration", take_expiry, "enabled"},
	{"sambaAcctFlags", take_samba_flags, "enabled"},
	{"userAccountControl", take_control, "enabled"},
	{"accountExpires", take_filetime, "enabled"},
	{"pwdReset", take_flag, "must_change"},
	{"entryUUID", take_id, "id"},
	{"createTimestamp", take_time, "created"},
	{NULL, NULL, NULL},
};

/* Whether one of the values is one of the words. */
static bool
any_of(struct json_object *values, const char *const words[])
{
	size_t i, j,
		count = json_object_is_type(values, json_type_array)
				? json_object_array_length(values)
				: 0;

	for (i = 0; i < count; i++)
		for (j = 0; words[j] != NULL; j++)
			if (strcasecmp(json_string_at(values, i), words[j]) ==
				0)
				return true;
	return false;
}

static bool
is_ldif_account(const struct mapping *mapping)
{
	static const char *const classes[] = {"person", "organizationalPerson",
		"inetOrgPerson", "posixAccount", "account", "user", NULL};
	struct json_object *class = member(mapping->record, "objectClass", 11);

	/* ldapsearch writes the attributes that it was asked for. */
	return class != NULL
		       ? any_of(class, classes)
		       : member(mapping->record, "uid", 3) != NULL ||
				 member(mapping->record, "mail", 4) != NULL;
}

/* Adds the name of a group to those that are known of each of its members. */
static void
learn_members(struct mapping *mapping, struct json_object *members,
	const char *kind, const char *group)
{
	size_t i, count = json_object_is_type(members, json_type_array)
				  ? json_object_array_length(members)
				  : 0;

	for (i = 0; i < count; i++) {
		char *key = mem_copy(json_string_at(members, i));
		struct json_object *groups;

		utf8_lower_ascii(key);
		groups = known(mapping, kind, key);
		if (groups == NULL) {
			groups = json_new_array();
			learn(mapping, kind, key, groups);
		}
		json_append(groups, json_object_new_string(group));
		mem_free(key);
	}
}

static void
gather_ldif(struct mapping *mapping, struct json_object *record)
{
	const char *group = text_of(member(record, "cn", 2));

	if (group[0] == '\0')
		return;
	learn_members(mapping, member(record, "memberUid", 9), "uid", group);
	learn_members(mapping, member(record, "member", 6), "dn", group);
	learn_members(mapping, member(record, "uniqueMember", 12), "dn", group);
}

static void
add_known_groups(struct mapping *mapping, const char *kind, const char *name)
{
	char *key = mem_copy(name);

	utf8_lower_ascii(key);
	take_groups(mapping, known(mapping, kind, key), "groups");
	mem_free(key);
}

static const char *
finish_ldif(struct mapping *mapping)
{
	take_group_dns(mapping, find(mapping, "memberOf"), "groups");
	add_known_groups(mapping, "uid", text_at(mapping, "uid"));
	add_known_groups(mapping, "dn", text_at(mapping, "dn"));
	apply_days(mapping, "shadowLastChange", "shadowMax", "shadowInactive",
		"shadowExpire");
	return NULL;
}

/* --- Keycloak ------------------------------------------------------------- */

static const struct map_rule keycloak_rules[] = {
	{"id", take_id, "id"},
	{"username", take_text, "username"},
	{"email", take_text, "email"},
	{"emailVerified", take_flag, "verified"},
	{"enabled", take_enabled, "enabled"},
	{"createdTimestamp", take_milliseconds, "created"},
	{"attributes.locale", take_language, "language"},
	{"groups", take_groups, "groups"},
	{NULL, NULL, NULL},
};

static bool
is_keycloak_account(const struct mapping *mapping)
{
	return text_of(member(mapping->record, "serviceAccountClientId",
		       22))[0] == '\0';
}

/* Keycloak's secret is a text whose bytes are the key. Where it was brought
 * along from elsewhere, the text is base32, and says so. */
static bool
read_keycloak_otp(struct mapping *mapping, struct json_object *credential,
	struct totp_secret *secret)
{
	struct json_object *how =
		find_in(mapping, credential, "credentialData");
	const char *text =
		text_of(find_in(mapping, credential, "secretData.value"));

	memset(secret, 0, sizeof *secret);
	how = json_object_is_type(how, json_type_string)
		      ? open_text(mapping, how)
		      : how;
	if (strcmp(text_of(member(how, "subType", 7)), "totp") != 0 ||
		strcmp(text_of(member(how, "algorithm", 9)), "HmacSHA1") != 0 ||
		!is_number(member(how, "digits", 6), TOTP_DIGITS) ||
		!is_number(member(how, "period", 6), TOTP_SECONDS))
		return false;
	if (strcasecmp(text_of(member(how, "secretEncoding", 14)), "BASE32") ==
		0)
		return totp_read(text, secret);
	if (strlen(text) > TOTP_SECRET_MAX)
		return false;
	secret->length = strlen(text);
	memcpy(secret->bytes, text, secret->length);
	return true;
}

/* The hash of a password is all of its credential's text. */
static void
take_credential(struct mapping *mapping, struct json_object *credential)
{
	const char *type = text_of(member(credential, "type", 4));
	struct totp_secret secret;
	size_t length;
	bool good;

	if (strcmp(type, "password") == 0 && !has(mapping, "hash"))
		json_add_string(
			mapping->line, "hash", json_text(credential, &length));
	if ((strcmp(type, "otp") == 0 || strcmp(type, "totp") == 0) &&
		!has(mapping, "totp")) {
		good = read_keycloak_otp(mapping, credential, &secret);
		give_totp(mapping, good, &secret);
	}
	if (strncmp(type, "webauthn", 8) == 0)
		leave_out(mapping, "a passkey", "");
}

static const char *
finish_keycloak(struct mapping *mapping)
{
	static const char *const change[] = {"UPDATE_PASSWORD", NULL};
	struct json_object *all = find(mapping, "credentials");
	size_t i, count = json_object_is_type(all, json_type_array)
				  ? json_object_array_length(all)
				  : 0;

	join_names(mapping, "firstName", "lastName");
	if (any_of(find(mapping, "requiredActions"), change))
		json_add_bool(mapping->line, "must_change", true);
	for (i = 0; i < count; i++)
		take_credential(mapping, json_object_array_get_idx(all, i));
	return NULL;
}

/* --- Supabase Auth -------------------------------------------------------- */

/* Its raw_user_meta_data is what users say of themselves, and gives no
 * groups. */
static const struct map_rule supabase_rules[] = {
	{"id", take_id, "id"},
	{"email", take_text, "email"},
	{"encrypted_password", take_text, "hash"},
	{"email_confirmed_at", take_presence, "verified"},
	{"banned_until", take_ban, "enabled"},
	{"created_at", take_time, "created"},
	{"raw_user_meta_data.full_name", take_text, "full_name"},
	{"raw_user_meta_data.name", take_text, "full_name"},
	{NULL, NULL, NULL},
};

static bool
is_supabase_account(const struct mapping *mapping)
{
	return flag_of(member(mapping->record, "is_anonymous", 12)) != 1 &&
	       text_of(member(mapping->record, "deleted_at", 10))[0] == '\0';
}

/* --- PocketBase ----------------------------------------------------------- */

/* Before 0.23 the hash was called passwordHash. */
static const struct map_rule pocketbase_rules[] = {
	{"username", take_text, "username"},
	{"email", take_text, "email"},
	{"passwordHash", take_text, "hash"},
	{"password", take_text, "hash"},
	{"verified", take_flag, "verified"},
	{"name", take_text, "full_name"},
	{"created", take_time, "created"},
	{NULL, NULL, NULL},
};

/* --- Authelia ------------------------------------------------------------- */

static const struct map_rule authelia_rules[] = {
	{"name", take_text, "username"},
	{"email", take_text, "email"},
	{"password", take_lockable, "hash"},
	{"displayname", take_text, "full_name"},
	{"locale", take_language, "language"},
	{"groups", take_groups, "groups"},
	{"disabled", take_disabled, "enabled"},
	{NULL, NULL, NULL},
};

/* --- Django --------------------------------------------------------------- */

static const struct map_rule django_rules[] = {
	{"fields.username", take_text, "username"},
	{"fields.email", take_text, "email"},
	{"fields.password", take_django_hash, "hash"},
	{"fields.is_active", take_enabled, "enabled"},
	{"fields.date_joined", take_time, "created"},
	{NULL, NULL, NULL},
};

static bool
is_django_account(const struct mapping *mapping)
{
	struct json_object *fields = member(mapping->record, "fields", 6);

	/* last_login is there, too, of a user who has never signed in: null. */
	return member(fields, "password", 8) != NULL &&
	       json_object_object_get_ex(fields, "last_login", NULL);
}

/* Groups by their keys, and apps by the keys of their users. */
static void
gather_django(struct mapping *mapping, struct json_object *record)
{
	const char *model = text_of(member(record, "model", 5));
	struct json_object *fields = member(record, "fields", 6);
	struct json_object *key = strcmp(model, "auth.group") == 0
					  ? member(record, "pk", 2)
					  : member(fields, "user", 4);
	const char *kind = strcmp(model, "auth.group") == 0 ? "group" : "totp";

	if ((strcmp(kind, "group") == 0 ||
		    (strcmp(model, "otp_totp.totpdevice") == 0 &&
			    flag_of(member(fields, "confirmed", 9)) == 1)) &&
		fields != NULL)
		learn(mapping, kind,
			json_object_to_json_string_ext(
				key, JSON_C_TO_STRING_PLAIN),
			json_object_get(fields));
}

/* A group's key is a number, or its name in an array (--natural-foreign). */
static void
add_django_groups(struct mapping *mapping)
{
	struct json_object *all = find(mapping, "fields.groups");
	size_t i, count = json_object_is_type(all, json_type_array)
				  ? json_object_array_length(all)
				  : 0;

	for (i = 0; i < count; i++) {
		struct json_object *key = json_object_array_get_idx(all, i);
		struct json_object *group = known(mapping, "group",
			json_object_to_json_string_ext(
				key, JSON_C_TO_STRING_PLAIN));
		const char *name = text_of(member(group, "name", 4));

		if (name[0] == '\0')
			name = text_of(key);
		if (name[0] != '\0')
			add_group(mapping, name);
		else
			leave_out(
				mapping, "a group that is not in the file", "");
	}
}

/* The app of the account with that key, or that name (--natural-foreign). */
static struct json_object *
django_app(struct mapping *mapping)
{
	struct json_object *name = json_new_array(), *app, *key;

	key = member(mapping->record, "pk", 2);
	app = key == NULL ? NULL
			  : known(mapping, "totp",
				    json_object_to_json_string_ext(
					    key, JSON_C_TO_STRING_PLAIN));
	json_append(name,
		json_object_new_string(text_at(mapping, "fields.username")));
	if (app == NULL)
		app = known(mapping, "totp",
			json_object_to_json_string_ext(
				name, JSON_C_TO_STRING_PLAIN));
	json_object_put(name);
	return app;
}

static const char *
finish_django(struct mapping *mapping)
{
	struct json_object *app = django_app(mapping);
	const char *hex = text_of(member(app, "key", 3));
	struct totp_secret secret = {.length = 0};
	bool good;

	join_names(mapping, "fields.first_name", "fields.last_name");
	add_django_groups(mapping);
	if (app == NULL)
		return NULL;
	good = is_number(member(app, "digits", 6), TOTP_DIGITS) &&
	       is_number(member(app, "step", 4), TOTP_SECONDS) &&
	       is_number(member(app, "t0", 2), 0) &&
	       sodium_hex2bin(secret.bytes, sizeof secret.bytes, hex,
		       strlen(hex), NULL, &secret.length, NULL) == 0;
	give_totp(mapping, good, &secret);
	return NULL;
}

/* --- a table -------------------------------------------------------------- */

static const char *
take_names(struct mapping *mapping, struct json_object *value, const char *to)
{
	(void)value;
	(void)to;
	join_names(mapping, "first_name", "last_name");
	return NULL;
}

/* Besides the plain words, those of WordPress and ASP.NET Identity. */
static const struct map_rule csv_rules[] = {
	{"id", take_id, "id"},
	{"username", take_text, "username"},
	{"user_name", take_text, "username"},
	{"user", take_text, "username"},
	{"login", take_text, "username"},
	{"user_login", take_text, "username"},
	{"email", take_text, "email"},
	{"e-mail", take_text, "email"},
	{"mail", take_text, "email"},
	{"user_email", take_text, "email"},
	{"hash", take_lockable, "hash"},
	{"password_hash", take_lockable, "hash"},
	{"PasswordHash", take_lockable, "hash"},
	{"user_pass", take_lockable, "hash"},
	{"password", take_password, "hash"},
	{"full_name", take_text, "full_name"},
	{"display_name", take_text, "full_name"},
	{"displayname", take_text, "full_name"},
	{"name", take_text, "full_name"},
	{"first_name", take_names, "full_name"},
	{"last_name", take_names, "full_name"},
	{"language", take_language, "language"},
	{"locale", take_language, "language"},
	{"groups", take_groups, "groups"},
	{"admin", take_flag, "admin"},
	{"verified", take_flag, "verified"},
	{"email_verified", take_flag, "verified"},
	{"EmailConfirmed", take_flag, "verified"},
	{"enabled", take_enabled, "enabled"},
	{"active", take_enabled, "enabled"},
	{"is_active", take_enabled, "enabled"},
	{"is_enabled", take_enabled, "enabled"},
	{"disabled", take_disabled, "enabled"},
	{"is_disabled", take_disabled, "enabled"},
	{"locked", take_disabled, "enabled"},
	{"is_locked", take_disabled, "enabled"},
	{"blocked", take_disabled, "enabled"},
	{"banned", take_disabled, "enabled"},
	{"suspended", take_disabled, "enabled"},
	{"deleted", take_disabled, "enabled"},
	{"spam", take_disabled, "enabled"},
	{"user_status", take_disabled, "enabled"},
	{"LockoutEnd", take_ban, "enabled"},
	{"must_change", take_flag, "must_change"},
	{"created", take_time, "created"},
	{"created_at", take_time, "created"},
	{"user_registered", take_time, "created"},
	{"totp", take_text, "totp"},
	{NULL, NULL, NULL},
};

/* --- all of them ---------------------------------------------------------- */

static const struct map_format formats[] = {
	{"shadow", &reader_colons, shadow_names, shadow_rules, is_unix_account,
		finish_shadow, NULL},
	{"htpasswd", &reader_colons, htpasswd_names, htpasswd_rules, NULL, NULL,
		NULL},
	{"ldif", &reader_ldif, NULL, ldif_rules, is_ldif_account, finish_ldif,
		gather_ldif},
	{"keycloak", &reader_json, "users", keycloak_rules, is_keycloak_account,
		finish_keycloak, NULL},
	{"supabase", NULL, NULL, supabase_rules, is_supabase_account, NULL,
		NULL},
	{"pocketbase", NULL, NULL, pocketbase_rules, NULL, NULL, NULL},
	{"authelia", &reader_yaml, NULL, authelia_rules, NULL, NULL, NULL},
	{"django", &reader_json, NULL, django_rules, is_django_account,
		finish_django, gather_django},
	{"csv", &reader_csv, NULL, csv_rules, NULL, NULL, NULL},
	{"json", &reader_json, NULL, NULL, NULL, NULL, NULL},
};
enum { FORMATS = sizeof formats / sizeof formats[0] };

const struct map_format *
map_find(const char *name)
{
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	return NULL;
}

const char *
map_name(const struct map_format *format)
{
	return format->name;
}

const void *
map_with(const struct map_format *format)
{
	return format->with;
}

bool
map_gathers(const struct map_format *format)
{
	return format->gather != NULL;
}

void
map_gather(struct mapping *mapping, struct json_object *record)
{
	mapping->format->gather(mapping, record);
}

bool
map_takes_passwd(const struct map_format *format)
{
	return format->finish == finish_shadow;
}

void
map_passwd(struct mapping *mapping, struct json_object *record)
{
	learn(mapping, "passwd", text_of(member(record, "name", 4)),
		json_object_get(record));
}

/* --- which it is, by how the file begins ---------------------------------- */

/* What stands at the beginning of a file, after its READ_MARK. */
struct beginning {
	const char *at, *end;
};

static void
skip_blanks(struct beginning *file)
{
	while (file->at < file->end && memchr(" \t\r\n", *file->at, 4) != NULL)
		file->at++;
}

static struct beginning
begin(const char *text, size_t length)
{
	struct beginning file = {text, text + length};
	size_t mark = sizeof READ_MARK - 1;

	if (length >= mark && memcmp(text, READ_MARK, mark) == 0)
		file.at += mark;
	skip_blanks(&file);
	return file;
}

static bool
begins_with(struct beginning file, const char *word)
{
	return (size_t)(file.end - file.at) >= strlen(word) &&
	       strncasecmp(file.at, word, strlen(word)) == 0;
}

/* Whether a member of JSON has that name. */
static bool
has_member(struct beginning file, const char *name)
{
	char *quoted = mem_printf("\"%s\"", name);
	size_t length = strlen(quoted);
	const char *at = file.at;
	bool found = false;

	while (!found && (at = memmem(at, (size_t)(file.end - at), quoted,
				  length)) != NULL) {
		struct beginning after = {at + length, file.end};

		skip_blanks(&after);
		found = at[-1] != '\\' && begins_with(after, ":");
		at += length;
	}
	mem_free(quoted);
	return found;
}

static const char *
detect_json(struct beginning file)
{
	struct beginning inside = {file.at + 1, file.end};

	if (has_member(file, "model") && has_member(file, "fields"))
		return "django";
	if (has_member(file, "encrypted_password"))
		return "supabase";
	if (has_member(file, "tokenKey"))
		return "pocketbase";
	if (has_member(file, "realm"))
		return "keycloak";
	if (*file.at == '[')
		return "json";
	while (inside.at < inside.end &&
		(*inside.at == ' ' || *inside.at == '\t' || *inside.at == '\r'))
		inside.at++;
	/* An object over several lines. */
	return inside.at < inside.end && *inside.at == '\n' ? "json" : NULL;
}

/* The first line that is no comment. */
static struct beginning
first_line(struct beginning file)
{
	const char *end = memchr(file.at, '\n', (size_t)(file.end - file.at));

	while (end != NULL && *file.at == '#') {
		file.at = end + 1;
		skip_blanks(&file);
		end = memchr(file.at, '\n', (size_t)(file.end - file.at));
	}
	if (end != NULL)
		file.end = end;
	return file;
}

static int
count(struct beginning line, const char *bytes)
{
	int found = 0;

	for (; line.at < line.end; line.at++)
		found += strchr(bytes, *line.at) != NULL && *line.at != '\0';
	return found;
}

static bool
has_word(struct beginning line, const char *word)
{
	for (; line.at < line.end; line.at++)
		if (begins_with(line, word))
			return true;
	return false;
}

static const char *
detect_line(struct beginning line)
{
	int colons = count(line, ":");

	if (begins_with(line, "dn:") || begins_with(line, "version:"))
		return "ldif";
	if (begins_with(line, "---") || begins_with(line, "users:"))
		return "authelia";
	if (count(line, ",;\t") > 0 && colons == 0) {
		if (has_word(line, "encrypted_password"))
			return "supabase";
		return has_word(line, "tokenKey") ? "pocketbase" : "csv";
	}
	if (colons == 8)
		return "shadow";
	return colons > 0 ? "htpasswd" : NULL;
}

/* What comes often, and what to do about it. */
static const char *
detect_other(struct beginning line)
{
	static const char sql[] =
		"SQL, which is not read; write the table as JSON or CSV: "
		"`sqlite3 -readonly -json FILE 'select * from users'`, or "
		"psql's \\copy with `csv header`";
	static const char *const words[] = {"SQLite format 3", "PRAGMA ",
		"CREATE TABLE ", "INSERT INTO ", "BEGIN TRANSACTION", "-- ",
		"--\n"};
	size_t i;

	for (i = 0; i < sizeof words / sizeof words[0]; i++)
		if (begins_with(line, words[i]))
			return sql;
	if (count(line, ":") == 6)
		return "passwd(5), which has no hashes: import /etc/shadow "
		       "with --passwd";
	if (begins_with(line, "\xff\xfe") || begins_with(line, "\xfe\xff"))
		return "UTF-16; save it as UTF-8";
	return NULL;
}

const struct map_format *
map_detect(const char *begins, size_t length, const char **reason)
{
	struct beginning file = begin(begins, length);
	struct beginning line = first_line(file);
	const char *name;

	*reason = NULL;
	if (file.at == file.end)
		return NULL;
	if (*file.at == '[' || *file.at == '{') {
		name = detect_json(file);
		return name == NULL ? NULL : map_find(name);
	}
	*reason = detect_other(line);
	name = *reason == NULL ? detect_line(line) : NULL;
	return name == NULL ? NULL : map_find(name);
}

const struct reader_kind *
map_reader(const struct map_format *format, const char *begins, size_t length)
{
	struct beginning file = begin(begins, length);
	bool json = file.at < file.end && (*file.at == '[' || *file.at == '{');

	if (format->reader != NULL)
		return format->reader;
	return json ? &reader_json : &reader_csv;
}

static bool
is_read(const struct map_rule *rule, const char *column)
{
	for (; rule->from != NULL; rule++)
		if (strcasecmp(rule->from, column) == 0)
			return true;
	return false;
}

char *
map_unread(const struct map_format *format, struct json_object *record)
{
	enum { NAMED = 12 };
	struct json_object_iterator at, end;
	char *names = NULL;
	size_t count = 0;

	if (format->rules != csv_rules)
		return NULL;
	at = json_object_iter_begin(record);
	end = json_object_iter_end(record);
	for (; !json_object_iter_equal(&at, &end); json_object_iter_next(&at)) {
		const char *column = json_object_iter_peek_name(&at);

		if (is_read(csv_rules, column) || count++ >= NAMED)
			continue;
		names = names == NULL ? mem_printf("%.40s", column)
				      : mem_append(names, ", %.40s", column);
	}
	return count <= NAMED
		       ? names
		       : mem_append(names, ", and %zu more", count - NAMED);
}

/* --- a record ------------------------------------------------------------- */

void
map_begin(struct mapping *mapping, const struct map_format *format)
{
	memset(mapping, 0, sizeof *mapping);
	mapping->format = format;
	mapping->known = json_new_object();
	mapping->now = time(NULL);
}

void
map_end(struct mapping *mapping)
{
	json_object_put(mapping->line);
	json_object_put(mapping->opened);
	json_object_put(mapping->known);
	memset(mapping, 0, sizeof *mapping);
}

/* Many systems sign people in by an email that they call the username. */
static void
settle_names(struct mapping *mapping)
{
	const char *username = text_in_line(mapping, "username");
	const char *email = text_in_line(mapping, "email");

	if (strchr(username, '@') == NULL)
		return;
	if (email[0] == '\0')
		json_add_string(mapping->line, "email", username);
	else if (!name_same(username, email))
		return;
	json_object_object_del(mapping->line, "username");
}

static const char *
apply_rules(struct mapping *mapping)
{
	const struct map_rule *rule = mapping->format->rules;
	struct json_object *value;
	const char *flaw = NULL;

	for (; rule->from != NULL && flaw == NULL; rule++) {
		value = has(mapping, rule->to) ? NULL
					       : find(mapping, rule->from);
		if (value != NULL)
			flaw = rule->take(mapping, value, rule->to);
	}
	if (flaw == NULL && mapping->format->finish != NULL)
		flaw = mapping->format->finish(mapping);
	settle_names(mapping);
	return flaw;
}

enum map_outcome
map_record(
	struct mapping *mapping, struct json_object *record, const char **flaw)
{
	const struct map_format *format = mapping->format;

	json_object_put(mapping->line);
	json_object_put(mapping->opened);
	mapping->record = record;
	mapping->line = json_new_object();
	mapping->opened = json_new_array();
	mapping->left_out[0] = '\0';
	*flaw = NULL;
	if (format->rules == NULL) {
		json_object_put(mapping->line);
		mapping->line = json_object_get(record);
		return MAP_ACCOUNT;
	}
	if (format->is_account != NULL && !format->is_account(mapping))
		return MAP_OTHER;
	*flaw = apply_rules(mapping);
	return MAP_ACCOUNT;
}

const char *
map_account(const struct mapping *mapping)
{
	const char *username = text_in_line(mapping, "username");

	return username[0] != '\0' ? username : text_in_line(mapping, "email");
}

/* conf.c - the settings: files of `key = value` lines */
#include "config.h"

#include "site/conf.h"

#include "base/file.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/name.h"
#include "base/sender.h"
#include "paths.h"
#include "store/pq-uri.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- a line ------------------------------------------------------------ */

/* The value follows the first `=`, without the blanks around it. In double
 * quotes it may have blanks around it, and a `#`; there a \ stands before a ",
 * a \ or a # that is meant as itself. A `#` at the value's beginning, or after
 * a blank, begins a comment.
 *
 * In earlier versions quotes and comments were a part of the value, and a
 * setting that takes any text took them. Such a line is refused, with the two
 * lines that can be read in one way only. */
struct conf_line {
	const char *key;  /* NULL: a blank line or a comment */
	const char *all;  /* the value with its quotes and its comment */
	char *value;      /* without them */
	bool escaped;     /* it has a \, so its quotes are meant as quotes */
	const char *flaw; /* what is wrong with `value`, or NULL */
};

static const char blanks[] = " \t\r";

static char *
trim(char *text)
{
	char *end;

	text += strspn(text, blanks);
	end = text + strlen(text);
	while (end > text && strchr(blanks, end[-1]) != NULL)
		end--;
	*end = '\0';
	return text;
}

/* The beginning of a comment, or the end. */
static const char *
find_comment(const char *text)
{
	const char *at = text;

	while (*at != '\0' &&
		(*at != '#' || (at > text && strchr(blanks, at[-1]) == NULL)))
		at++;
	return at;
}

/* Reads a value in quotes, up to its end. Returns what is wrong, or NULL. */
static const char *
read_quoted(struct conf_line *line)
{
	const char *from = line->all + 1;
	char *to = line->value;

	for (; *from != '"'; from++) {
		if (*from == '\\') {
			line->escaped = true;
			if (*++from == '\0' || strchr("\"\\#", *from) == NULL)
				return "in quotes a \\ stands before a \", a "
				       "\\ or a #";
		}
		if (*from == '\0')
			return "the quotes have no end";
		*to++ = *from;
	}
	*to = '\0';
	from += 1 + strspn(from + 1, blanks);
	return *from == '\0' || *from == '#'
		       ? NULL
		       : "nothing but a comment may follow the quotes";
}

static void
read_value(struct conf_line *line)
{
	line->value = mem_copy(line->all);
	if (line->all[0] == '"') {
		line->flaw = read_quoted(line);
		return;
	}
	line->value[find_comment(line->all) - line->all] = '\0';
	trim(line->value);
}

/* Reads a line, which is overwritten. False if it is not `key = value`. The
 * caller frees `value`. */
static bool
conf_line_read(struct conf_line *line, char *text)
{
	char *key = trim(text);
	char *equals = strchr(key, '=');

	memset(line, 0, sizeof *line);
	if (key[0] == '\0' || key[0] == '#')
		return true;
	if (equals == NULL)
		return false;
	*equals = '\0';
	line->key = trim(key);
	line->all = trim(equals + 1);
	read_value(line);
	return true;
}

static bool
is_bare(const char *value)
{
	size_t length = strlen(value);

	return length == 0 ||
	       (value[0] != '"' && strchr(blanks, value[0]) == NULL &&
		       strchr(blanks, value[length - 1]) == NULL &&
		       *find_comment(value) == '\0');
}

/* The value in the form that it has in a line: in quotes if it needs them. The
 * caller frees. */
static char *
conf_line_write(const char *value)
{
	char *text, *to;

	if (is_bare(value))
		return mem_copy(value);
	text = mem_zero(2 * strlen(value) + 3);
	to = text;
	*to++ = '"';
	for (; *value != '\0'; value++) {
		if (strchr("\"\\#", *value) != NULL)
			*to++ = '\\';
		*to++ = *value;
	}
	*to = '"';
	return text;
}

/* --- a setting, by its type -------------------------------------------- */

/* The types, with the type of the member. */
enum conf_type {
	CONF_TEXT,    /* char *, to be freed */
	CONF_NUMBER,  /* unsigned long */
	CONF_SIZE,    /* uint64_t: bytes, where a word may be too short */
	CONF_BOOLEAN, /* bool: the second of two words */
	CONF_CHOICE,  /* unsigned: which of the words */
	CONF_FLAGS    /* unsigned: a bit for each of the words, in order */
};

/* `min` and `max` are for numbers and sizes, `words` for types that consist of
 * words (the last is NULL). `check` is for texts; it returns NULL, or what is
 * wanted, in words. */
struct setting {
	const char *key;
	enum conf_type type;
	size_t offset; /* of the member */
	const char *preset;
	uint64_t min, max;
	const char *const *words;
	const char *(*check)(const char *value);
};

/* The member, as the setting's type has it. */
static void *
member(const struct setting *setting, const void *base)
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
read_size(const struct setting *setting, uint64_t *number, const char *text)
{
	char *end;

	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	       *number >= setting->min && *number <= setting->max;
}

static bool
read_flags(const struct setting *setting, unsigned *flags, const char *text)
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
read_text(const struct setting *setting, char **target, const char *text)
{
	mem_free(*target);
	*target = mem_copy(text);
	return setting->check == NULL || setting->check(text) == NULL;
}

/* Sets the member of the struct `base` to what the text says. False if the
 * setting does not take that text; the member is then of no use. */
static bool
setting_read(const struct setting *setting, void *base, const char *text)
{
	void *target = member(setting, base);
	uint64_t number;
	bool good;
	int word;

	switch (setting->type) {
	case CONF_TEXT:
		return read_text(setting, target, text);
	case CONF_NUMBER:
		good = read_size(setting, &number, text);
		*(unsigned long *)target = (unsigned long)number;
		return good;
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

/* What the setting takes, in words, for a text that it did not take. The caller
 * frees. */
static char *
setting_wanted(const struct setting *setting, const char *text)
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
write_flags(const struct setting *setting, unsigned flags)
{
	char *text = mem_copy("");
	int i;

	for (i = 0; setting->words[i] != NULL; i++)
		if ((flags & 1U << i) != 0)
			text = mem_append(text, "%s%s",
				text[0] == '\0' ? "" : " ", setting->words[i]);
	return text;
}

/* The member as a text that setting_read() takes. The caller frees. */
static char *
setting_text(const struct setting *setting, const void *base)
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

/* --- what texts may say ------------------------------------------------ */

enum { ISSUER_MAX = 128 };

static const char *
check_path(const char *value)
{
	return value[0] == '/' ? NULL : "an absolute path";
}

static const char *
check_paths(const char *value)
{
	size_t length;

	for (; value[0] == '/'; value += length + 1) {
		length = strcspn(value, ":");
		if (value[length] == '\0')
			return NULL;
	}
	return "an absolute path, or several with a : between two";
}

static const char *
check_filter(const char *value)
{
	return value[0] == '/' || value[0] == '\0'
		       ? NULL
		       : "an absolute path, or empty";
}

static const char *
check_key_file(const char *value)
{
	/* The programs may read what lies beside the file. */
	return value[0] == '\0' ||
			       (value[0] == '/' && strrchr(value, '/') != value)
		       ? NULL
		       : "the absolute path of a file in a directory, or empty";
}

static const char *
check_store(const char *value)
{
	if (pq_uri_is(value))
		return pq_uri_flaw(value);
	return strncmp(value, "bdb:", 4) == 0 && value[4] != '\0'
		       ? NULL
		       : "bdb:DIRECTORY or postgresql://USER@HOST/DATABASE";
}

static const char *
check_url(const char *value)
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

/* A domain that a browser takes for one: a cookie of `org` or of an address it
 * would not keep. */
static const char *
check_domain(const char *value)
{
	static const char wanted[] = "a domain of two labels or more in lower "
				     "case, such as example.org, or empty";
	const char *label = value, *last = value;
	size_t length;

	for (; *label != '\0'; label += length + (label[length] == '.')) {
		length = strspn(label, "abcdefghijklmnopqrstuvwxyz0123456789-");
		if (length == 0 || length > 63 ||
			(label[length] != '.' && label[length] != '\0') ||
			(label[length] == '.' && label[length + 1] == '\0'))
			return wanted;
		last = label;
	}
	return value[0] == '\0' || (last != value && strlen(value) <= 253 &&
					   strspn(last, "0123456789") == 0)
		       ? NULL
		       : wanted;
}

/* As long as a token has room for. */
static const char *
check_issuer(const char *value)
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

static const char *
check_hash(const char *value)
{
	return password_prefix_valid(value)
		       ? NULL
		       : "one of: $y$ $gy$ $7$ $2b$ $6$ $5$ argon2id "
			 "$argon2id$v=19$m=KIB,t=PASSES,p=1$";
}

static const char *
check_code_form(const char *value)
{
	static const char *const forms[] = {
		"symbols", "digits:8", "digits:9", "digits:10", NULL};

	if (find_word(forms, value, strlen(value)) >= 0)
		return NULL;
	/* Values that this setting had in earlier versions. */
	if (strcmp(value, "digits:6") == 0 || strcmp(value, "digits:7") == 0)
		return "long enough, since it can be guessed in time: write "
		       "code_form = digits:8";
	return "symbols, or digits:8 to digits:10";
}

static const char *
check_audit(const char *value)
{
	const char *last = strrchr(value, '/');

	/* A file in / would let the programs write everywhere. */
	return value[0] != '\0' && last != value &&
			       (last == NULL || last[1] != '\0')
		       ? NULL
		       : "syslog, stderr, off or a file in a directory";
}

static const char *
check_command(const char *value)
{
	return value[0] == '\0' || value[0] == '/'
		       ? NULL
		       : "the absolute path of a program and its arguments, or "
			 "empty";
}

static const char *
check_sender(const char *value)
{
	struct sender sender;

	return value[0] == '\0' || sender_read(value, &sender)
		       ? NULL
		       : "an email, or a name and <an email>";
}

static const char *
check_language(const char *value)
{
	return name_is_language(value) ? NULL : "a language, such as en";
}

static const char *
check_site_name(const char *value)
{
	bool named = value[0] == '\0';
	size_t i;

	for (i = 0; (unsigned char)value[i] >= ' ' && value[i] != 0x7f; i++)
		named = named || isalnum((unsigned char)value[i]) ||
			(unsigned char)value[i] >= 0x80;
	return named && value[i] == '\0' && i <= 100
		       ? NULL
		       : "a text of at most 100 bytes with a letter or a "
			 "digit, or empty";
}

/* --- the table of settings --------------------------------------------- */

static const char *const reset_words[] = {"local", "token", "off", NULL};
static const char *const header_words[] = {"percent", "utf-8", NULL};
static const char *const registration_words[] = {
	"first", "closed", "open", NULL};
static const char *const tokens_words[] = {"all", "admin", NULL};
static const char *const proof_words[] = {"password", "code", NULL};
static const char *const factor_words[] = {"optional", "admin", "all", NULL};
static const char *const policy_words[] = {"dialect", "length", NULL};
static const char *const bool_words[] = {"no", "yes", NULL};
static const char *const switch_words[] = {"off", "on", NULL};
/* In the order of policy.h's bits. */
static const char *const class_words[] = {
	"upper", "lower", "digit", "special", "nospace", NULL};

#define MOST_BYTES (UINT64_C(1) << 40)

#define AT(member) offsetof(struct conf, member)
#define POLICY_SETTINGS(name, row, least, classes)                             \
	{"policy." name ".min", CONF_NUMBER, AT(policies[row].min), least, 1,  \
		PASSWORD_POINTS, NULL, NULL},                                  \
	{                                                                      \
		"policy." name ".require", CONF_FLAGS,                         \
			AT(policies[row].require), classes, 0, 0, class_words, \
			NULL                                                   \
	}

/* clang-format off */
static const struct setting settings[] = {
	{"state_dir", CONF_TEXT, AT(state_dir), "/var/lib/latchkey", 0, 0, NULL, check_path},
	{"store", CONF_TEXT, AT(store), "bdb:store", 0, 0, NULL, check_store},
	{"disk_reserve", CONF_SIZE, AT(disk_reserve), "33554432", 0, MOST_BYTES, NULL, NULL},
	{"sandbox", CONF_BOOLEAN, AT(sandbox), "on", 0, 0, switch_words, NULL},
	{"site_url", CONF_TEXT, AT(site_url), "", 0, 0, NULL, check_url},
	{"cookie_domain", CONF_TEXT, AT(cookie_domain), "", 0, 0, NULL, check_domain},
	{"issuer", CONF_TEXT, AT(issuer), "latchkey", 0, 0, NULL, check_issuer},
	{"token_life", CONF_NUMBER, AT(token_life), "3600", 60, 31536000, NULL, NULL},
	{"session_idle", CONF_NUMBER, AT(session_idle), "28800", 300, 31536000, NULL, NULL},
	{"session_life", CONF_NUMBER, AT(session_life), "86400", 300, 31536000, NULL, NULL},
	{"fresh_life", CONF_NUMBER, AT(fresh_life), "600", 60, 86400, NULL, NULL},
	{"remember", CONF_BOOLEAN, AT(remember), "yes", 0, 0, bool_words, NULL},
	{"remember_idle", CONF_NUMBER, AT(remember_idle), "1209600", 300, 31536000, NULL, NULL},
	{"remember_life", CONF_NUMBER, AT(remember_life), "2592000", 300, 31536000, NULL, NULL},
	{"factor", CONF_CHOICE, AT(factor), "optional", 0, 0, factor_words, NULL},
	{"hash", CONF_TEXT, AT(hash), "$y$", 0, 0, NULL, check_hash},
	{"hash_cost", CONF_NUMBER, AT(hash_cost), "5", 0, 999999999, NULL, NULL},
	{"hash_slots", CONF_NUMBER, AT(hash_slots), "0", 0, 1024, NULL, NULL},
	{"hash_wait", CONF_NUMBER, AT(hash_wait), "3", 0, 60, NULL, NULL},
	{"hash_memory", CONF_SIZE, AT(hash_memory), "67108864", 1 << 20, UINT64_C(1) << 32, NULL, NULL},
	{"max_body", CONF_NUMBER, AT(max_body), "16384", 1024, 1048576, NULL, NULL},
	{"self_hosted", CONF_BOOLEAN, AT(self_hosted), "yes", 0, 0, bool_words, NULL},
	{"registration", CONF_CHOICE, AT(registration), "first", 0, 0, registration_words, NULL},
	{"proof", CONF_CHOICE, AT(proof), "password", 0, 0, proof_words, NULL},
	{"unproved_most", CONF_NUMBER, AT(unproved_most), "10000", 1, 1000000, NULL, NULL},
	{"unproved_life", CONF_NUMBER, AT(unproved_life), "604800", 3600, 31536000, NULL, NULL},
	{"tokens", CONF_CHOICE, AT(tokens), "all", 0, 0, tokens_words, NULL},
	{"self_delete", CONF_BOOLEAN, AT(self_delete), "no", 0, 0, bool_words, NULL},
	{"reveal_accounts", CONF_BOOLEAN, AT(reveal_accounts), "no", 0, 0, bool_words, NULL},
	{"admin_reset", CONF_CHOICE, AT(admin_reset), "local", 0, 0, reset_words, NULL},
	{"web_key_file", CONF_TEXT, AT(web_key_file), "", 0, 0, NULL, check_key_file},
	{"same_user_is_trusted", CONF_BOOLEAN, AT(same_user_is_trusted), "no", 0, 0, bool_words, NULL},
	{"header_encoding", CONF_CHOICE, AT(header_encoding), "percent", 0, 0, header_words, NULL},
	{"code_life", CONF_NUMBER, AT(code_life), "600", 60, 86400, NULL, NULL},
	{"invitation_life", CONF_NUMBER, AT(invitation_life), "604800", 86400, 7776000, NULL, NULL},
	{"code_form", CONF_TEXT, AT(code_form), "symbols", 0, 0, NULL, check_code_form},
	{"code_mails", CONF_NUMBER, AT(code_mails), "10", 2, 100, NULL, NULL},
	{"throttle", CONF_CHOICE, AT(throttle), "on", 0, 0, switch_words, NULL},
	{"throttle.free", CONF_NUMBER, AT(throttle_free), "5", 1, 100, NULL, NULL},
	{"throttle.first", CONF_NUMBER, AT(throttle_first), "1", 1, 3600, NULL, NULL},
	{"throttle.delay", CONF_NUMBER, AT(throttle_delay), "900", 1, 3600, NULL, NULL},
	{"throttle.account", CONF_NUMBER, AT(throttle_account), "90", 2, 1000000, NULL, NULL},
	{"throttle.network", CONF_NUMBER, AT(throttle_network), "300", 2, 1000000, NULL, NULL},
	{"throttle.asks", CONF_NUMBER, AT(throttle_asks), "60", 2, 1000000, NULL, NULL},
	{"throttle.right", CONF_NUMBER, AT(throttle_right), "1200", 2, 1000000, NULL, NULL},
	{"throttle.codes", CONF_NUMBER, AT(throttle_codes), "100", 1, 100, NULL, NULL},
	{"throttle.remember", CONF_NUMBER, AT(throttle_remember), "2592000", 0, 31536000, NULL, NULL},
	{"throttle.homes", CONF_NUMBER, AT(throttle_homes), "50", 1, 1000, NULL, NULL},
	{"throttle.records", CONF_NUMBER, AT(throttle_records), "65536", 16, 16777216, NULL, NULL},
	{"audit", CONF_TEXT, AT(audit), "audit.log", 0, 0, NULL, check_audit},
	{"audit_lines", CONF_NUMBER, AT(audit_lines), "100", 1, 1000000, NULL, NULL},
	{"audit_size", CONF_SIZE, AT(audit_size), "16777216", 65536, MOST_BYTES, NULL, NULL},
	{"event_command", CONF_TEXT, AT(event_command), "", 0, 0, NULL, check_command},
	{"event_most", CONF_NUMBER, AT(event_most), "10000", 1000, 1000000, NULL, NULL},
	{"event_sign_ins", CONF_BOOLEAN, AT(event_sign_ins), "no", 0, 0, bool_words, NULL},
	{"mail_command", CONF_TEXT, AT(mail_command), "/usr/sbin/sendmail -t -i", 0, 0, NULL, check_command},
	{"mail_from", CONF_TEXT, AT(mail_from), "", 0, 0, NULL, check_sender},
	{"mail_templates", CONF_TEXT, AT(mail_templates), "/etc/latchkey/mail:/usr/share/latchkey/mail", 0, 0, NULL, check_paths},
	{"language", CONF_TEXT, AT(language), "en", 0, 0, NULL, check_language},
	{"site_name", CONF_TEXT, AT(site_name), "", 0, 0, NULL, check_site_name},
	{"pages", CONF_TEXT, AT(pages), "/etc/latchkey/pages:/usr/share/latchkey/pages", 0, 0, NULL, check_paths},
	{"www", CONF_TEXT, AT(www), "/etc/latchkey/www:/usr/share/latchkey/www", 0, 0, NULL, check_paths},
	{"common_passwords", CONF_TEXT, AT(common_passwords), "/usr/share/latchkey/common-passwords.filter", 0, 0, NULL, check_filter},
	{"leaked_secrets", CONF_TEXT, AT(leaked_secrets), "/usr/share/latchkey/jwt-secrets.filter", 0, 0, NULL, check_filter},
	{"policy", CONF_CHOICE, AT(policy), "dialect", 0, 0, policy_words, NULL},
	{"policy.length.min", CONF_NUMBER, AT(policy_length_min), "15", 8, PASSWORD_POINTS, NULL, NULL},
	POLICY_SETTINGS("actian", POLICY_ACTIAN, "12", "upper lower digit special"),
	POLICY_SETTINGS("databrain", POLICY_DATABRAIN, "8", "upper lower digit special nospace"),
	POLICY_SETTINGS("px0", POLICY_PX0, "8", "upper lower digit special"),
	POLICY_SETTINGS("edge-impulse", POLICY_EDGE_IMPULSE, "8", ""),
};
/* clang-format on */

enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* The setting's row; SETTINGS if there is none. */
static int
find_setting(const char *key)
{
	int row;

	for (row = 0; row < SETTINGS; row++)
		if (strcmp(settings[row].key, key) == 0)
			break;
	return row;
}

/* In earlier versions quotes and comments were a part of the value of a setting
 * that takes any text. Such a line is refused, so that its meaning does not
 * change unseen. */
static bool
changes_meaning(const struct setting *setting, struct conf *conf,
	const struct conf_line *line)
{
	return setting->type == CONF_TEXT && !line->escaped &&
	       (line->flaw != NULL || strcmp(line->all, line->value) != 0) &&
	       setting_read(setting, conf, line->all);
}

/* Both readings of such a line. The caller frees. */
static char *
both_meanings(const struct conf_line *line)
{
	char *all = conf_line_write(line->all);
	char *text = mem_printf("quotes and what follows a # were a part of "
				"the value once: to have them, write %s = %s",
		line->key, all);
	char *value;

	if (line->flaw == NULL) {
		value = conf_line_write(line->value);
		text = mem_append(
			text, "; to be without, %s = %s", line->key, value);
		mem_free(value);
	}
	mem_free(all);
	return text;
}

/* Sets what the line says. Returns what is wrong with it, which the caller
 * frees, or NULL. */
static char *
set_value(struct conf *conf, const struct conf_line *line,
	const struct setting *setting)
{
	char *wanted, *flaw;

	if (changes_meaning(setting, conf, line))
		return both_meanings(line);
	if (line->flaw != NULL)
		return mem_copy(line->flaw);
	if (setting_read(setting, conf, line->value))
		return NULL;
	wanted = setting_wanted(setting, line->value);
	/* Somebody may have written a password into it. */
	flaw = mem_printf("'%s' is not %s",
		pq_uri_is(line->value) ? "postgresql://..." : line->value,
		wanted);
	mem_free(wanted);
	return flaw;
}

/* The same, for the setting that it names. */
static char *
read_setting(struct conf *conf, const struct conf_place *at,
	const struct conf_line *line)
{
	int row = find_setting(line->key);
	struct conf_place *place = &conf->places[row];

	if (row == SETTINGS)
		return mem_copy("there is no such setting");
	if (place->line != 0 && place->file == at->file)
		return mem_printf("set in line %u already", place->line);
	*place = *at;
	return set_value(conf, line, &settings[row]);
}

/* What is wrong with any line, or NULL. */
static const char *
line_flaw(const struct lines *lines)
{
	const char *at;

	if (lines->length > LINES_LONGEST)
		return "longer than 64 KiB";
	if (strlen(lines->text) != lines->length)
		return "a NUL byte";
	/* `latchkey config` prints the values, and reads them again. */
	for (at = lines->text; *at != '\0'; at++)
		if ((*at > 0 && *at < 0x20 && *at != '\t') || *at == 0x7f)
			return "a control character";
	return NULL;
}

static bool
read_line(struct conf *conf, const char *file, const struct lines *lines)
{
	const struct conf_place at = {file, (unsigned)lines->number};
	const char *flaw = line_flaw(lines);
	struct conf_line line;
	char *wrong;
	bool good;

	if (flaw == NULL && !conf_line_read(&line, lines->text))
		flaw = "not 'key = value'";
	if (flaw != NULL) {
		log_error("%s:%u: %s", at.file, at.line, flaw);
		return false;
	}
	wrong = line.key == NULL ? NULL : read_setting(conf, &at, &line);
	good = wrong == NULL;
	if (!good)
		log_error("%s:%u: %s: %s", at.file, at.line, line.key, wrong);
	mem_free(wrong);
	mem_free(line.value);
	return good;
}

/* What root reads here decides what root does. So no other user may have
 * written it, or be able to put another file in its place. */
static bool
is_roots(const char *path, FILE *file)
{
	char *copy = mem_copy(path);
	struct stat found, dir;
	bool good = fstat(fileno(file), &found) == 0 &&
		    stat(dirname(copy), &dir) == 0 && file_is_roots(&found) &&
		    file_is_roots(&dir);

	if (!good)
		log_error("%s: others can write it, or its directory: root "
			  "takes no settings from there; chown both to root, "
			  "chmod go-w",
			path);
	mem_free(copy);
	return good;
}

/* To the end, so that one run shows every mistake. */
static bool
read_lines(struct conf *conf, const char *path, FILE *file)
{
	struct lines lines;
	bool good = true;

	lines_begin(&lines, file);
	while (lines_next(&lines))
		good = read_line(conf, path, &lines) && good;
	if (lines.flaw != NULL) {
		log_error("%s: %s", path, lines.flaw);
		good = false;
	}
	lines_end(&lines);
	return good;
}

static bool
read_file(struct conf *conf, const char *path)
{
	FILE *file = fopen(path, "re");
	bool good;

	if (file == NULL) {
		log_error("%s: %s%s", path, strerror(errno),
			errno == ENOENT && path == conf->file
				? "; LATCHKEY_CONF, or the command's "
				  "--config, names another"
				: "");
		return false;
	}
	good = (geteuid() != 0 || is_roots(path, file)) &&
	       read_lines(conf, path, file);
	fclose(file);
	return good;
}

/* Neither an editor's nor dpkg's leftovers, such as x.conf.dpkg-old. */
static int
is_part(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end != NULL && entry->d_name[0] != '.' &&
	       strcmp(end, ".conf") == 0;
}

/* By the bytes, so that the locale has no say in what is in force. */
static int
by_name(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

/* Lists conf.d, which need not be there. */
static bool
list_parts(struct conf *conf, const char *dir)
{
	struct dirent **found;
	int i, count = scandir(dir, &found, is_part, by_name);

	if (count < 0) {
		if (errno == ENOENT)
			return true;
		log_error("%s: %s", dir, strerror(errno));
		return false;
	}
	conf->parts = mem_resize(
		conf->parts, ((size_t)count + 1) * sizeof *conf->parts);
	for (i = 0; i < count; i++) {
		conf->parts[i] = mem_printf("%s/%s", dir, found[i]->d_name);
		free(found[i]);
	}
	conf->parts[count] = NULL;
	free(found);
	return true;
}

static bool
read_files(struct conf *conf)
{
	char *copy = mem_copy(conf->file);
	char *dir = mem_printf("%s/conf.d", dirname(copy));
	bool good = read_file(conf, conf->file);
	char **part;

	good = list_parts(conf, dir) && good;
	for (part = conf->parts; *part != NULL; part++)
		good = read_file(conf, *part) && good;
	mem_free(dir);
	mem_free(copy);
	return good;
}

const struct conf_place *
conf_place(const struct conf *conf, const char *key)
{
	return &conf->places[find_setting(key)];
}

/* Where crypt(3) has no yescrypt, the default is what libsodium has. */
static void
choose_hash(struct conf *conf)
{
	int row = find_setting("hash");

	if (conf->places[row].line == 0 && !password_makes(conf->hash))
		setting_read(&settings[row], conf, "argon2id");
}

/* This and the next two: what no setting can tell by itself. */
static bool
check_cost(const struct conf *conf)
{
	struct password_scheme scheme = conf_scheme(conf);
	const struct conf_place *place = conf_place(conf, "hash_cost");

	if (password_scheme_valid(&scheme))
		return true;
	if (!password_makes(conf->hash)) {
		place = conf_place(conf, "hash");
		log_error("%s:%u: hash: crypt(3) makes no hashes of %s here",
			place->file, place->line, conf->hash);
		return false;
	}
	if (place->line == 0)
		place = conf_place(conf, "hash");
	log_error("%s:%u: hash_cost: '%lu' is not a cost that hash %s takes, "
		  "which is from %lu to %lu",
		place->file, place->line, conf->hash_cost, conf->hash,
		password_least_cost(conf->hash),
		password_most_cost(conf->hash));
	return false;
}

/* A password must be able to have the least length and yet be hashed in full. A
 * policy that is not in force may say anything. */
static bool
check_mins(const struct conf *conf)
{
	static const char *const keys[POLICY_ROWS] = {"policy.actian.min",
		"policy.databrain.min", "policy.px0.min",
		"policy.edge-impulse.min"};
	bool one = conf->policy == POLICY_LENGTH, good = true;
	struct policy policy;
	const char *key;
	int i;

	for (i = 0; i < (one ? 1 : POLICY_ROWS); i++) {
		policy = conf_policy_of(conf, (enum conf_policy_row)i);
		if (policy.min <= policy.max_bytes)
			continue;
		key = one ? "policy.length.min" : keys[i];
		log_error("%s:%u: %s: '%lu' is more than hash %s takes of a "
			  "password, which is %zu bytes",
			conf_place(conf, key)->file,
			conf_place(conf, key)->line, key, policy.min,
			conf->hash, policy.max_bytes);
		good = false;
	}
	return good;
}

/* A browser keeps a cookie of a domain only from a host in it, and one whose
 * name begins with __Secure- only by https. */
static bool
check_cookie_domain(const struct conf *conf)
{
	size_t length;
	const char *host = conf_host(conf, &length);

	if (conf->cookie_domain[0] == '\0' ||
		(conf_https(conf) && conf_in_domain(conf, host, length)))
		return true;
	log_error("%s:%u: cookie_domain: '%s' is not the host of an https "
		  "site_url, or a domain that it is in: site_url is '%s'",
		conf_place(conf, "cookie_domain")->file,
		conf_place(conf, "cookie_domain")->line, conf->cookie_domain,
		conf->site_url);
	return false;
}

struct conf *
conf_read(const char *file)
{
	struct conf *conf = mem_zero(sizeof *conf);
	bool good;
	int i;

	conf->file = mem_copy(file);
	conf->parts = mem_zero(sizeof *conf->parts);
	conf->places = mem_zero(SETTINGS * sizeof *conf->places);
	for (i = 0; i < SETTINGS; i++) {
		conf->places[i].file = conf->file;
		setting_read(&settings[i], conf, settings[i].preset);
	}
	good = read_files(conf);
	choose_hash(conf);
	if (good && check_cost(conf) && check_mins(conf) &&
		check_cookie_domain(conf))
		return conf;
	conf_free(conf);
	return NULL;
}

void
conf_free(struct conf *conf)
{
	char **part;
	int i;

	if (conf == NULL)
		return;
	for (i = 0; i < SETTINGS; i++)
		if (settings[i].type == CONF_TEXT)
			mem_free(*(char **)member(&settings[i], conf));
	for (part = conf->parts; *part != NULL; part++)
		mem_free(*part);
	mem_free(conf->parts);
	mem_free(conf->file);
	mem_free(conf->places);
	mem_free(conf);
}

const char *
conf_path(const char *given)
{
	if (given != NULL)
		return given;
	given = getenv("LATCHKEY_CONF");
	return given != NULL && given[0] != '\0' ? given
						 : SYSCONFDIR "/latchkey.conf";
}

void
conf_print(const struct conf *conf, FILE *out)
{
	char *value, *line;
	int i;

	for (i = 0; i < SETTINGS; i++) {
		value = setting_text(&settings[i], conf);
		line = conf_line_write(value);
		if (conf->places[i].line == 0)
			fputs("# default\n", out);
		else
			fprintf(out, "# %s:%u\n", conf->places[i].file,
				conf->places[i].line);
		fprintf(out, "%s =%s%s\n", settings[i].key,
			line[0] == '\0' ? "" : " ", line);
		mem_free(line);
		mem_free(value);
	}
}

struct password_scheme
conf_scheme(const struct conf *conf)
{
	struct password_scheme scheme = {conf->hash, conf->hash_cost};

	return scheme;
}

struct policy
conf_policy_of(const struct conf *conf, enum conf_policy_row row)
{
	struct policy policy = {.min = conf->policy_length_min};

	if (conf->policy != POLICY_LENGTH && row != POLICY_ACCOUNT)
		policy = conf->policies[row];
	policy.max_bytes = conf_password_bytes(conf);
	return policy;
}

size_t
conf_password_bytes(const struct conf *conf)
{
	/* bcrypt reads no more bytes, without an error. */
	return strcmp(conf->hash, "$2b$") == 0 ? 72 : PASSWORD_BYTES;
}

char *
conf_in_state(const struct conf *conf, const char *path)
{
	return path[0] == '/' ? mem_copy(path)
			      : mem_printf("%s/%s", conf->state_dir, path);
}

bool
conf_https(const struct conf *conf)
{
	return strncmp(conf->site_url, "https://", 8) == 0;
}

const char *
conf_host(const struct conf *conf, size_t *length)
{
	const char *host = strstr(conf->site_url, "://");

	if (host == NULL)
		return NULL;
	host += strlen("://");
	*length = host[0] == '[' ? strcspn(host, "]/") : strcspn(host, ":/");
	*length += host[*length] == ']';
	return host;
}

size_t
conf_origin_length(const struct conf *conf)
{
	const char *host = strstr(conf->site_url, "://");

	return host == NULL ? 0
			    : (size_t)(host - conf->site_url) + 3 +
				      strcspn(host + 3, "/");
}

bool
conf_in_domain(const struct conf *conf, const char *host, size_t length)
{
	size_t domain = strlen(conf->cookie_domain);

	return domain > 0 && length >= domain &&
	       strncasecmp(host + length - domain, conf->cookie_domain,
		       domain) == 0 &&
	       (length == domain || host[length - domain - 1] == '.');
}

bool
conf_demands_factor(const struct conf *conf, bool admin)
{
	return conf->factor == FACTOR_ALL ||
	       (conf->factor == FACTOR_ADMIN && admin);
}

char *
conf_site_host(const struct conf *conf)
{
	size_t length;
	const char *host = conf_host(conf, &length);
	char name[256] = "localhost";

	if (host != NULL)
		return mem_printf("%.*s", (int)length, host);
	gethostname(name, sizeof name - 1);
	return mem_copy(name[0] == '\0' ? "localhost" : name);
}

char *
conf_site_name(const struct conf *conf)
{
	return conf->site_name[0] != '\0' ? mem_copy(conf->site_name)
					  : conf_site_host(conf);
}

bool
conf_mails(const struct conf *conf)
{
	return conf->mail_command[0] != '\0';
}

bool
conf_events(const struct conf *conf)
{
	return conf->event_command[0] != '\0';
}

unsigned
conf_code_digits(const struct conf *conf)
{
	return strncmp(conf->code_form, "digits:", 7) == 0
		       ? (unsigned)atoi(conf->code_form + 7)
		       : 0;
}

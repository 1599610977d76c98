/* conf.c - the settings: one file of `key = value` lines */
#include "config.h"

#include "conf.h"

#include "conf-check.h"
#include "log.h"
#include "mem.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum type { TEXT, NUMBER, BOOLEAN, CHOICE, CLASSES };

/* One setting. `limits` is for numbers, `words` for choices, `check` for
 * texts; a failing check says what is wanted. */
struct setting {
	const char *key;
	enum type type;
	size_t offset;
	const char *preset;
	unsigned long min, max;
	const char *const *words;
	const char *(*check)(const char *value);
};

static const char *const reset_words[] = {"local", "token", "off", NULL};
static const char *const registration_words[] = {
	"first", "closed", "open", NULL};
static const char *const policy_words[] = {"dialect", "length", NULL};
static const char *const bool_words[] = {"no", "yes", NULL};
static const char *const switch_words[] = {"off", "on", NULL};
/* In the order of policy.h's bits. */
static const char *const class_words[] = {
	"upper", "lower", "digit", "special", "nospace", NULL};

#define AT(member) offsetof(struct conf, member)
#define POLICY_SETTINGS(name, row, least, classes)                             \
	{"policy." name ".min", NUMBER, AT(policies[row].min), least, 1,       \
		PASSWORD_POINTS, NULL, NULL},                                  \
	{                                                                      \
		"policy." name ".require", CLASSES, AT(policies[row].require), \
			classes, 0, 0, NULL, NULL                              \
	}

/* clang-format off */
static const struct setting settings[] = {
	{"state_dir", TEXT, AT(state_dir), "/var/lib/latchkey", 0, 0, NULL, conf_check_path},
	{"store", TEXT, AT(store), "bdb:store", 0, 0, NULL, conf_check_store},
	{"disk_reserve", NUMBER, AT(disk_reserve), "33554432", 0, 1UL << 40, NULL, NULL},
	{"sandbox", BOOLEAN, AT(sandbox), "on", 0, 0, switch_words, NULL},
	{"site_url", TEXT, AT(site_url), "", 0, 0, NULL, conf_check_url},
	{"issuer", TEXT, AT(issuer), "latchkey", 0, 0, NULL, conf_check_issuer},
	{"token_life", NUMBER, AT(token_life), "3600", 60, 31536000, NULL, NULL},
	{"hash", TEXT, AT(hash), "$y$", 0, 0, NULL, conf_check_hash},
	{"hash_cost", NUMBER, AT(hash_cost), "5", 0, 999999999, NULL, NULL},
	{"hash_slots", NUMBER, AT(hash_slots), "0", 0, 1024, NULL, NULL},
	{"hash_wait", NUMBER, AT(hash_wait), "3", 0, 60, NULL, NULL},
	{"max_body", NUMBER, AT(max_body), "16384", 1024, 1048576, NULL, NULL},
	{"self_hosted", BOOLEAN, AT(self_hosted), "yes", 0, 0, bool_words, NULL},
	{"registration", CHOICE, AT(registration), "first", 0, 0, registration_words, NULL},
	{"reveal_accounts", BOOLEAN, AT(reveal_accounts), "no", 0, 0, bool_words, NULL},
	{"admin_reset", CHOICE, AT(admin_reset), "local", 0, 0, reset_words, NULL},
	{"code_life", NUMBER, AT(code_life), "600", 60, 86400, NULL, NULL},
	{"code_form", TEXT, AT(code_form), "symbols", 0, 0, NULL, conf_check_code_form},
	{"throttle", CHOICE, AT(throttle), "on", 0, 0, switch_words, NULL},
	{"throttle.free", NUMBER, AT(throttle_free), "5", 1, 100, NULL, NULL},
	{"throttle.first", NUMBER, AT(throttle_first), "1", 1, 86400, NULL, NULL},
	{"throttle.delay", NUMBER, AT(throttle_delay), "900", 1, 86400, NULL, NULL},
	{"throttle.account", NUMBER, AT(throttle_account), "90", 2, 1000000, NULL, NULL},
	{"throttle.network", NUMBER, AT(throttle_network), "300", 2, 1000000, NULL, NULL},
	{"throttle.asks", NUMBER, AT(throttle_asks), "60", 2, 1000000, NULL, NULL},
	{"throttle.remember", NUMBER, AT(throttle_remember), "2592000", 0, 31536000, NULL, NULL},
	{"audit", TEXT, AT(audit), "audit.log", 0, 0, NULL, conf_check_audit},
	{"audit_size", NUMBER, AT(audit_size), "16777216", 65536, 1UL << 40, NULL, NULL},
	{"mail_command", TEXT, AT(mail_command), "/usr/sbin/sendmail -t -i", 0, 0, NULL, conf_check_command},
	{"mail_from", TEXT, AT(mail_from), "", 0, 0, NULL, conf_check_address},
	{"mail_templates", TEXT, AT(mail_templates), "/etc/latchkey/mail", 0, 0, NULL, conf_check_path},
	{"language", TEXT, AT(language), "en", 0, 0, NULL, conf_check_language},
	{"common_passwords", TEXT, AT(common_passwords), "/usr/share/latchkey/common-passwords.filter", 0, 0, NULL, conf_check_filter},
	{"leaked_secrets", TEXT, AT(leaked_secrets), "/usr/share/latchkey/jwt-secrets.filter", 0, 0, NULL, conf_check_filter},
	{"policy", CHOICE, AT(policy), "dialect", 0, 0, policy_words, NULL},
	{"policy.length.min", NUMBER, AT(policy_length_min), "15", 8, PASSWORD_POINTS, NULL, NULL},
	POLICY_SETTINGS("actian", POLICY_ACTIAN, "12", "upper lower digit special"),
	POLICY_SETTINGS("databrain", POLICY_DATABRAIN, "8", "upper lower digit special nospace"),
	POLICY_SETTINGS("px0", POLICY_PX0, "8", "upper lower digit special"),
	POLICY_SETTINGS("edge-impulse", POLICY_EDGE_IMPULSE, "8", ""),
};
/* clang-format on */

enum { SETTINGS = sizeof settings / sizeof settings[0] };

/* A setting's place in the struct, as what its type says it is. */
static void *
place(const struct conf *conf, const struct setting *setting)
{
	return (void *)((uintptr_t)conf + setting->offset);
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
set_number(struct conf *conf, const struct setting *setting, const char *text)
{
	unsigned long *number = place(conf, setting);
	char *end;

	errno = 0;
	*number = strtoul(text, &end, 10);
	return errno == 0 && text[0] >= '0' && text[0] <= '9' && *end == '\0' &&
	       *number >= setting->min && *number <= setting->max;
}

static bool
set_classes(struct conf *conf, const struct setting *setting, const char *text)
{
	unsigned *classes = place(conf, setting);
	size_t length;
	int i;

	for (*classes = 0; *text != '\0'; text += length) {
		text += strspn(text, " \t");
		length = strcspn(text, " \t");
		i = find_word(class_words, text, length);
		if (length > 0 && i < 0)
			return false;
		if (length > 0)
			*classes |= 1U << i;
	}
	return true;
}

static bool
set_text(struct conf *conf, const struct setting *setting, const char *text)
{
	char **target = place(conf, setting);

	mem_free(*target);
	*target = mem_copy(text);
	return setting->check == NULL || setting->check(text) == NULL;
}

static bool
set_value(struct conf *conf, const struct setting *setting, const char *text)
{
	int word;

	switch (setting->type) {
	case TEXT:
		return set_text(conf, setting, text);
	case NUMBER:
		return set_number(conf, setting, text);
	case CLASSES:
		return set_classes(conf, setting, text);
	case BOOLEAN:
		word = find_word(setting->words, text, strlen(text));
		*(bool *)place(conf, setting) = word == 1;
		return word >= 0;
	case CHOICE:
		word = find_word(setting->words, text, strlen(text));
		*(unsigned *)place(conf, setting) = (unsigned)word;
		return word >= 0;
	}
	return false;
}

/* What a setting of that type wants to see, in words. */
static char *
wanted(const struct setting *setting, const char *text)
{
	char *list, *longer;
	int i;

	if (setting->type == TEXT)
		return mem_copy(setting->check(text));
	if (setting->type == NUMBER)
		return mem_printf(
			"a number from %lu to %lu", setting->min, setting->max);
	if (setting->type == CLASSES)
		return mem_copy("any of: upper lower digit special nospace");
	list = mem_printf("one of: %s", setting->words[0]);
	for (i = 1; setting->words[i] != NULL; i++) {
		longer = mem_printf("%s %s", list, setting->words[i]);
		mem_free(list);
		list = longer;
	}
	return list;
}

static char *
trim(char *text)
{
	char *end;

	text += strspn(text, " \t\r\n");
	end = text + strlen(text);
	while (end > text && strchr(" \t\r\n", end[-1]) != NULL)
		end--;
	*end = '\0';
	return text;
}

static bool
read_setting(
	struct conf *conf, unsigned line, const char *key, const char *value)
{
	char *want;
	int i;

	for (i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].key, key) == 0)
			break;
	if (i == SETTINGS) {
		log_error("%s:%u: %s: there is no such setting", conf->file,
			line, key);
		return false;
	}
	if (conf->lines[i] != 0) {
		log_error("%s:%u: %s: set in line %u already", conf->file, line,
			key, conf->lines[i]);
		return false;
	}
	conf->lines[i] = line;
	if (set_value(conf, &settings[i], value))
		return true;
	want = wanted(&settings[i], value);
	log_error("%s:%u: %s: '%s' is not %s", conf->file, line, key, value,
		want);
	mem_free(want);
	return false;
}

/* A line is blank, a comment, or `key = value`; the value is all that
 * follows the first `=`. */
static bool
read_line(struct conf *conf, unsigned number, char *line)
{
	char *key = trim(line);
	char *equals = strchr(key, '=');

	if (key[0] == '\0' || key[0] == '#')
		return true;
	if (equals == NULL) {
		log_error("%s:%u: not 'key = value'", conf->file, number);
		return false;
	}
	*equals = '\0';
	return read_setting(conf, number, trim(key), trim(equals + 1));
}

static bool
read_file(struct conf *conf)
{
	FILE *file = fopen(conf->file, "re");
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;
	ssize_t length = -1;
	bool good = true;

	if (file == NULL) {
		log_error("%s: %s", conf->file, strerror(errno));
		return false;
	}
	/* On to the end, so that one look shows every mistake. */
	while ((length = getline(&line, &size, file)) >= 0) {
		number++;
		if (strlen(line) != (size_t)length) {
			log_error("%s:%u: a NUL byte", conf->file, number);
			good = false;
		} else if (!read_line(conf, number, line)) {
			good = false;
		}
	}
	if (ferror(file)) {
		log_error("%s: %s", conf->file, strerror(errno));
		good = false;
	}
	free(line);
	fclose(file);
	return good;
}

/* The line that a setting of the table is in, 0 if in none. */
static unsigned
line_of(const struct conf *conf, const char *key)
{
	int i;

	for (i = 0; i < SETTINGS; i++)
		if (strcmp(settings[i].key, key) == 0)
			return conf->lines[i];
	return 0;
}

/* What no setting can tell alone. */
static bool
check_together(const struct conf *conf)
{
	struct password_scheme scheme = conf_scheme(conf);
	unsigned line = line_of(conf, "hash_cost");

	if (password_scheme_valid(&scheme))
		return true;
	log_error("%s:%u: hash_cost: '%lu' is not a cost that hash %s takes; "
		  "the least is %lu",
		conf->file, line > 0 ? line : line_of(conf, "hash"),
		conf->hash_cost, conf->hash, password_least_cost(conf->hash));
	return false;
}

struct conf *
conf_read(const char *file)
{
	struct conf *conf = mem_zero(sizeof *conf);
	bool good;
	int i;

	conf->file = mem_copy(file);
	conf->lines = mem_zero(SETTINGS * sizeof *conf->lines);
	for (i = 0; i < SETTINGS; i++)
		set_value(conf, &settings[i], settings[i].preset);
	good = read_file(conf);
	if (good && check_together(conf))
		return conf;
	conf_free(conf);
	return NULL;
}

void
conf_free(struct conf *conf)
{
	int i;

	if (conf == NULL)
		return;
	for (i = 0; i < SETTINGS; i++)
		if (settings[i].type == TEXT)
			mem_free(*(char **)place(conf, &settings[i]));
	mem_free(conf->file);
	mem_free(conf->lines);
	mem_free(conf);
}

const char *
conf_path(const char *given)
{
	if (given == NULL)
		given = getenv("LATCHKEY_CONF");
	return given != NULL ? given : SYSCONFDIR "/latchkey.conf";
}

static void
print_value(const struct conf *conf, const struct setting *setting, FILE *out)
{
	const void *value = place(conf, setting);
	const char *gap = "";
	int i;

	switch (setting->type) {
	case TEXT:
		fputs(*(char *const *)value, out);
		break;
	case NUMBER:
		fprintf(out, "%lu", *(const unsigned long *)value);
		break;
	case BOOLEAN:
		fputs(setting->words[*(const bool *)value ? 1 : 0], out);
		break;
	case CHOICE:
		fputs(setting->words[*(const unsigned *)value], out);
		break;
	case CLASSES:
		for (i = 0; class_words[i] != NULL; i++)
			if ((*(const unsigned *)value & 1U << i) != 0) {
				fprintf(out, "%s%s", gap, class_words[i]);
				gap = " ";
			}
		break;
	}
}

void
conf_print(const struct conf *conf, FILE *out)
{
	int i;

	for (i = 0; i < SETTINGS; i++) {
		fprintf(out, "%s = ", settings[i].key);
		print_value(conf, &settings[i], out);
		if (conf->lines[i] == 0)
			fputs("  # default\n", out);
		else
			fprintf(out, "  # %s:%u\n", conf->file, conf->lines[i]);
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

	if (conf->policy != POLICY_LENGTH)
		policy = conf->policies[row];
	policy.max_bytes = conf_password_bytes(conf);
	return policy;
}

size_t
conf_password_bytes(const struct conf *conf)
{
	/* bcrypt reads no more, and says nothing. */
	return strcmp(conf->hash, "$2b$") == 0 ? 72 : PASSWORD_BYTES;
}

bool
conf_https(const struct conf *conf)
{
	return strncmp(conf->site_url, "https://", 8) == 0;
}

bool
conf_mails(const struct conf *conf)
{
	return conf->mail_command[0] != '\0';
}

unsigned
conf_code_digits(const struct conf *conf)
{
	return strncmp(conf->code_form, "digits:", 7) == 0
		       ? (unsigned)atoi(conf->code_form + 7)
		       : 0;
}

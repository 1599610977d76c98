/* mail-template.c - the texts of mails, filled in */
#include "config.h"

#include "mail/mail-template.h"

#include "base/file.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The {words} that exist; from the code on, for a code's mail only. */
enum word { SITE, ADDRESS, NAME, CODE, LINK, MINUTES, WORDS };
static const char *const names[WORDS] = {
	"site", "address", "name", "code", "link", "minutes"};

/* The word in those braces; WORDS if there is no such word. */
static enum word
find_word(const char *name, size_t length)
{
	int word;

	for (word = 0; word < WORDS; word++)
		if (strlen(names[word]) == length &&
			strncmp(names[word], name, length) == 0)
			break;
	return (enum word)word;
}

char *
mail_template_site(const struct conf *conf)
{
	size_t length;
	const char *host = conf_host(conf, &length);
	char name[256] = "localhost";

	if (host != NULL)
		return mem_printf("%.*s", (int)length, host);
	gethostname(name, sizeof name - 1);
	return mem_copy(name[0] == '\0' ? "localhost" : name);
}

/* The link to where the code is used; NULL without a site_url. */
static char *
make_link(const struct conf *conf, enum mail_kind kind, const char *code)
{
	size_t length = strlen(conf->site_url);
	const char *page = kind == MAIL_RESET    ? "reset-password"
			   : kind == MAIL_VERIFY ? "verify-email"
						 : NULL;

	if (length == 0 || code == NULL || page == NULL)
		return NULL;
	if (conf->site_url[length - 1] == '/')
		length--;
	return mem_printf(
		"%.*s/%s#code=%s", (int)length, conf->site_url, page, code);
}

/* The value of the word; NULL if it has none. The caller frees. */
static char *
value_of(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, enum word word)
{
	const char *plain = word == ADDRESS ? words->address
			    : word == NAME  ? words->name
			    : word == CODE  ? words->code
					    : NULL;

	if (word == SITE)
		return mail_template_site(conf);
	if (word == LINK)
		return make_link(conf, kind, words->code);
	if (word == MINUTES)
		return mem_printf("%lu", conf->code_life / 60);
	return plain == NULL ? NULL : mem_copy(plain);
}

static void
wipe(char *text)
{
	sodium_memzero(text, strlen(text));
	mem_free(text);
}

/* Fills in one line; NULL if it is to be left out. The caller frees. */
static char *
fill_line(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *line)
{
	char *out = mem_copy(""), *value;
	const char *open, *close;

	for (;; line = close + 1) {
		open = strchr(line, '{');
		close = open == NULL ? NULL : strchr(open, '}');
		if (close == NULL)
			return mem_append(out, "%s", line);
		value = value_of(conf, kind, words,
			find_word(open + 1, (size_t)(close - open - 1)));
		if (value == NULL) {
			wipe(out);
			return NULL;
		}
		out = mem_append(
			out, "%.*s%s", (int)(open - line), line, value);
		wipe(value);
	}
}

/* The template at that path, filled in; NULL if it cannot be read. */
static char *
fill(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *path)
{
	FILE *file = fopen(path, "re");
	struct lines lines;
	char *out, *line;

	if (file == NULL)
		return NULL;
	out = mem_copy("");
	lines_begin(&lines, file);
	while (lines_next(&lines)) {
		line = fill_line(conf, kind, words, lines.text);
		if (line == NULL)
			continue;
		out = mem_append(out, "%s\n", line);
		wipe(line);
	}
	lines_end(&lines);
	fclose(file);
	return out;
}

/* --- files ------------------------------------------------------------- */

/* The path of that template; NULL if it exists nowhere. The caller frees. */
static char *
template_path(
	const struct conf *conf, enum mail_kind kind, const char *language)
{
	char *name, *path;

	if (!name_is_language(language))
		return NULL;
	name = mem_printf("%s/%s.txt", language, mail_kind_name(kind));
	path = file_find(conf->mail_templates, name);
	mem_free(name);
	return path;
}

/* The path of the template of that kind, in the first language that has one.
 * The caller frees. NULL, with the reason in the log, if there is none. */
static char *
find_template(
	const struct conf *conf, enum mail_kind kind, const char *language)
{
	const char *languages[] = {language, conf->language, "en"};
	char *path;
	size_t i;

	for (i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		path = template_path(conf, kind, languages[i]);
		if (path != NULL && access(path, R_OK) == 0)
			return path;
		mem_free(path);
	}
	log_error("mail: %s: no template %s.txt in any language",
		conf->mail_templates, mail_kind_name(kind));
	return NULL;
}

/* --- what can be wrong with one ---------------------------------------- */

struct check {
	const char *path;
	enum mail_kind kind;
	bool linked; /* there is a site_url to link to */
	bool useful; /* a code's mail has the code */
	bool good;
};

static void
check_word(struct check *check, uint64_t line, const char *name, size_t length)
{
	enum word word = find_word(name, length);

	if (word == WORDS) {
		log_error("%s:%llu: {%.*s}: there is no such word; there are "
			  "{site} {address} {name} {code} {link} {minutes}",
			check->path, (unsigned long long)line, (int)length,
			name);
		check->good = false;
	} else if (word >= CODE && !mail_is_code(check->kind)) {
		log_error("%s:%llu: {%s}: there is none in a mail of this kind",
			check->path, (unsigned long long)line, names[word]);
		check->good = false;
	} else if (word == CODE || (word == LINK && check->linked)) {
		check->useful = true;
	}
}

static void
check_line(struct check *check, const struct lines *lines)
{
	const char *open = lines->text, *close;

	if (lines->number == 1 &&
		strncmp(open, MAIL_SUBJECT, strlen(MAIL_SUBJECT)) != 0) {
		log_error("%s:1: not '%s' and a subject", check->path,
			MAIL_SUBJECT);
		check->good = false;
	}
	while ((open = strchr(open, '{')) != NULL &&
		(close = strchr(open, '}')) != NULL) {
		check_word(check, lines->number, open + 1,
			(size_t)(close - open - 1));
		open = close;
	}
}

static bool
check_file(const struct conf *conf, enum mail_kind kind, const char *path)
{
	struct check check = {.path = path,
		.kind = kind,
		.linked = conf->site_url[0] != '\0',
		.useful = !mail_is_code(kind),
		.good = true};
	FILE *file = fopen(path, "re");
	struct lines lines;

	if (file == NULL) {
		log_error("%s: %s", path, strerror(errno));
		return false;
	}
	lines_begin(&lines, file);
	while (lines_next(&lines))
		check_line(&check, &lines);
	lines_end(&lines);
	fclose(file);
	if (check.useful)
		return check.good;
	log_error("%s: no {code}%s: nobody could use the mail", path,
		check.linked ? " and no {link}"
			     : ", and there is no {link} without a site_url");
	return false;
}

/* Checks each template that is used from there: a file in an earlier directory
 * comes before it, and a file that is missing here may be in another. */
static bool
check_language(const struct conf *conf, const char *dir, const char *language)
{
	bool good = true;
	char *path, *used;
	int kind;

	for (kind = 0; kind < MAIL_KINDS; kind++) {
		path = mem_printf("%s/%s/%s.txt", dir, language,
			mail_kind_name((enum mail_kind)kind));
		used = template_path(conf, (enum mail_kind)kind, language);
		if (used != NULL && strcmp(path, used) == 0 &&
			!check_file(conf, (enum mail_kind)kind, path))
			good = false;
		mem_free(path);
		mem_free(used);
	}
	return good;
}

static bool
check_directory(const struct conf *conf, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool good = true;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (name_is_language(entry->d_name) &&
			!check_language(conf, path, entry->d_name))
			good = false;
	if (dir != NULL)
		closedir(dir);
	return good;
}

bool
mail_template_check(const struct conf *conf)
{
	const char *dirs = conf->mail_templates;
	bool good = true;
	char *dir;

	while ((dir = file_next_directory(&dirs)) != NULL) {
		if (!check_directory(conf, dir))
			good = false;
		mem_free(dir);
	}
	return good;
}

bool
mail_template_complete(const struct conf *conf)
{
	bool good = true;
	char *path;
	int kind;

	for (kind = 0; kind < MAIL_KINDS; kind++) {
		path = find_template(conf, (enum mail_kind)kind, "");
		good = good && path != NULL;
		mem_free(path);
	}
	return good;
}

char *
mail_template_fill(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words)
{
	char *path = find_template(conf, kind, language);
	char *out = NULL;

	if (path != NULL && check_file(conf, kind, path))
		out = fill(conf, kind, words, path);
	mem_free(path);
	return out;
}

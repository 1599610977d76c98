/* mail-template.c - the texts of mails, filled in, and the mails made of them
 */
#include "config.h"

#include "mail/mail-template.h"

#include "account/code.h"
#include "base/domain.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sender.h"
#include "base/utf8.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The beginning of a template's first line. */
#define MAIL_SUBJECT "Subject: "

/* The {words} that exist; from the code on, for a code's mail only. */
enum word { SITE, ADDRESS, NAME, USERNAME, CODE, LINK, MINUTES, DAYS, WORDS };
static const char *const names[WORDS] = {"site", "address", "name", "username",
	"code", "link", "minutes", "days"};

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

/* The link to the page where the code is used, with the name that its form has
 * besides; NULL without a site_url. */
static char *
make_link(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words)
{
	static const struct {
		const char *page, *field;
	} pages[MAIL_KINDS] = {
		[MAIL_RESET] = {"reset-password", "email"},
		[MAIL_VERIFY] = {"verify-email", "email"},
		[MAIL_INVITATION] = {"invitation", "username"},
		[MAIL_ADDRESS] = {"email", "email"},
	};
	const char *code = words->code, *name = words->address;
	size_t length = conf_origin_length(conf);

	if (length == 0 || code == NULL || pages[kind].page == NULL)
		return NULL;
	if (kind == MAIL_INVITATION && words->username != NULL)
		name = words->username;
	return mem_append_encoded(
		mem_printf("%.*s/account/%s#code=%s&%s=", (int)length,
			conf->site_url, pages[kind].page, code,
			pages[kind].field),
		name);
}

/* The value of the word; NULL if it has none. The caller frees. */
static char *
value_of(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, enum word word)
{
	const char *plain = word == ADDRESS    ? words->address
			    : word == NAME     ? words->name
			    : word == USERNAME ? words->username
			    : word == CODE     ? words->code
					       : NULL;
	int64_t life = code_life(conf, code_of_mail(kind));

	if (word == SITE)
		return conf_site_name(conf);
	if (word == LINK)
		return make_link(conf, kind, words);
	if (word == MINUTES || word == DAYS)
		return mem_printf(
			"%lld", (long long)life / (word == DAYS ? 86400 : 60));
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
			  "{site} {address} {name} {username} {code} {link} "
			  "{minutes} {days}",
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

/* The template, in the first language that has one, filled in; NULL, with the
 * reason in the log. The caller wipes it, since the code is in it, and
 * frees it. */
static char *
fill_template(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words)
{
	char *path = find_template(conf, kind, language);
	char *out = NULL;

	if (path != NULL && check_file(conf, kind, path))
		out = fill(conf, kind, words, path);
	mem_free(path);
	return out;
}

/* --- any text in seven bits and short lines (RFC 2045, 2047) ----------- */

enum {
	LINE_MAX_BYTES = 76, /* RFC 2045, 6.7 */
	WORD_BYTES = 39      /* of an encoded word: its line has 76 bytes,
			      * too */
};

/* Whether the text can stand in a header as it is. */
static bool
is_plain(const char *text)
{
	const char *at;

	for (at = text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			return false;
	return strstr(text, "=?") == NULL;
}

/* At most WORD_BYTES, without cutting a character of UTF-8 in two. */
static size_t
word_length(const char *text)
{
	size_t length = strlen(text);

	if (length <= WORD_BYTES)
		return length;
	for (length = WORD_BYTES; length > 1; length--)
		if (((unsigned char)text[length] & 0xc0) != 0x80)
			break;
	return length;
}

/* A text as encoded words (RFC 2047): nothing in it can end the line. */
static char *
encode_words(const char *text)
{
	char word[2 * WORD_BYTES], *out;
	size_t length;

	for (out = mem_copy(""); *text != '\0'; text += length) {
		length = word_length(text);
		sodium_bin2base64(word, sizeof word,
			(const unsigned char *)text, length,
			sodium_base64_VARIANT_ORIGINAL);
		out = mem_append(out,
			"%s=?utf-8?B?%s?=", out[0] == '\0' ? "" : "\n ", word);
	}
	return out;
}

/* A person's name before the address (RFC 5322's phrase): in quotes if it can
 * be, else in encoded words. */
static char *
mime_phrase(const char *name)
{
	return is_plain(name) && strpbrk(name, "\"\\") == NULL
		       ? mem_printf("\"%s\"", name)
		       : encode_words(name);
}

/* The text of a mail as quoted-printable. */
static char *
mime_body(const char *text)
{
	char *out = mem_zero(4 * strlen(text) + 16);
	size_t used = 0, column = 0;

	for (; *text != '\0'; text++) {
		unsigned char byte = (unsigned char)*text;
		bool last = text[1] == '\n' || text[1] == '\0';
		bool plain = (byte > 0x20 && byte < 0x7f && byte != '=') ||
			     (byte == ' ' && !last);

		if (byte == '\n') {
			out[used++] = '\n';
			column = 0;
			continue;
		}
		if (column + (plain ? 1U : 3U) > LINE_MAX_BYTES - 1) {
			memcpy(out + used, "=\n", 2);
			used += 2;
			column = 0;
		}
		if (plain)
			out[used] = (char)byte;
		else
			snprintf(out + used, 4, "=%02X", byte);
		used += plain ? 1 : 3;
		column += plain ? 1 : 3;
	}
	out[used] = '\0';
	return out;
}

/* --- the message ------------------------------------------------------- */

/* The name on one line, since readers decode it into one. The caller frees. */
static char *
one_line(const char *name)
{
	char *out = name == NULL ? NULL : mem_copy(name), *at;

	for (at = out; at != NULL && *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	return out;
}

/* A domain, or an address up to its end, in the form that a mail program
 * without SMTPUTF8 takes: the domain in A-labels. The part before the @ has one
 * form only. An old account's may be UTF-8, and the mail program may refuse it.
 * The caller frees. */
static char *
in_ascii(const char *address)
{
	const char *at = strrchr(address, '@');
	const char *domain = at == NULL ? address : at + 1;
	char ascii[DOMAIN_SIZE];

	return utf8_is_ascii(domain, strlen(domain)) ||
			       !domain_to_ascii(domain, ascii)
		       ? mem_copy(address)
		       : mem_printf("%.*s%s", (int)(domain - address), address,
				 ascii);
}

/* An address alone, or after a name. The caller frees. */
static char *
make_mailbox(const char *name, const char *address)
{
	char *ascii = in_ascii(address), *phrase, *out;

	if (name == NULL || name[0] == '\0')
		return ascii;
	phrase = mime_phrase(name);
	out = mem_printf("%s\n <%s>", phrase, ascii);
	mem_free(phrase);
	mem_free(ascii);
	return out;
}

static char *
make_from(const struct conf *conf, const char *host)
{
	struct sender sender;

	if (!sender_read(conf->mail_from, &sender))
		return mem_printf("latchkey@%s", host);
	return make_mailbox(sender.name, sender.address);
}

static char *
make_headers(const struct conf *conf, const struct mail_words *words,
	const char *subject)
{
	char *site = conf_site_host(conf), *host = in_ascii(site);
	char *from = make_from(conf, host);
	char *to = make_mailbox(words->name, words->address);
	char *encoded =
		is_plain(subject) ? mem_copy(subject) : encode_words(subject);
	char *out;
	unsigned char id[16];
	char hex[2 * sizeof id + 1], date[64];
	time_t now = time(NULL);
	struct tm utc;

	randombytes_buf(id, sizeof id);
	sodium_bin2hex(hex, sizeof hex, id, sizeof id);
	gmtime_r(&now, &utc);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	out = mem_printf("From: %s\n"
			 "To: %s\n"
			 "Subject: %s\n"
			 "Date: %s\n"
			 "Message-ID: <%s@%s>\n"
			 "Auto-Submitted: auto-generated\n"
			 "MIME-Version: 1.0\n"
			 "Content-Type: text/plain; charset=utf-8\n"
			 "Content-Transfer-Encoding: quoted-printable\n",
		from, to, encoded, date, hex, host);
	mem_free(site);
	mem_free(host);
	mem_free(from);
	mem_free(to);
	mem_free(encoded);
	return out;
}

/* The message of a filled template; NULL, said in the log, if it has no
 * subject. */
static char *
compose(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, char *filled)
{
	const size_t label = strlen(MAIL_SUBJECT);
	char *end = strchr(filled, '\n'), *body, *out;

	if (strncmp(filled, MAIL_SUBJECT, label) != 0 || end == NULL) {
		log_error("mail: the template %s.txt has no 'Subject: ' in its "
			  "first line",
			mail_kind_name(kind));
		return NULL;
	}
	*end = '\0';
	body = mime_body(end + 1 + (end[1] == '\n'));
	out = mem_append(
		make_headers(conf, words, filled + label), "\n%s", body);
	wipe(body);
	return out;
}

char *
mail_template_message(const struct conf *conf, enum mail_kind kind,
	const char *language, const struct mail_words *words)
{
	struct mail_words safe = *words;
	char *name = one_line(words->name), *filled, *out = NULL;

	safe.name = name;
	filled = fill_template(conf, kind, language, &safe);
	if (filled != NULL) {
		out = compose(conf, kind, &safe, filled);
		wipe(filled);
	}
	mem_free(name);
	return out;
}

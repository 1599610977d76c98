/* mail-message.c - the text of a mail */
#include "config.h"

#include "mail-message.h"

#include "log.h"
#include "mem.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TEMPLATE_MAX = 32768,
	LINE_MAX_BYTES = 76, /* RFC 2045, 6.7 */
	WORD_BYTES = 39      /* of an encoded word: its line has 76, too */
};

/* --- what words become ------------------------------------------------- */

/* The host of site_url, else this machine's name. The caller frees. */
static char *
site_host(const struct conf *conf)
{
	size_t length;
	const char *host = conf_host(conf, &length);
	char name[256] = "localhost";

	if (host != NULL)
		return mem_printf("%.*s", (int)length, host);
	gethostname(name, sizeof name - 1);
	return mem_copy(name[0] == '\0' ? "localhost" : name);
}

/* Where the code can be put in; NULL without a site_url. */
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

/* The value of {name}; NULL if it is nothing. The caller frees. */
static char *
value_of(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *name, size_t length)
{
	const struct {
		const char *name;
		const char *value;
	} plain[] = {
		{"address", words->address},
		{"name", words->name},
		{"code", words->code},
	};
	size_t i;

	for (i = 0; i < sizeof plain / sizeof plain[0]; i++)
		if (strlen(plain[i].name) == length &&
			strncmp(plain[i].name, name, length) == 0)
			return plain[i].value == NULL
				       ? NULL
				       : mem_copy(plain[i].value);
	if (length == 4 && strncmp(name, "site", 4) == 0)
		return site_host(conf);
	if (length == 4 && strncmp(name, "link", 4) == 0)
		return make_link(conf, kind, words->code);
	if (length == 7 && strncmp(name, "minutes", 7) == 0)
		return mem_printf("%lu", conf->code_life / 60);
	return NULL;
}

/* Fills in one line; NULL if it is to be left out. The caller frees. */
static char *
fill_line(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *line, size_t length)
{
	char *out = mem_copy(""), *value;
	const char *end = line + length, *open, *close;

	for (;;) {
		open = memchr(line, '{', (size_t)(end - line));
		close = open == NULL ? NULL
				     : memchr(open, '}', (size_t)(end - open));
		if (close == NULL)
			break;
		value = value_of(conf, kind, words, open + 1,
			(size_t)(close - open - 1));
		if (value == NULL) {
			sodium_memzero(out, strlen(out));
			mem_free(out);
			return NULL;
		}
		out = mem_append(
			out, "%.*s%s", (int)(open - line), line, value);
		sodium_memzero(value, strlen(value));
		mem_free(value);
		line = close + 1;
	}
	return mem_append(out, "%.*s", (int)(end - line), line);
}

static char *
fill(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, const char *template)
{
	char *out = mem_copy(""), *line;
	size_t length;

	for (; template[0] != '\0'; template += length) {
		length = strcspn(template, "\n");
		line = fill_line(conf, kind, words, template, length);
		length += template[length] == '\n';
		if (line == NULL)
			continue;
		out = mem_append(out, "%s\n", line);
		sodium_memzero(line, strlen(line));
		mem_free(line);
	}
	return out;
}

/* --- templates --------------------------------------------------------- */

static char *
read_template(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text;
	size_t length;

	if (file == NULL)
		return NULL;
	text = mem_zero(TEMPLATE_MAX + 1);
	length = fread(text, 1, TEMPLATE_MAX, file);
	text[length] = '\0';
	fclose(file);
	return text;
}

static char *
find_template(
	const struct conf *conf, enum mail_kind kind, const char *language)
{
	const char *languages[] = {language, conf->language, "en"};
	char *path, *text = NULL;
	size_t i;

	for (i = 0; i < 3 && text == NULL; i++) {
		path = mem_printf("%s/%s/%s.txt", conf->mail_templates,
			languages[i], mail_kind_name(kind));
		if (name_is_language(languages[i]))
			text = read_template(path);
		mem_free(path);
	}
	if (text == NULL)
		log_error("mail: %s: no template %s.txt in any language",
			conf->mail_templates, mail_kind_name(kind));
	return text;
}

/* --- encoding ---------------------------------------------------------- */

/* Whether it can stand in a header as it is. */
static bool
is_plain(const char *text)
{
	const char *at;

	for (at = text; *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			return false;
	return strstr(text, "=?") == NULL;
}

/* A name on one line, since readers decode it into one. The caller frees. */
static char *
one_line(const char *name)
{
	char *out = name == NULL ? NULL : mem_copy(name), *at;

	for (at = out; at != NULL && *at != '\0'; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	return out;
}

/* Up to WORD_BYTES, without cutting a character of UTF-8 in two. */
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

static char *
encode_header(const char *text)
{
	return is_plain(text) ? mem_copy(text) : encode_words(text);
}

/* The To: an address alone, or after a name; a plain name is quoted. */
static char *
encode_to(const struct mail_words *words)
{
	char *name, *out;

	if (words->name == NULL || words->name[0] == '\0')
		return mem_copy(words->address);
	name = is_plain(words->name) && strpbrk(words->name, "\"\\") == NULL
		       ? mem_printf("\"%s\"", words->name)
		       : encode_words(words->name);
	out = mem_printf("%s\n <%s>", name, words->address);
	mem_free(name);
	return out;
}

/* Quoted-printable (RFC 2045, 6.7). */
static char *
encode_body(const char *text)
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

static char *
headers(const struct conf *conf, const struct mail_words *words,
	const char *subject)
{
	char *host = site_host(conf), *to = encode_to(words);
	char *encoded = encode_header(subject), *out;
	unsigned char id[16];
	char hex[2 * sizeof id + 1], date[64];
	time_t now = time(NULL);
	struct tm utc;

	randombytes_buf(id, sizeof id);
	sodium_bin2hex(hex, sizeof hex, id, sizeof id);
	gmtime_r(&now, &utc);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc);
	out = mem_printf("From: %s%s\n"
			 "To: %s\n"
			 "Subject: %s\n"
			 "Date: %s\n"
			 "Message-ID: <%s@%s>\n"
			 "Auto-Submitted: auto-generated\n"
			 "MIME-Version: 1.0\n"
			 "Content-Type: text/plain; charset=utf-8\n"
			 "Content-Transfer-Encoding: quoted-printable\n",
		conf->mail_from[0] == '\0' ? "latchkey@" : conf->mail_from,
		conf->mail_from[0] == '\0' ? host : "", to, encoded, date, hex,
		host);
	mem_free(host);
	mem_free(to);
	mem_free(encoded);
	return out;
}

/* Splits a filled template into its subject and its text, in place. */
static bool
split(char *filled, char **subject, char **text)
{
	static const char label[] = "Subject: ";
	char *end = strchr(filled, '\n');

	if (strncmp(filled, label, sizeof label - 1) != 0 || end == NULL)
		return false;
	*end = '\0';
	*subject = filled + sizeof label - 1;
	*text = end + 1 + (end[1] == '\n');
	return true;
}

char *
mail_message(const struct conf *conf, enum mail_kind kind, const char *language,
	const struct mail_words *words)
{
	char *template = find_template(conf, kind, language);
	char *filled, *subject, *text, *body, *out = NULL;
	char *name;
	struct mail_words safe = *words;

	if (template == NULL)
		return NULL;
	safe.name = name = one_line(words->name);
	filled = fill(conf, kind, &safe, template);
	if (split(filled, &subject, &text)) {
		body = encode_body(text);
		out = mem_append(headers(conf, &safe, subject), "\n%s", body);
		sodium_memzero(body, strlen(body));
		mem_free(body);
	} else {
		log_error("mail: the template %s.txt has no 'Subject: ' in its "
			  "first line",
			mail_kind_name(kind));
	}
	sodium_memzero(filled, strlen(filled));
	mem_free(filled);
	mem_free(template);
	mem_free(name);
	return out;
}

/* mail-message.c - a mail from its first header to its end */
#include "config.h"

#include "mail/mail-message.h"

#include "base/domain.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/sender.h"
#include "base/utf8.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

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
	char *site = mail_template_site(conf), *host = in_ascii(site);
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
	sodium_memzero(body, strlen(body));
	mem_free(body);
	return out;
}

char *
mail_message(const struct conf *conf, enum mail_kind kind, const char *language,
	const struct mail_words *words)
{
	struct mail_words safe = *words;
	char *name = one_line(words->name), *filled, *out = NULL;

	safe.name = name;
	filled = mail_template_fill(conf, kind, language, &safe);
	if (filled != NULL) {
		out = compose(conf, kind, &safe, filled);
		sodium_memzero(filled, strlen(filled));
		mem_free(filled);
	}
	mem_free(name);
	return out;
}

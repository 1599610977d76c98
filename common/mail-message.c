/* mail-message.c - a mail from its first header to its end */
#include "config.h"

#include "mail-message.h"

#include "log.h"
#include "mem.h"
#include "mime.h"

#include <sodium.h>
#include <string.h>
#include <time.h>

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

/* The To: an address alone, or after a name. */
static char *
make_to(const struct mail_words *words)
{
	char *name, *out;

	if (words->name == NULL || words->name[0] == '\0')
		return mem_copy(words->address);
	name = mime_phrase(words->name);
	out = mem_printf("%s\n <%s>", name, words->address);
	mem_free(name);
	return out;
}

static char *
make_headers(const struct conf *conf, const struct mail_words *words,
	const char *subject)
{
	char *host = mail_template_site(conf), *to = make_to(words);
	char *encoded = mime_header(subject), *out;
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

/* The message of a filled template; NULL, and said, if it has no subject. */
static char *
compose(const struct conf *conf, enum mail_kind kind,
	const struct mail_words *words, char *filled)
{
	char *subject, *text, *body, *out;

	if (!split(filled, &subject, &text)) {
		log_error("mail: the template %s.txt has no 'Subject: ' in its "
			  "first line",
			mail_kind_name(kind));
		return NULL;
	}
	body = mime_body(text);
	out = mem_append(make_headers(conf, words, subject), "\n%s", body);
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

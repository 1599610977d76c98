/* pq-uri.c - where a database is: postgresql://USER@HOST/DATABASE?WORD=VALUE */
#include "config.h"

#include "store/pq-uri.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char scheme[] = "postgresql://";

#define FORM                                                                   \
	"postgresql://USER@HOST[:PORT][,HOST...]/DATABASE[?WORD=VALUE&...], "  \
	"of letters, digits and signs without blanks"
#define SECRET                                                                 \
	"a place for a password: it belongs into a file, by passfile=, "       \
	"PGPASSFILE or the credential pgpass"
/* Of libpq's words those that latchkey decides itself. Its limits of time are
 * such that a request has its answer in time. */
#define OURS(word) "to say " word ", since latchkey decides that itself"
#define ELSEWHERE(word)                                                        \
	"to say " word ", which would take settings from another file"

/* libpq's words. One that is missing here is refused, too. */
enum value { TEXT, FILE_NAME, DIRECTORY, REFUSED };
static const struct word {
	const char *name;
	enum value value;
	const char *why; /* it is refused */
} words[] = {
	{"host", TEXT, NULL},
	{"hostaddr", TEXT, NULL},
	{"port", TEXT, NULL},
	{"passfile", FILE_NAME, NULL},
	{"sslmode", TEXT, NULL},
	{"sslrootcert", FILE_NAME, NULL},
	{"sslcert", FILE_NAME, NULL},
	{"sslkey", FILE_NAME, NULL},
	{"sslcrl", FILE_NAME, NULL},
	{"sslcrldir", DIRECTORY, NULL},
	{"sslsni", TEXT, NULL},
	{"ssl_min_protocol_version", TEXT, NULL},
	{"ssl_max_protocol_version", TEXT, NULL},
	{"channel_binding", TEXT, NULL},
	{"requirepeer", TEXT, NULL},
	{"password", REFUSED, SECRET},
	{"sslpassword", REFUSED, SECRET},
	{"service", REFUSED, ELSEWHERE("service")},
	{"connect_timeout", REFUSED, OURS("connect_timeout")},
	{"tcp_user_timeout", REFUSED, OURS("tcp_user_timeout")},
	{"keepalives", REFUSED, OURS("keepalives")},
	{"keepalives_idle", REFUSED, OURS("keepalives_idle")},
	{"keepalives_interval", REFUSED, OURS("keepalives_interval")},
	{"keepalives_count", REFUSED, OURS("keepalives_count")},
	{"target_session_attrs", REFUSED, OURS("target_session_attrs")},
	{"gssencmode", REFUSED, OURS("gssencmode")},
	{"application_name", REFUSED, OURS("application_name")},
	{"options", REFUSED,
		"to say options: give the role its search_path in the "
		"database, by ALTER ROLE"},
};
enum { WORDS = sizeof words / sizeof words[0] };

bool
pq_uri_is(const char *text)
{
	return strncmp(text, scheme, sizeof scheme - 1) == 0;
}

/* The word at the beginning of `text`, which is `length` long; NULL if there
 * is none such. */
static const struct word *
find_word(const char *text, size_t length)
{
	int i;

	for (i = 0; i < WORDS; i++)
		if (strlen(words[i].name) == length &&
			strncmp(words[i].name, text, length) == 0)
			return &words[i];
	return NULL;
}

/* The byte that `*at` begins with, decoded; `*at` goes on behind it. */
static char
take_byte(const char **at)
{
	char digits[3] = {0};

	if (**at != '%')
		return *(*at)++;
	memcpy(digits, *at + 1, 2);
	*at += 3;
	return (char)strtoul(digits, NULL, 16);
}

/* The first `length` bytes of a text without a flaw, decoded. */
static char *
decode(const char *text, size_t length)
{
	const char *end = text + length;
	char *decoded = mem_zero(length + 1), *to = decoded;

	while (text < end)
		*to++ = take_byte(&text);
	return decoded;
}

/* What follows a name that latchkey can work with; NULL if there is none. */
static const char *
pass_name(const char *text)
{
	size_t length = strcspn(text, ":@/?&=,");

	return length == 0 ? NULL : text + length;
}

/* All of it is printed, has no sign that a configuration or a shell takes for
 * its own, and each % stands for a byte. */
static bool
is_written_well(const char *text)
{
	static const char hex[] = "0123456789abcdefABCDEF";

	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~' ||
			strchr("\"'\\#<>`^{|}", *text) != NULL ||
			(*text == '%' &&
				(strspn(text + 1, hex) < 2 ||
					strncmp(text + 1, "00", 2) == 0)))
			return false;
	return true;
}

/* libpq opens the file again and again, inside the sandbox. So the sandbox lets
 * the programs read its directory. */
static const char *
path_flaw(const char *text, size_t length)
{
	char *path = decode(text, length);
	bool good = path[0] == '/' && path[1] != '\0' &&
		    strchr(path + 1, '/') != NULL;

	mem_free(path);
	return good ? NULL
		    : "with absolute paths of files, each in a directory";
}

/* What is wrong with one WORD=VALUE. */
static const char *
pair_flaw(const char *pair, size_t length)
{
	size_t name = strcspn(pair, "=&");
	const struct word *word = find_word(pair, name);

	if (pair[name] != '=' || name + 1 == length ||
		memchr(pair + name + 1, '=', length - name - 1) != NULL)
		return FORM;
	if (word == NULL)
		return "made of the words that latchkey.conf(5) lists";
	if (word->value == FILE_NAME || word->value == DIRECTORY)
		return path_flaw(pair + name + 1, length - name - 1);
	return word->why;
}

static const char *
pairs_flaw(const char *pairs)
{
	const char *flaw = NULL;
	size_t length;

	while (flaw == NULL && *pairs != '\0') {
		pairs++; /* ? or & */
		length = strcspn(pairs, "&");
		flaw = pair_flaw(pairs, length);
		pairs += length;
	}
	return flaw;
}

const char *
pq_uri_flaw(const char *uri)
{
	const char *at = pass_name(uri + sizeof scheme - 1);

	if (at != NULL && *at == ':' && at[strcspn(at, "@/?")] == '@')
		return SECRET;
	if (at == NULL || *at != '@' || !is_written_well(uri))
		return FORM;
	at += strcspn(at, "/?");
	at = *at == '/' ? pass_name(at + 1) : NULL;
	if (at == NULL || (*at != '\0' && *at != '?'))
		return FORM;
	return pairs_flaw(at);
}

/* The directory that the value of a pair names; NULL if it names none. */
static char *
directory_in(const char *pair, size_t length)
{
	size_t name = strcspn(pair, "=");
	const struct word *word = find_word(pair, name);
	char *path;

	if (word == NULL ||
		(word->value != FILE_NAME && word->value != DIRECTORY))
		return NULL;
	path = decode(pair + name + 1, length - name - 1);
	if (word->value == FILE_NAME)
		*strrchr(path, '/') = '\0';
	return path;
}

char *
pq_uri_next_directory(const char **uri)
{
	char *found = NULL;
	size_t length;

	*uri += strcspn(*uri, "?&");
	while (found == NULL && **uri != '\0') {
		length = strcspn(++*uri, "&");
		found = directory_in(*uri, length);
		*uri += length;
	}
	return found;
}

/* pq-uri.c - where a database is: postgresql://USER@HOST/DATABASE?WORD=VALUE */
#include "config.h"

#include "store/pq-uri.h"

#include "base/mem.h"

#include <assert.h>
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

#define MANY_HOSTS "with 16 hosts at most"
#define BAD_PORT "with ports from 1 to 65535"

/* libpq's words. One that is missing here is refused, too. */
enum value { TEXT, HOSTS, PORTS, FILE_NAME, DIRECTORY, REFUSED };
static const struct word {
	const char *name;
	enum value value;
	const char *why; /* it is refused */
} words[] = {
	{"host", HOSTS, NULL},
	{"hostaddr", HOSTS, NULL},
	{"port", PORTS, NULL},
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
path_flaw(const char *path)
{
	bool good = path[0] == '/' && path[1] != '\0' &&
		    strchr(path + 1, '/') != NULL;

	return good ? NULL
		    : "with absolute paths of files, each in a directory";
}

static const char *
hosts_flaw(const char *list)
{
	int count;

	static_assert(PQ_URI_HOSTS == 16, "MANY_HOSTS says so");
	for (count = 1; (list = strchr(list, ',')) != NULL; count++)
		list++;
	return count > PQ_URI_HOSTS ? MANY_HOSTS : NULL;
}

/* Nothing is libpq's own port. */
static const char *
port_flaw(const char *text, size_t length)
{
	long port = strtol(text, NULL, 10);
	bool good = strspn(text, "0123456789") == length && length <= 5 &&
		    port >= 1 && port <= 65535;

	return good || length == 0 ? NULL : BAD_PORT;
}

static const char *
ports_flaw(const char *list)
{
	const char *flaw;
	size_t length;

	do {
		length = strcspn(list, ",");
		flaw = port_flaw(list, length);
		list += length;
	} while (flaw == NULL && *list++ == ',');
	return flaw;
}

/* What is wrong with HOST:PORT,[HOST]:PORT, up to the slash behind it. */
static const char *
authority_flaw(const char *text, size_t length)
{
	char *list = mem_printf("%.*s", (int)length, text), *at = list;
	const char *flaw = hosts_flaw(list);

	while (flaw == NULL && at != NULL) {
		at += *at == '[' ? strcspn(at, "]") : 0;
		at += strcspn(at, ":,");
		if (*at == ':')
			flaw = port_flaw(at + 1, strcspn(at + 1, ","));
		at = strchr(at, ',');
		if (at != NULL)
			at++;
	}
	mem_free(list);
	return flaw;
}

static const char *
value_flaw(const struct word *word, const char *value)
{
	switch (word->value) {
	case HOSTS:
		return hosts_flaw(value);
	case PORTS:
		return ports_flaw(value);
	case FILE_NAME:
	case DIRECTORY:
		return path_flaw(value);
	case TEXT:
	case REFUSED:
		break;
	}
	return word->why;
}

/* What is wrong with one WORD=VALUE. */
static const char *
pair_flaw(const char *pair, size_t length)
{
	size_t name = strcspn(pair, "=&");
	const struct word *word = find_word(pair, name);
	const char *flaw;
	char *value;

	if (pair[name] != '=' || name + 1 == length ||
		memchr(pair + name + 1, '=', length - name - 1) != NULL)
		return FORM;
	if (word == NULL)
		return "made of the words that latchkey.conf(5) lists";
	value = decode(pair + name + 1, length - name - 1);
	flaw = value_flaw(word, value);
	mem_free(value);
	return flaw;
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
	const char *at = pass_name(uri + sizeof scheme - 1), *hosts, *flaw;

	if (at != NULL && *at == ':' && at[strcspn(at, "@/?")] == '@')
		return SECRET;
	if (at == NULL || *at != '@' || !is_written_well(uri))
		return FORM;
	hosts = at + 1;
	at += strcspn(at, "/?");
	flaw = authority_flaw(hosts, (size_t)(at - hosts));
	at = *at == '/' ? pass_name(at + 1) : NULL;
	if (at == NULL || (*at != '\0' && *at != '?'))
		return FORM;
	return flaw != NULL ? flaw : pairs_flaw(at);
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

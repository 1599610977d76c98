/* mail-message.c - what a mail looks like, to the byte */
#include "config.h"

#include "mail-message.h"
#include "unit.h"

#include <sodium.h>
#include <sys/stat.h>

static struct site site;

/* The message of a template, made for this one. */
static char *
message(const char *template, const char *name, const char *code)
{
	struct mail_words words = {"ann@example.com", name, code};

	unit_file("mail/en/reset.txt", template, strlen(template));
	return mail_message(site.conf, MAIL_RESET, "", &words);
}

/* The length of its longest line. */
static size_t
longest(const char *text)
{
	size_t length, most = 0;

	for (; *text != '\0'; text += length + (text[length] == '\n')) {
		length = strcspn(text, "\n");
		if (length > most)
			most = length;
	}
	return most;
}

/* Whether it has that header, folded like this. */
static bool
has(const char *text, const char *wanted)
{
	const char *at = strstr(text, wanted);

	return at != NULL && (at == text || at[-1] == '\n') &&
	       at < strstr(text, "\n\n") + 1;
}

/* Whether every encoded word is whole characters: the last of a character of
 * two bytes has no other after it, the first no end. */
static bool
words_whole(const char *text)
{
	unsigned char bytes[64];
	size_t length;
	int count = 0;

	while ((text = strstr(text, "=?utf-8?B?")) != NULL) {
		text += 10;
		if (sodium_base642bin(bytes, sizeof bytes, text,
			    strcspn(text, "?"), NULL, &length, NULL,
			    sodium_base64_VARIANT_ORIGINAL) != 0 ||
			length == 0 || (bytes[0] & 0xc0) == 0x80 ||
			bytes[length - 1] >= 0xc0)
			return false;
		count++;
	}
	return count > 1;
}

static void
test_headers(void)
{
	char name[200] = "a", *text;
	int i;

	text = message("Subject: plain\n\nText\n", NULL, NULL);
	ok(has(text, "To: ann@example.com\n"), "an address alone");
	ok(has(text, "Subject: plain\n"), "a plain subject");
	ok(has(text, "From: latchkey@id.example.org\n"), "the sender");
	mem_free(text);
	text = message("Subject: s\n\nText\n", "Ann A.", NULL);
	ok(has(text, "To: \"Ann A.\"\n <ann@example.com>\n"), "a plain name");
	mem_free(text);
	text = message("Subject: s\n\nText\n", "An \"a\\", NULL);
	ok(has(text, "To: =?utf-8?B?QW4gImFc?=\n <ann@example.com>\n"),
		"a name with quotes");
	mem_free(text);
	text = message("Subject: s\n\nText\n", "=?utf-8?Q?x?=", NULL);
	ok(has(text, "To: =?utf-8?B?PT91dGYtOD9RP3g/PQ==?=\n "),
		"a name that looks encoded");
	mem_free(text);
	text = message(
		"Subject: for {name}\n\nText\n", "a\r\nBcc: b\x7f", NULL);
	ok(has(text, "To: \"a  Bcc: b \"\n <ann@example.com>\n"),
		"a name with a line break");
	ok(has(text, "Subject: for a  Bcc: b \n"), "in a subject");
	mem_free(text);
	for (i = 0; i < 3; i++) { /* at each place in a character's bytes */
		memset(name, 'a', (size_t)i + 1);
		for (name[i + 1] = '\0'; strlen(name) < 150;)
			strcat(name, "\xc3\xbc");
		text = message("Subject: {name}\n\nText\n", name, NULL);
		ok(words_whole(text), "words of whole characters, %d", i);
		ok(longest(text) <= 76, "lines of headers, %d", i);
		mem_free(text);
	}
}

static void
test_body(void)
{
	char template[1200] = "Subject: s\n\n", *text;
	const char *body;
	int i;

	for (i = 0; i < 150; i++)
		strcat(template, i % 7 == 0 ? "\xc3\xbc=" : "word ");
	strcat(template, "\nend \n\ttab\t\n");
	text = message(template, NULL, NULL);
	body = strstr(text, "\n\n") + 2;
	ok(longest(body) <= 76, "lines of the text");
	ok(strstr(body, "=C3=BC=3D") != NULL, "what is not plain, as codes");
	ok(strstr(body, "\nend=20\n=09tab=09\n") != NULL,
		"blanks at a line's end");
	mem_free(text);
}

static void
test_words(void)
{
	static const char template[] =
		"Subject: s\n\n{site} {address} {minutes} {other\n{name}\n"
		"{code}\n{link}\n{unknown} x\nlast";
	char *text = message(template, NULL, "ABCD-EFGH-JKMN");

	is_str(strstr(text, "\n\n") + 2,
		"id.example.org ann@example.com 10 {other\nABCD-EFGH-JKMN\n"
		"https://id.example.org/reset-password#code=3DABCD-EFGH-JKMN\n"
		"last\n",
		"all words; lines without one are left out");
	mem_free(text);
	text = message(template, "Ann", NULL);
	is_str(strstr(text, "\n\n") + 2,
		"id.example.org ann@example.com 10 {other\nAnn\nlast\n",
		"no code, no link");
	mem_free(text);
	strcpy(site.conf->site_url, "http://[::1]:8080");
	text = message("Subject: s\n\n{site}\n", NULL, NULL);
	ok(strstr(text, "@[::1]>\n") != NULL &&
			strstr(text, "From: latchkey@[::1]\n") != NULL &&
			strstr(text, "\n\n[::1]\n") != NULL,
		"an IPv6 site's port is not in its name");
	mem_free(text);
	site.conf->site_url[0] = '\0';
	text = message(template, NULL, "ABCD-EFGH-JKMN");
	ok(strstr(text, "\nABCD-EFGH-JKMN\nlast\n") != NULL,
		"no site_url, no link");
	mem_free(text);
	text = message(
		"Subject: s\r\n\r\nText\r\n{name}\r\nend\r\n", NULL, NULL);
	ok(has(text, "Subject: s\n"), "a template with CRLF");
	is_str(strstr(text, "\n\n") + 2, "Text\nend\n", "and its text");
	mem_free(text);
	unit_log();
	ok(message("no subject\n", NULL, NULL) == NULL &&
			strstr(unit_log(), "has no 'Subject: '") != NULL,
		"a template without a subject");
}

int
main(void)
{
	char path[300], *settings;

	unit_begin();
	snprintf(path, sizeof path, "%s/mail", unit_dir);
	mkdir(path, 0700);
	settings = mem_printf(UNIT_FAST "site_url = https://id.example.org\n"
					"mail_templates = %s\n",
		path);
	strcat(path, "/en");
	mkdir(path, 0700);
	unit_site(&site, settings);
	mem_free(settings);
	test_headers();
	test_body();
	test_words();
	site_close(&site);
	return done();
}

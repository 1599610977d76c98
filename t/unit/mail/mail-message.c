/* mail-message.c - what a mail looks like, to the byte */
#include "config.h"

#include "mail/mail-template.h"
#include "unit.h"

#include <sodium.h>
#include <sys/stat.h>

static struct site site;

/* The message of a template, made for this one. */
static char *
message(const char *template, const char *name, const char *code)
{
	struct mail_words words = {
		.address = "ann@example.com", .name = name, .code = code};
	enum mail_kind kind = code != NULL ? MAIL_RESET : MAIL_CHANGED;
	char file[32];

	snprintf(file, sizeof file, "mail/en/%s.txt", mail_kind_name(kind));
	unit_file(file, template, strlen(template));
	return mail_template_message(site.conf, kind, "", &words);
}

/* An invitation of the account with that username. */
static char *
invitation(const char *username)
{
	static const char template[] =
		"Subject: s\n\n{username}\n{code}\n{link}\n";
	const struct mail_words words = {.address = "ann@example.com",
		.code = "ABCD-EFGH-JKMN",
		.username = username};

	unit_file("mail/en/invitation.txt", template, strlen(template));
	return mail_template_message(site.conf, MAIL_INVITATION, "", &words);
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
set_from(const char *from)
{
	mem_free(site.conf->mail_from);
	site.conf->mail_from = mem_copy(from);
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
	set_from("accounts@example.org");
	text = message("Subject: s\n\nText\n", NULL, NULL);
	ok(has(text, "From: accounts@example.org\n"), "mail_from");
	mem_free(text);
	set_from("J\xc3\xb6rg, Example <accounts@example.org>");
	text = message("Subject: s\n\nText\n", NULL, NULL);
	ok(has(text, "From: =?utf-8?B?SsO2cmcsIEV4YW1wbGU=?=\n "
		     "<accounts@example.org>\n"),
		"with a name");
	mem_free(text);
	set_from("\"Example, Inc.\" <accounts@example.org>");
	text = message("Subject: s\n\nText\n", NULL, NULL);
	ok(has(text, "From: \"Example, Inc.\"\n <accounts@example.org>\n"),
		"that has quotes already");
	mem_free(text);
	set_from("");
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

/* What a mail program without SMTPUTF8 takes. */
static void
test_domains(void)
{
	static const struct {
		const char *address, *name, *to;
	} addresses[] = {
		{"Ann@b\xc3\xbc"
		 "cher.example",
			NULL, "To: Ann@xn--bcher-kva.example\n"},
		{"Ann@b\xc3\xbc"
		 "cher.example",
			"Ann", "To: \"Ann\"\n <Ann@xn--bcher-kva.example>\n"},
		{"Ann@Example.ORG", NULL, "To: Ann@Example.ORG\n"},
		/* from before there were rules: it goes as it is */
		{"\xc3\xbc@b\xc3\xbc"
		 "cher.example",
			NULL, "To: \xc3\xbc@xn--bcher-kva.example\n"},
		{"ann@b_\xc3\xbc", NULL, "To: ann@b_\xc3\xbc\n"},
	};
	static const char template[] = "Subject: s\n\nText\n";
	struct mail_words words = {.address = NULL};
	struct site own;
	char *text;
	size_t i;

	unit_file("mail/en/changed.txt", template, sizeof template - 1);
	for (i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		words.address = addresses[i].address;
		words.name = addresses[i].name;
		text = mail_template_message(
			site.conf, MAIL_CHANGED, "", &words);
		ok(has(text, addresses[i].to), "%s", addresses[i].address);
		mem_free(text);
	}
	text = mem_printf("site_url = https://b\xc3\xbc"
			  "cher.example\n"
			  "mail_templates = %s/mail\n",
		unit_dir);
	unit_site(&own, text);
	mem_free(text);
	text = mail_template_message(own.conf, MAIL_CHANGED, "", &words);
	ok(has(text, "From: latchkey@xn--bcher-kva.example\n"),
		"the sender at the site's host");
	ok(strstr(text, "@xn--bcher-kva.example>\n") != NULL,
		"and the Message-ID");
	mem_free(text);
	site_close(&own);
	text = mem_printf("mail_from = a@b\xc3\xbc"
			  "cher.example\n"
			  "mail_templates = %s/mail\n",
		unit_dir);
	unit_site(&own, text);
	mem_free(text);
	text = mail_template_message(own.conf, MAIL_CHANGED, "", &words);
	ok(has(text, "From: a@xn--bcher-kva.example\n"), "mail_from");
	mem_free(text);
	site_close(&own);
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
		"{code}\n{link}\nlast";
	char *text = message(template, NULL, "ABCD-EFGH-JKMN");

	is_str(strstr(text, "\n\n") + 2,
		"id.example.org ann@example.com 10 {other\nABCD-EFGH-JKMN\n"
		"https://id.example.org/account/"
		"reset-password#code=3DABCD-EFGH-JKMN&email=\n"
		"=3Dann%40example.com\n"
		"last\n",
		"all words; lines without one are left out");
	mem_free(text);
	text = invitation("Ann B");
	is_str(strstr(text, "\n\n") + 2,
		"Ann B\nABCD-EFGH-JKMN\n"
		"https://id.example.org/account/"
		"invitation#code=3DABCD-EFGH-JKMN&username=3D=\n"
		"Ann%20B\n",
		"an invitation has the username, in the link, too");
	mem_free(text);
	text = invitation(NULL);
	is_str(strstr(text, "\n\n") + 2,
		"ABCD-EFGH-JKMN\n"
		"https://id.example.org/account/"
		"invitation#code=3DABCD-EFGH-JKMN&username=3D=\n"
		"ann%40example.com\n",
		"or the address, where there is none");
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
	text = message("\xef\xbb\xbfSubject: s\n\nText\n", NULL, NULL);
	ok(has(text, "Subject: s\n"), "one with a byte order mark");
	mem_free(text);
}

/* What no mail is made of; without a site_url. */
static const struct {
	const char *name, *template;
	bool code;
	const char *said;
} wrong[] = {
	{"no subject", "no subject\n", false,
		"mail/en/changed.txt:1: not 'Subject: '"},
	{"a word that there is not", "Subject: s\n\n{code}\n{lnik}\n", true,
		"mail/en/reset.txt:4: {lnik}: there is no such word"},
	{"one in the subject", "Subject: {Name}\n\n{code}\n", true,
		"mail/en/reset.txt:1: {Name}: there is no such word"},
	{"one after another", "Subject: s\n\n{code} {}\n", true,
		"mail/en/reset.txt:3: {}: there is no such word"},
	{"a code in a notice", "Subject: s\n\n\n{code}\n", false,
		"mail/en/changed.txt:4: {code}: there is none in a mail"},
	{"a code's mail without one", "Subject: s\n\nText\n", true,
		"mail/en/reset.txt: no {code}, and there is no {link}"},
	{"with a link to nowhere", "Subject: s\n\n{link}\n", true,
		"mail/en/reset.txt: no {code}, and there is no {link}"},
};

static void
test_wrong(void)
{
	const char *said;
	size_t i;

	for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		unit_log();
		ok(message(wrong[i].template, NULL,
			   wrong[i].code ? "ABCD-EFGH-JKMN" : NULL) == NULL,
			"%s: no mail", wrong[i].name);
		said = unit_log();
		ok(strstr(said, wrong[i].said) != NULL, "%s: said",
			wrong[i].name);
		ok(!mail_template_check(site.conf) &&
				strstr(unit_log(), wrong[i].said) != NULL,
			"%s: the check says it, too", wrong[i].name);
		mem_free(message(
			"Subject: s\n\n{code}\n", NULL, "ABCD-EFGH-JKMN"));
		mem_free(message("Subject: s\n\nText\n", NULL, NULL));
		ok(mail_template_check(site.conf), "%s: mended", wrong[i].name);
	}
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
	test_domains();
	test_body();
	test_words();
	test_wrong();
	site_close(&site);
	return done();
}

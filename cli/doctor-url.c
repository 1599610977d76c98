/* doctor-url.c - the checks from outside: by curl, since https takes a client,
 * and Debian has one */
#include "config.h"

#include "doctor-url.h"

#include "base/mem.h"
#include "base/program.h"
#include "print.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CURL "/usr/bin/curl"

enum { SAID_SIZE = 4096, ASK_MS = 30000 };

/* An answer, or why there is none. */
struct answer {
	int status; /* 0: none */
	char text[SAID_SIZE];
};

bool
doctor_url_is(const char *word)
{
	return strncmp(word, "http://", 7) == 0 ||
	       strncmp(word, "https://", 8) == 0;
}

/* Without a cookie, as a browser that goes to a page. It follows no redirect,
 * and reads no settings of anyone's. */
static void
ask(const char *url, const char *header, struct answer *answer)
{
	const char *const arguments[] = {CURL, "-q", "-sS", "-g",
		"--path-as-is", "--max-time", "20", "-o", "/dev/null", "-A",
		"latchkey-doctor", "-H", "Accept: text/html", "-w",
		"%{http_code} %{redirect_url}", "-H", header, "--", url, NULL};
	int code = program_run(
		arguments, ASK_MS, answer->text, sizeof answer->text);
	const char *at = answer->text;

	at += strspn(at, "; ");
	memmove(answer->text, at, strlen(at) + 1);
	answer->status = code == 0 ? atoi(answer->text) : 0;
	if (code != 0)
		answer->text[strcspn(answer->text, ";")] = '\0';
}

/* False, said, if there is no curl. */
static bool
has_curl(struct findings *findings)
{
	if (access(CURL, X_OK) == 0)
		return true;
	finding_add(findings, FINDING_ERROR,
		"there is no " CURL ", by which the site is asked");
	finding_mend(findings, "apt-get install curl");
	return false;
}

/* --- an address that is to be protected ----------------------------------- */

/* How it is asked, each in turn: what comes after its path, a header, and
 * whether anything but 401 and 303 is a fault; else only success is. */
static const struct question {
	const char *what, *after, *header;
	bool strict;
} questions[] = {
	{"without a cookie", "", "Cookie:", true},
	{"with a name of the client's own", "", "X-Auth-User: x", false},
	{"a style sheet beneath it", "latchkey-doctor.css", "Cookie:", true},
	{"a script beneath it", "latchkey-doctor.js", "Cookie:", true},
	{"a picture beneath it", "latchkey-doctor.png", "Cookie:", true},
	{"a page of PHP's beneath it", "latchkey-doctor.php", "Cookie:", true},
	{"with two slashes", NULL, "Cookie:", false},
	{NULL, NULL, NULL, false},
};

/* The address of a question. The caller frees. */
static char *
address_of(const struct question *question, const char *url)
{
	size_t host = (size_t)(strstr(url, "://") - url) + 3;
	size_t path = host + strcspn(url + host, "/?#");
	size_t end = path + strcspn(url + path, "?#");
	bool slash = end > path && url[end - 1] == '/';

	if (question->after == NULL)
		return mem_printf("%.*s/%s%s", (int)path, url,
			url[path] == '/' ? "" : "/", url + path);
	if (question->after[0] == '\0')
		return mem_copy(url);
	return mem_printf(
		"%.*s%s%s", (int)end, url, slash ? "" : "/", question->after);
}

static void
mend_server(struct findings *findings)
{
	finding_mend(findings, "${EDITOR:-vi} /etc/nginx/sites-enabled/* && "
			       "nginx -s reload");
}

/* False if the site does not answer, so that nothing more need be asked. */
static bool
put_question(struct findings *findings, const struct question *question,
	const char *url)
{
	char *address = address_of(question, url);
	struct answer answer;
	bool open, stray;

	ask(address, question->header, &answer);
	open = answer.status >= 200 && answer.status < 300;
	stray = question->strict && answer.status != 401 &&
		answer.status != 303;
	if (answer.status == 0) {
		finding_add(findings, FINDING_ERROR, "%s does not answer: %s",
			address, answer.text);
		finding_mend(findings, "curl -v -o /dev/null %s",
			print_word(address));
	} else if (open || stray) {
		finding_add(findings, FINDING_ERROR,
			"%s, %s: the answer is %d%s: %s", address,
			question->what, answer.status,
			question->strict ? ", and not 401 or 303" : "",
			open ? "it is not protected; another location may take "
			       "it"
			     : "another location takes it, which verify is not "
			       "asked for");
		mend_server(findings);
	}
	mem_free(address);
	return answer.status != 0;
}

void
doctor_url_ask(struct findings *findings, const char *url)
{
	const struct question *question = questions;

	if (!has_curl(findings))
		return;
	while (question->what != NULL && put_question(findings, question, url))
		question++;
}

/* --- site_url ------------------------------------------------------------ */

/* The programs refuse a web server that does not have their key. */
static void
find_refused(struct findings *findings, const char *address)
{
	finding_add(findings, FINDING_ERROR,
		"%s answers 403: the web server does not have the key of "
		"web_key_file, or has not read it since it was made",
		address);
	finding_mend(findings, "nginx -s reload || apachectl graceful");
}

static void
find_not_served(struct findings *findings, const struct conf *conf,
	const char *address, const struct answer *answer)
{
	const struct conf_place *place = conf_place(conf, "site_url");

	finding_add(findings, FINDING_ERROR,
		"site_url is %s, but %s %s%s: it has to be what browsers call "
		"the site, and the web server has to have latchkey's pages "
		"there",
		conf->site_url, address,
		answer->status == 0 ? "does not answer: " : "answers ",
		answer->text);
	finding_mend(findings, "%s", finding_editor(place->file, place->line));
}

void
doctor_url_ask_site(struct findings *findings, const struct conf *conf)
{
	int length = (int)conf_origin_length(conf);
	char *address;
	struct answer answer;

	if (length == 0 || !has_curl(findings))
		return;
	address = mem_printf("%.*s/account/sign-in", length, conf->site_url);
	ask(address, "Cookie:", &answer);
	if (answer.status == 403)
		find_refused(findings, address);
	else if (answer.status != 200)
		find_not_served(findings, conf, address, &answer);
	mem_free(address);
}

/* page.c - the files that pages are made of, those of a test and our own */
#include "config.h"

#include "unit.h"
#include "web/page.h"

#include <dirent.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* What a site has of its own, before what came with the program. */
static const struct {
	const char *name, *text;
} files[] = {
	{"own/en.txt", "own = Site's {name}\n"},
	{"own/one.html", "<p>{#own} {#all}</p>\n"},
	{"own/two.html", "{>later}{?at.two}{page}{/}{?at.one}-{/} {title} "
			 "{policy.min} {www}{?custom}+{/}\n"},
	{"own/Deutsch.txt", "language = none\n"},
	{"all/en.txt", "language = English\nall = hidden\n"},
	{"all/de.txt", "# all = no\n\nall = Alle = alle\nlanguage = Deutsch\n"},
	{"all/nl.txt", "all = Alles\n"},
	{"all/frame.html", "<html lang=\"{language}\">\n{>page}\n</html>\n"},
	{"all/one.html", "hidden\n"},
	{"all/bad.html", "<p>\n{#Own}\n"},
	{"all/page.css", "a {}\n"},
};

static char own[300], both[700], english[] = "en", dutch[] = "nl",
				 none[] = "yy", empty[] = "",
				 site[] = "https://example.test/";
static struct conf conf = {.language = english,
	.pages = both,
	.www = both,
	.site_url = site,
	.site_name = empty,
	.mail_command = empty,
	.hash = empty,
	.policy_length_min = 7};

static void
write_files(void)
{
	size_t i;

	snprintf(own, sizeof own, "%s/own", unit_dir);
	snprintf(both, sizeof both, "%s:%s/all", own, unit_dir);
	mkdir(own, 0700);
	mkdir(strchr(both, ':') + 1, 0700);
	for (i = 0; i < sizeof files / sizeof files[0]; i++)
		unit_file(files[i].name, files[i].text, strlen(files[i].text));
}

static bool
is_text(const char *language, const char *key, const char *wanted)
{
	struct json_object *words = json_tokener_parse("{\"name\":\"<x>\"}");
	char *text = page_text(&conf, language, key, words);
	bool is = text != NULL && strcmp(text, wanted) == 0;

	mem_free(text);
	json_object_put(words);
	return is;
}

/* Files are looked at once a second. Waits until a text is what it will be. */
static bool
will_be(const char *language, const char *key, const char *wanted)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int tries = 1000;

	while (!is_text(language, key, wanted) && tries-- > 0)
		nanosleep(&pause, NULL);
	return tries > 0;
}

static void
test_texts(void)
{
	ok(is_text("de", "all", "Alle = alle"), "a text");
	ok(is_text("en", "own", "Site's <x>"), "a text with a word");
	ok(is_text("de", "own", "Site's <x>"), "a text that is English alone");
	ok(is_text("xx", "own", "Site's <x>"), "a language that is not there");
	ok(!is_text("en", "all", "hidden"), "a file before it hides a file");
	ok(page_text(&conf, "de", "# all", NULL) == NULL, "a comment");
	ok(page_text(&conf, "de", "missing", NULL) == NULL, "no such text");
}

static void
is_language(const char *accept, const char *wanted)
{
	char language[NAME_LANGUAGE_SIZE];

	page_language(&conf, "", accept, language);
	is_str(language, wanted, accept == NULL ? "nothing asked" : accept);
}

static void
test_own_language(void)
{
	char language[NAME_LANGUAGE_SIZE];

	page_language(&conf, "de", "en", language);
	is_str(language, "de", "the account's language comes first");
	page_language(&conf, "xx", "de", language);
	is_str(language, "de", "if there is such a one");
}

static void
test_languages(void)
{
	struct json_object *languages = page_languages(&conf);

	is_str(json_object_to_json_string_ext(
		       languages, JSON_C_TO_STRING_PLAIN),
		"[{\"code\":\"de\",\"name\":\"Deutsch\"},"
		"{\"code\":\"en\",\"name\":\"en\"},"
		"{\"code\":\"nl\",\"name\":\"nl\"}]",
		"the languages, by what they call themselves");
	json_object_put(languages);
	is_language("de-AT, en;q=0.5", "de");
	is_language("xx, nl;q=0.2", "nl");
	is_language("xx", "en");
	is_language(NULL, "en");
	conf.language = dutch;
	is_language("xx", "nl");
	conf.language = none;
	is_language("xx", "en");
	conf.language = english;
}

static void
test_filling(void)
{
	struct json_object *words =
		json_tokener_parse("{\"name\":\"<x>\",\"language\":\"de\"}");
	char *page = page_fill(&conf, "one", "de", words);

	is_str(page,
		"<html lang=\"de\">\n<p>Site&#39;s &lt;x&gt; "
		"Alle = alle</p>\n</html>\n",
		"a page in the frame");
	mem_free(page);
	unit_log();
	ok(page_fill(&conf, "none", "de", words) == NULL, "no such page");
	ok(strstr(unit_log(), "no none.html") != NULL, "is said");
	ok(page_fill(&conf, "bad", "de", words) == NULL, "a bad mark");
	ok(strstr(unit_log(), "all/bad.html:2: a { that begins no mark") !=
			NULL,
		"is said, with file and line");
	json_object_put(words);
}

/* A page with what it needs no request for. */
static char *
fill_two(void)
{
	struct json_object *words = json_object_new_object();
	char *page = page_fill(&conf, "two", "de", words);

	json_object_put(words);
	return page;
}

static void
test_changes(void)
{
	static const char text[] = "own = Another\ntitle.two = {site} 2\n",
			  later[] = "<{missing}{#own}>", css[] = "b {}\n";
	char *page = fill_two(), *address = mem_copy(strstr(page, "/account/"));

	ok(strncmp(page, "<html lang=\"de\">\ntwo  7 /account/www/", 37) == 0,
		"the words of the site and of the page");
	ok(strchr(page, '+') == NULL, "and what the site does not have");
	mem_free(page);
	unit_file("own/custom.css", css, sizeof css - 1);
	unit_file("own/later.html", later, sizeof later - 1);
	unit_file("own/en.txt", text, sizeof text - 1);
	ok(will_be("en", "own", "Another"), "a file that changes");
	page = fill_two();
	ok(strncmp(page, "<html lang=\"de\">\n<Another>two example.test 2 7 ",
		   46) == 0,
		"a page that was prepared has it, and a template that is new");
	ok(strstr(page, address) == NULL && strstr(page, "+\n</html>") != NULL,
		"the site's files are at another address");
	mem_free(page);
	mem_free(address);
}

/* More pages in more languages than there are places for. */
static void
test_many(void)
{
	struct json_object *words = json_object_new_object();
	char language[NAME_LANGUAGE_SIZE], wanted[32], *page;
	unsigned i, good = 0;

	for (i = 0; i < 200; i++) {
		snprintf(language, sizeof language, "x%02x", i & 0xff);
		snprintf(wanted, sizeof wanted, "<html lang=\"%s\">", language);
		page = page_fill(&conf, "one", language, words);
		good += strncmp(page, wanted, strlen(wanted)) == 0;
		mem_free(page);
	}
	ok(good == 200, "a page in 200 languages");
	json_object_put(words);
}

/* --- our own ------------------------------------------------------------- */

static bool
is_whole(const char *name, const char *language)
{
	struct json_object *words = json_object_new_object();
	char *page = page_fill(&conf, name, language, words);
	bool whole =
		page != NULL && strncmp(page, "<!doctype html>\n", 16) == 0 &&
		strstr(page, "</html>") != NULL && strpbrk(page, "{}") == NULL;

	mem_free(page);
	json_object_put(words);
	return whole;
}

/* A template in every language, with no words at all: even then it is a page,
 * of which nothing is left to be filled in. */
static void
test_template(const char *name, struct json_object *languages)
{
	size_t i, whole = 0, count = json_object_array_length(languages);
	struct json_object *language;

	for (i = 0; i < count; i++) {
		language = json_object_array_get_idx(languages, i);
		json_object_object_get_ex(language, "code", &language);
		whole += is_whole(name, json_object_get_string(language));
	}
	ok(whole == count, "%s: in each language", name);
}

static void
test_our_own(void)
{
	struct json_object *languages;
	DIR *dir = opendir(OUR_PAGES);
	struct dirent *entry;
	char *end;

	snprintf(both, sizeof both, "%s", OUR_PAGES);
	ok(will_be("en", "direction", "ltr"), "other directories");
	languages = page_languages(&conf);
	ok(json_object_array_length(languages) >= 5, "languages");
	unit_log();
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		end = strstr(entry->d_name, ".html");
		if (end == NULL || strncmp(entry->d_name, "frame", 5) == 0)
			continue;
		end[0] = '\0';
		test_template(entry->d_name, languages);
	}
	closedir(dir);
	is_str(unit_log(), "", "no template has a fault");
	json_object_put(languages);
}

int
main(void)
{
	unit_begin();
	write_files();
	test_texts();
	test_languages();
	test_own_language();
	test_filling();
	test_changes();
	test_many();
	test_our_own();
	return done();
}

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
				 none[] = "yy";
static struct conf conf = {.language = english, .pages = both, .www = both};

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

/* Files are looked at once a second. Waits until a text, and where the site's
 * files are, is what it will be. */
static bool
will_be(const char *language, const char *key, const char *wanted,
	const char *www)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	int tries = 500;

	while ((!is_text(language, key, wanted) ||
		       strcmp(page_www(&conf), www) == 0) &&
		tries-- > 0)
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

static void
test_changes(void)
{
	static const char text[] = "own = Another\n", css[] = "b {}\n";
	char *www = mem_copy(page_www(&conf));

	ok(strncmp(www, "/account/www/", 13) == 0, "the site's files");
	ok(page_has(&conf, "page.css") && !page_has(&conf, "logo.svg"),
		"one is there, one is not");
	unit_file("own/page.css", css, sizeof css - 1);
	unit_file("own/en.txt", text, sizeof text - 1);
	ok(will_be("en", "own", "Another", www),
		"a file that changes, and the address of one");
	mem_free(www);
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
	ok(will_be("en", "direction", "ltr", ""), "other directories");
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
	test_our_own();
	return done();
}

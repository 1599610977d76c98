/* page.c - the files that pages are made of */
#include "config.h"

#include "web/page.h"

#include "base/file.h"
#include "base/json.h"
#include "base/language.h"
#include "base/lines.h"
#include "base/log.h"
#include "base/mem.h"
#include "password/policy.h"
#include "web/template.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum {
	FILES = 64,     /* more than any program's pages have */
	PREPARED = 128, /* pages in languages */
	NAME_SIZE_MOST = 80,
	FILE_MOST = 262144, /* bytes */
	WWW_SIZE = sizeof "/account/www/0123456789abcdef"
};

/* A file that was read: a template's text, or the texts of a language. */
struct file {
	char name[NAME_SIZE_MOST];
	struct stat as;
	char *template;
	struct json_object *texts;
};

/* A page in a language, but for what its request has to say. */
struct prepared {
	char page[NAME_SIZE_MOST], language[NAME_LANGUAGE_SIZE];
	struct json_object
		*words; /* the site's and the page's, for lists; or NULL */
	char *template;
};

static struct file files[FILES];
static struct prepared prepared[PREPARED]; /* of these files */
static struct json_object *site_words;     /* NULL: not made yet */
static bool incomplete; /* some of them lacks a file that does not exist */

static time_t
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec + 1; /* never 0 */
}

/* --- the web server's files ---------------------------------------------- */

static struct {
	const char *name;
	bool there;
} www_files[] = {{"page.css", false}, {"page.js", false}, {"admin.css", false},
	{"admin.js", false}, {"favicon.svg", false}, {"custom.css", false},
	{"logo.svg", false}};

enum { WWW_FILES = sizeof www_files / sizeof www_files[0] };

/* Where they are. It is another address as soon as a file is another one. */
static char www[WWW_SIZE];

/* What tells one file from another at the same address. */
static bool
hash_file(const struct conf *conf, const char *file,
	crypto_generichash_state *state)
{
	char *path = file_find(conf->www, file), *text;
	bool there = path != NULL;
	struct stat as;

	if (there && stat(path, &as) == 0) {
		text = mem_printf("%s %lld %lld %ld\n", path,
			(long long)as.st_size, (long long)as.st_mtim.tv_sec,
			as.st_mtim.tv_nsec);
		crypto_generichash_update(
			state, (unsigned char *)text, strlen(text));
		mem_free(text);
	}
	mem_free(path);
	return there;
}

/* Whether the address of the files is another one. */
static bool
look_at_www(const struct conf *conf)
{
	crypto_generichash_state state;
	unsigned char hash[crypto_generichash_BYTES_MIN];
	char digits[2 * sizeof hash + 1], before[WWW_SIZE];
	size_t i;

	strcpy(before, www);
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	for (i = 0; i < WWW_FILES; i++)
		www_files[i].there = hash_file(conf, www_files[i].name, &state);
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_bin2hex(digits, sizeof digits, hash, sizeof hash);
	snprintf(www, sizeof www, "/account/www/%.16s", digits);
	return strcmp(www, before) != 0;
}

static bool
has_file(const char *file)
{
	size_t i;

	for (i = 0; i < WWW_FILES; i++)
		if (strcmp(www_files[i].name, file) == 0)
			return www_files[i].there;
	return false;
}

/* --- reading a file ------------------------------------------------------ */

static bool
is_there(const struct file *file)
{
	return file->template != NULL || file->texts != NULL;
}

static void
drop(struct file *file)
{
	mem_free(file->template);
	json_object_put(file->texts);
	file->template = NULL;
	file->texts = NULL;
	memset(&file->as, 0, sizeof file->as);
}

/* The text of a file as it is there. NULL, with the reason in the log, if no
 * page can be made of it. */
static char *
read_text(FILE *stream, const char *path, bool template)
{
	char *text = mem_zero(FILE_MOST + 1);
	const char *fault = NULL;
	unsigned long line = 1;
	size_t length = fread(text, 1, FILE_MOST, stream);

	if (ferror(stream) || length == FILE_MOST || strlen(text) != length)
		fault = "no text that can be a page";
	else if (template)
		fault = template_fault(text, &line);
	if (fault == NULL)
		return text;
	log_error("%s:%lu: %s", path, line, fault);
	mem_free(text);
	return NULL;
}

static char *
read_template(FILE *stream, const char *path)
{
	char *text = read_text(stream, path, true);

	if (text == NULL)
		return NULL;
	template_tidy(text);
	return mem_resize(text, strlen(text) + 1);
}

/* `key = text` a line; a line of blanks, or with a # first, is none. */
static struct json_object *
read_texts(FILE *stream)
{
	struct json_object *texts = json_new_object();
	struct lines lines;
	char *key, *text;

	lines_begin(&lines, stream);
	while (lines_next(&lines)) {
		key = lines.text;
		text = strstr(key, " = ");
		if (key[0] == '#' || text == NULL)
			continue;
		text[0] = '\0';
		json_add_string(texts, key, text + 3);
	}
	lines_end(&lines);
	return texts;
}

static bool
is_texts(const char *name)
{
	size_t length = strlen(name);

	return length > 4 && strcmp(name + length - 4, ".txt") == 0;
}

static bool
has_changed(const struct stat *a, const struct stat *b)
{
	return a->st_dev != b->st_dev || a->st_ino != b->st_ino ||
	       a->st_size != b->st_size ||
	       a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static void
read_from(struct file *file, const char *path)
{
	FILE *stream = fopen(path, "re");

	if (stream == NULL)
		log_error("%s: %s", path, strerror(errno));
	else if (is_texts(file->name))
		file->texts = read_texts(stream);
	else
		file->template = read_template(stream, path);
	if (stream != NULL)
		fclose(stream);
}

/* Reads the file if it is another than the one that was read. Whether it is. */
static bool
read_file(const struct conf *conf, struct file *file)
{
	char *path = file_find(conf->pages, file->name);
	struct stat as = {.st_size = 0};
	bool there = path != NULL && stat(path, &as) == 0;
	bool changed = has_changed(&as, &file->as);

	if (changed) {
		drop(file);
		if (there)
			read_from(file, path);
		file->as = as;
	}
	mem_free(path);
	return changed;
}

static bool
exists(const struct conf *conf, const char *name)
{
	char *path = file_find(conf->pages, name);
	bool there = path != NULL;

	mem_free(path);
	return there;
}

/* What was made of files and settings is made anew. */
static void
forget(void)
{
	size_t i;

	for (i = 0; i < PREPARED; i++) {
		json_object_put(prepared[i].words);
		mem_free(prepared[i].template);
	}
	memset(prepared, 0, sizeof prepared);
	json_object_put(site_words);
	site_words = NULL;
	incomplete = false;
}

/* Looks once a second whether a file is another one. What this module has
 * returned of the files is not used after that. */
static void
keep_up(const struct conf *conf)
{
	static time_t looked;
	time_t now = seconds();
	bool changed;
	size_t i;

	if (looked == now)
		return;
	looked = now;
	changed = look_at_www(conf);
	for (i = 0; i < FILES && files[i].name[0] != '\0'; i++)
		changed |= read_file(conf, &files[i]);
	if (changed || incomplete)
		forget();
}

/* The file of that name; NULL if there is none, or none that is good. What does
 * not exist has no place: browsers ask for languages of any name. */
static const struct file *
find(const struct conf *conf, const char *name)
{
	struct file *file = files;

	while (file < files + FILES && file->name[0] != '\0' &&
		strcmp(file->name, name) != 0)
		file++;
	if (file == files + FILES || strlen(name) >= NAME_SIZE_MOST ||
		(file->name[0] == '\0' && !exists(conf, name)))
		return NULL;
	if (file->name[0] == '\0') {
		strcpy(file->name, name);
		read_file(conf, file);
	}
	return is_there(file) ? file : NULL;
}

/* --- languages ----------------------------------------------------------- */

static struct json_object *
texts_of(const struct conf *conf, const char *language)
{
	char name[NAME_LANGUAGE_SIZE + 4];
	const struct file *file;

	snprintf(name, sizeof name, "%s.txt", language);
	file = find(conf, name);
	return file == NULL ? NULL : file->texts;
}

static bool
has_texts(const void *conf, const char *language)
{
	return texts_of(conf, language) != NULL;
}

void
page_language(const struct conf *conf, const char *own, const char *accept,
	char language[NAME_LANGUAGE_SIZE])
{
	keep_up(conf);
	if (own[0] != '\0' && has_texts(conf, own)) {
		strcpy(language, own);
		return;
	}
	language_choose(accept, has_texts, conf, language);
	if (language[0] == '\0')
		strcpy(language, has_texts(conf, conf->language)
					 ? conf->language
					 : "en");
}

/* Whether it is the name of a language's file; sets the language. */
static bool
is_language(const char *file, char language[NAME_LANGUAGE_SIZE])
{
	size_t length = strcspn(file, ".");

	if (length >= NAME_LANGUAGE_SIZE || strcmp(file + length, ".txt") != 0)
		return false;
	snprintf(language, NAME_LANGUAGE_SIZE, "%.*s", (int)length, file);
	return name_is_language(language);
}

static void
add_language(const struct conf *conf, const char *language,
	struct json_object *languages)
{
	struct json_object *texts = texts_of(conf, language);
	const char *name = json_string(texts, "language");

	if (texts != NULL)
		json_add_string(
			languages, language, name == NULL ? language : name);
}

static int
by_code(const void *a, const void *b)
{
	struct json_object *const *one = a, *const *other = b;

	return strcmp(json_string(*one, "code"), json_string(*other, "code"));
}

/* Each once, by code, whichever directories have it. */
static struct json_object *
as_list(struct json_object *languages)
{
	struct json_object *list = json_new_array(), *item;
	struct json_object_iter member;

	json_object_object_foreachC(languages, member)
	{
		item = json_new_object();
		json_add_string(item, "code", member.key);
		json_add(item, "name", json_object_get(member.val));
		json_append(list, item);
	}
	json_object_array_sort(list, by_code);
	return list;
}

struct json_object *
page_languages(const struct conf *conf)
{
	struct json_object *languages = json_new_object(), *list;
	char language[NAME_LANGUAGE_SIZE], *dir;
	const char *dirs = conf->pages;
	struct dirent *entry;
	DIR *open;

	keep_up(conf);
	while ((dir = file_next_directory(&dirs)) != NULL) {
		open = opendir(dir);
		while (open != NULL && (entry = readdir(open)) != NULL)
			if (is_language(entry->d_name, language))
				add_language(conf, language, languages);
		if (open != NULL)
			closedir(open);
		mem_free(dir);
	}
	list = as_list(languages);
	json_object_put(languages);
	return list;
}

/* --- words that need no request ------------------------------------------ */

static void
add_policy(const struct conf *conf, struct json_object *words)
{
	const struct policy policy = conf_policy_of(conf, POLICY_ACCOUNT);
	struct json_object *object = json_new_object();
	size_t most = policy_max_bytes(&policy);

	json_add_int(object, "min", (int64_t)policy.min);
	json_add_int(object, "max",
		most < PASSWORD_POINTS ? (int64_t)most : PASSWORD_POINTS);
	json_add(words, "policy", object);
}

static void
add_site(const struct conf *conf, struct json_object *words)
{
	char *name = conf_site_name(conf);
	char *origin = mem_printf(
		"%.*s", (int)conf_origin_length(conf), conf->site_url);

	json_add_string(words, "site", name);
	json_add_string(words, "site_url", origin);
	json_add_string(words, "www", www);
	json_add_bool(words, "logo", has_file("logo.svg"));
	json_add_bool(words, "custom", has_file("custom.css"));
	json_add_bool(
		words, "registration", conf->registration == REGISTRATION_OPEN);
	json_add_bool(words, "mails", conf_mails(conf));
	json_add_bool(words, "self_delete", conf->self_delete);
	json_add_bool(words, "remember_me", conf->remember);
	add_policy(conf, words);
	mem_free(name);
	mem_free(origin);
}

/* The site's words, for texts without a page. */
static struct json_object *
words_of_site(const struct conf *conf)
{
	if (site_words == NULL) {
		site_words = json_new_object();
		add_site(conf, site_words);
	}
	return site_words;
}

/* --- filling in ---------------------------------------------------------- */

/* What one page is made of. */
struct made {
	const struct conf *conf;
	const char *page;
	struct json_object *texts[2]; /* the language's, and English */
};

static struct made
make(const struct conf *conf, const char *page, const char *language)
{
	struct made made = {
		conf, page, {texts_of(conf, language), texts_of(conf, "en")}};

	incomplete |= made.texts[1] == NULL;
	return made;
}

static const char *
find_text(void *context, const char *key)
{
	const struct made *made = context;
	const char *text = json_string(made->texts[0], key);

	return text != NULL ? text : json_string(made->texts[1], key);
}

/* The frame has {>page}. */
static const char *
find_template(void *context, const char *name)
{
	const struct made *made = context;
	char file[NAME_SIZE_MOST];
	const struct file *found;

	if (strcmp(name, "page") == 0)
		name = made->page;
	snprintf(file, sizeof file, "%s.html", name);
	found = find(made->conf, file);
	incomplete |= found == NULL;
	return found == NULL ? NULL : found->template;
}

static char *
fill_text(struct made *made, const char *key, struct json_object *words)
{
	const struct template_source source = {
		.words = words_of_site(made->conf)};
	const char *text = find_text(made, key);

	return text == NULL ? NULL : template_text(&source, text, words);
}

char *
page_text(const struct conf *conf, const char *language, const char *key,
	struct json_object *words)
{
	struct made made;

	keep_up(conf);
	made = make(conf, NULL, language);
	return fill_text(&made, key, words);
}

static void
add_text(struct json_object *words, const char *word, struct made *made,
	const char *key)
{
	char *text = fill_text(made, key, NULL);

	json_add_string(words, word, text);
	mem_free(text);
}

static struct json_object *
words_of_page(struct made *made, const char *language)
{
	struct json_object *words = json_new_object(), *at = json_new_object();
	char *title = mem_printf("title.%s", made->page);

	add_site(made->conf, words);
	json_add_bool(at, made->page, true);
	json_add(words, "at", at);
	json_add_string(words, "page", made->page);
	json_add_string(words, "language", language);
	add_text(words, "direction", made, "direction");
	add_text(words, "title", made, title);
	mem_free(title);
	return words;
}

/* A free place, at the end. */
static struct prepared *
make_place(void)
{
	size_t i;

	for (i = 0; i < PREPARED; i++)
		if (prepared[i].template == NULL)
			return &prepared[i];
	forget();
	return prepared;
}

/* NULL, with the reason in the log, if there is no frame or no such page. */
static const struct prepared *
prepare(const struct conf *conf, const char *page, const char *language)
{
	struct made made = make(conf, page, language);
	struct template_source source = {find_template, find_text, &made, NULL};
	const char *frame = find_template(&made, "frame");
	struct prepared *place;
	char *template;

	if (frame == NULL || find_template(&made, page) == NULL) {
		log_error("%s: no %s.html", conf->pages,
			frame == NULL ? "frame" : page);
		return NULL;
	}
	source.words = words_of_page(&made, language);
	template = template_prepare(&source, frame);
	place = make_place();
	snprintf(place->page, sizeof place->page, "%s", page);
	snprintf(place->language, sizeof place->language, "%s", language);
	place->template = template;
	if (strstr(template, "{*") != NULL)
		place->words = source.words;
	else
		json_object_put(source.words);
	return place;
}

static const struct prepared *
find_prepared(const struct conf *conf, const char *page, const char *language)
{
	size_t i;

	for (i = 0; i < PREPARED && prepared[i].template != NULL; i++)
		if (strcmp(prepared[i].page, page) == 0 &&
			strcmp(prepared[i].language, language) == 0)
			return &prepared[i];
	return prepare(conf, page, language);
}

char *
page_fill(const struct conf *conf, const char *name, const char *language,
	struct json_object *words)
{
	struct template_source source = {.words = NULL};
	const struct prepared *found;

	keep_up(conf);
	found = find_prepared(conf, name, language);
	if (found == NULL)
		return NULL;
	source.words = found->words;
	return template_fill(&source, found->template, words);
}

/* --- looking at all of them ---------------------------------------------- */

/* What the marks of a file are held against. */
struct look {
	struct made made;
	struct json_object *words; /* of the installed files */
	const char *path;
	bool good;
};

static bool
is_template(const char *name)
{
	size_t length = strlen(name);

	return length > 5 && strcmp(name + length - 5, ".html") == 0;
}

static void
learn_mark(void *context, char sort, const char *name, unsigned long line)
{
	struct look *look = context;

	(void)line;
	if (sort != '#' && sort != '>' && sort != '/' &&
		!json_object_object_get_ex(look->words, name, NULL))
		json_add_bool(look->words, name, true);
}

static void
look_at_mark(void *context, char sort, const char *name, unsigned long line)
{
	struct look *look = context;
	bool known = true;

	if (sort == '#')
		known = find_text(&look->made, name) != NULL;
	else if (sort == '>')
		known = find_template(&look->made, name) != NULL;
	if (!known) {
		look->good = false;
		log_error("%s:%lu: {%c%s}: there is no such %s", look->path,
			line, sort, name, sort == '#' ? "text" : "template");
	} else if (sort != '#' && sort != '>' && sort != '/' &&
		   !json_object_object_get_ex(look->words, name, NULL)) {
		log_warning("%s:%lu: {%s}: no page that comes with latchkey "
			    "has this word",
			look->path, line, name);
	}
}

/* Visits the marks of a file. */
static void
look_at_file(struct look *look, const char *name, template_visit *visit)
{
	FILE *stream = fopen(look->path, "re");
	char *text = NULL;

	if (stream == NULL)
		log_error("%s: %s", look->path, strerror(errno));
	else
		text = read_text(stream, look->path, is_template(name));
	if (stream != NULL)
		fclose(stream);
	if (text == NULL)
		look->good = false;
	else
		template_marks(text, visit, look);
	mem_free(text);
}

static void
look_at_dir(struct look *look, const char *dir, template_visit *visit)
{
	struct dirent *entry;
	DIR *list = opendir(dir);
	char *path;

	while (list != NULL && (entry = readdir(list)) != NULL) {
		if (!is_template(entry->d_name) && !is_texts(entry->d_name))
			continue;
		path = mem_printf("%s/%s", dir, entry->d_name);
		look->path = path;
		look_at_file(look, entry->d_name, visit);
		mem_free(path);
	}
	if (list != NULL)
		closedir(list);
}

bool
page_check(const struct conf *conf)
{
	struct look look = {
		make(conf, "frame", "en"), json_new_object(), NULL, true};
	const char *last = strrchr(conf->pages, ':'), *dirs = conf->pages;
	char *dir;

	look_at_dir(&look, last == NULL ? dirs : last + 1, learn_mark);
	look.good = true; /* what is wrong there is found again */
	while ((dir = file_next_directory(&dirs)) != NULL) {
		look_at_dir(&look, dir, look_at_mark);
		mem_free(dir);
	}
	json_object_put(look.words);
	return look.good;
}

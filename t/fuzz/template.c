/* template.c - a page that is filled in: no value gets out of its text, or out
 * of its attribute. The input is a template, up to an empty line, and what is
 * filled in: an object of JSON, or a text that stands there in several ways. */
#include "config.h"

#include "base/json.h"
#include "base/utf8.h"
#include "web/template.h"

#include "fuzz.h"

#include <sodium.h>
#include <stdlib.h>

enum {
	TEMPLATES = 16,    /* that one page is made of */
	LISTS = 7,         /* in one another, as template.c has it */
	WORK_MOST = 200000 /* bytes of templates that are filled in */
};

/* The one template, which is also each text of the language. */
struct input {
	const char *template;
	int templates; /* how many more may stand in it */
};

/* Lists of lists, and templates in themselves, make a page endless. */
static const char *
find_template(void *context, const char *name)
{
	struct input *input = context;

	return strcmp(name, "none") == 0 || --input->templates < 0
		       ? NULL
		       : input->template;
}

static const char *
find_text(void *context, const char *key)
{
	struct input *input = context;

	return strcmp(key, "none") == 0 ? NULL : input->template;
}

static size_t
count(const char *text, const char *mark)
{
	size_t found = 0;

	while ((text = strstr(text, mark)) != NULL) {
		found++;
		text++;
	}
	return found;
}

/* The most elements that one of the value's lists has. */
static size_t
longest(struct json_object *value)
{
	struct json_object_iter member;
	size_t i, most = 0, in;

	if (json_object_is_type(value, json_type_array)) {
		most = json_object_array_length(value);
		for (i = 0; i < json_object_array_length(value); i++) {
			in = longest(json_object_array_get_idx(value, i));
			most = in > most ? in : most;
		}
	}
	if (json_object_is_type(value, json_type_object))
		json_object_object_foreachC(value, member)
		{
			in = longest(member.val);
			most = in > most ? in : most;
		}
	return most;
}

/* Whether the page may become larger than a fuzzer has time for. */
static bool
is_endless(const char *template, struct json_object *words)
{
	bool again = strstr(template, "{>") != NULL;
	size_t lists = count(template, "{*"), most = longest(words), i;
	size_t work = strlen(template) * (again ? TEMPLATES : 1);

	if (lists > LISTS || (lists > 0 && again))
		lists = LISTS;
	for (i = 0; i < lists && most > 1 && work <= WORK_MOST; i++)
		work *= most;
	return work > WORK_MOST;
}

/* --- what is filled in --------------------------------------------------- */

/* A text as a value, as the member of an object, and in lists. */
static struct json_object *
make_words(const char *text)
{
	struct json_object *words = json_new_object(),
			   *object = json_new_object(),
			   *list = json_new_array(), *texts = json_new_array();

	json_add_string(words, "a", text);
	json_add_string(object, "a", text);
	json_add(object, "t", json_object_get(texts));
	json_append(texts, json_object_new_string(text));
	json_append(texts, json_object_new_string("&lt;"));
	json_append(list, json_object_get(object));
	json_append(list, json_object_new_int64(-7));
	json_add(words, "o", object);
	json_add(words, "l", list);
	json_add(words, "t", texts);
	json_add_bool(words, "y", true);
	json_add(words, "n", NULL);
	return words;
}

static struct json_object *
read_words(const uint8_t *data, size_t size)
{
	struct json_object *words =
		json_parse_object((const char *)data, size, NULL, NULL);
	char *text;

	if (words != NULL)
		return words;
	text = fuzz_text(data, size);
	utf8_mend(text);
	words = make_words(text);
	mem_free(text);
	return words;
}

/* --- what must hold ------------------------------------------------------ */

/* The character that stands there for HTML; sets what comes after it. */
static char
read_character(const char **html)
{
	static const struct {
		const char *entity;
		char character;
	} entities[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'},
		{"&quot;", '"'}, {"&#39;", '\''}, {"&#123;", '{'}};
	size_t i, length;

	for (i = 0; i < sizeof entities / sizeof entities[0]; i++) {
		length = strlen(entities[i].entity);
		if (strncmp(*html, entities[i].entity, length) == 0) {
			*html += length;
			return entities[i].character;
		}
	}
	assert(strchr("&<>\"'", **html) == NULL || **html == '\0');
	return *(*html)++;
}

/* The HTML is the text, and has nothing but text; NULL: whatever text. */
static void
assert_escaped(const char *html, const char *text)
{
	char character;

	do {
		character = read_character(&html);
		assert(text == NULL || character == *text++);
	} while (character != '\0');
}

/* A text of the language is escaped with all that is filled into it. */
static void
try_text(struct input *input, struct json_object *words)
{
	const struct template_source source = {
		find_template, find_text, input, NULL};
	char *html = template_fill(&source, "{#text}", words);
	char *text = template_text(&source, input->template, words);

	assert_escaped(html, text);
	mem_free(html);
	mem_free(text);
}

/* What is prepared becomes the same page, with the words that every page has
 * and without; unless it is cut off. */
static void
try_prepared(struct input *input, struct json_object *words,
	struct json_object *known, const char *page)
{
	const struct template_source source = {
		find_template, find_text, input, known};
	char *prepared, *same;

	input->templates = TEMPLATES;
	prepared = template_prepare(&source, input->template);
	same = template_fill(&source, prepared, words);
	assert(input->templates < 0 || strcmp(same, page) == 0);
	mem_free(prepared);
	mem_free(same);
}

/* A good template without markup of its own makes a page without any. */
static void
try_template(struct input *input, struct json_object *words)
{
	const struct template_source source = {
		find_template, find_text, input, NULL};
	unsigned long line;
	bool good = template_fault(input->template, &line) == NULL;
	char *tidy = mem_copy(input->template), *page;

	template_tidy(tidy);
	input->template = tidy;
	page = template_fill(&source, tidy, words);

	if (good)
		assert_escaped(page, NULL);
	if (good && input->templates >= 0) {
		try_prepared(input, words, NULL, page);
		try_prepared(input, words, words, page);
	}
	/* A browser takes bytes that are not UTF-8 for what it likes. */
	if (good && utf8_is_ascii(input->template, strlen(input->template)))
		assert(utf8_valid(page, strlen(page)));
	mem_free(page);
	mem_free(tidy);
}

/* Takes HTML's own characters out, but for the marks'. */
static void
take_markup_out(char *template)
{
	char *at, before = '\0';

	for (at = template; *at != '\0'; before = *at++)
		if (strchr("&<\"'", *at) != NULL ||
			(*at == '>' && before != '{'))
			*at = '.';
}

/* Takes the template off the input; the caller frees. */
static char *
read_template(const uint8_t **data, size_t *size)
{
	char *template = mem_copy(""), *line = fuzz_line(data, size);

	while (line[0] != '\0') {
		template = mem_append(template, "%s\n", line);
		mem_free(line);
		line = fuzz_line(data, size);
	}
	mem_free(line);
	return template;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *template = read_template(&data, &size);
	struct input input = {template, TEMPLATES};
	struct json_object *words = read_words(data, size);

	if (!is_endless(template, words)) {
		try_text(&input, words);
		take_markup_out(template);
		try_template(&input, words);
	}
	json_object_put(words);
	mem_free(template);
	return 0;
}

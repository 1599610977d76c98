/* template.c - the text of a page with marks in it, filled in */
#include "config.h"

#include "base/mem.h"
#include "tap.h"
#include "web/template.h"

#include <string.h>

static const char *
find_template(void *context, const char *name)
{
	(void)context;
	if (strcmp(name, "one") == 0)
		return "one {name}\n";
	if (strcmp(name, "endless") == 0)
		return "x{>endless}";
	return NULL;
}

static const char *
find_text(void *context, const char *key)
{
	(void)context;
	if (strcmp(key, "greeting") == 0)
		return "Hello <{name}>, {>one}{#greeting}{ {missing}.";
	return NULL;
}

static const struct template_source source = {
	.template = find_template, .text = find_text};

/* clang-format off */
static const struct {
	const char *name, *template, *result;
} cases[] = {
	{"no mark", "a <b>&amp;\n", "a <b>&amp;\n"},
	{"a value", "{name}", "Ann"},
	{"45: markup in a value", "<p title=\"{bad}\">{bad}</p>",
		"<p title=\"&lt;&amp;&gt;&quot;&#39;\">&lt;&amp;&gt;&quot;&#39;</p>"},
	{"a number, a boolean", "{count} {yes}", "3 true"},
	{"no value", "a{missing}{null}b", "ab"},
	{"a member", "{inner.name} {inner.deep.x} {inner.no} {name.x}", "in 1  "},
	{"marks in a value", "{marks}", "&#123;name}&#123;#greeting}"},
	{"a time", "{@time}, {@name}", "2026-11-30 17:00 UTC, Ann"},
	{"a text, with words and nothing else", "{#greeting}", "Hello &lt;Ann&gt;, &#123;&gt;one}&#123;#greeting}&#123; ."},
	{"no such text", "a{#none}b", "ab"},
	{"a template in it", "<{>one}>", "<one Ann\n>"},
	{"no such template", "a{>none}b", "ab"},
	{"if there is a value", "{?name}a{/}{?missing}b{/}{?null}c{/}{?no}d{/}{?zero}e{/}{?blank}f{/}{?none}g{/}{?inner}h{/}", "ah"},
	{"if there is none", "{!name}a{/}{!missing}b{/}{!none}c{/}", "bc"},
	{"blocks in blocks", "{?name}a{?missing}b{?name}c{/}{/}d{!missing}e{/}{/}f", "adef"},
	{"inside a tag", "<input{?yes} autofocus{/}{?no} hidden{/}>", "<input autofocus>"},
	{"a list", "{*list}[{name}{count}]{/}", "[x3][y3]"},
	{"a list of texts", "{*texts}{.},{/}", "p,&lt;,"},
	{"an element of no list", "a{.}{?.}b{/}c", "ac"},
	{"a list in a list", "{*list}{*in}{.}{name} {/}{/}", "1x 2x 3y "},
	{"an empty list, and no list", "a{*none}b{/}{*missing}c{/}{*name}d{/}e", "ae"},
	{"a mark of a block alone leaves no line", "a\n{?name}\nb\n{/}\n{!name}\nc\n{/}\nd\n", "a\nb\nd\n"},
	{"nor do several", "\t{?name}{!missing}\nb\n{/} {/}\nd\n", "b\nd\n"},
	{"a value alone does", "{missing}\n", "\n"},
	{"each element of a list has its lines", "{*texts}\n<li>{.}\n{/}\nend\n", "<li>p\n<li>&lt;\nend\n"},
	{"a template alone has its own", "{>one}\nend\n", "one Ann\nend\n"},
	{"blanks at the beginning of a line", "\t  a\n  b c\n", "a\nb c\n"},
	{"a brace that is no mark", "a { b {A} {} {#} {/x} }", "a { b {A} {} {#} {/x} }"},
	{"a block without its end", "a{?missing}b", "a"},
	{"an end too many", "a{/}b", "a"},
	{"a word of every page", "{site}{?name}{site}{/}{?site}a{/}{!site}b{/}{?site.x}c{/}", "&#123;name}&#123;name}a"},
	{"and what a list has in its place", "{*sites}{site}{#greeting} {/}{site}", "xHello &lt;y&gt;, &#123;&gt;one}&#123;#greeting}&#123; . &#123;name}Hello &lt;Ann&gt;, &#123;&gt;one}&#123;#greeting}&#123; . &#123;name}"},
};

#define TEN(text) text text text text text text text text text text
static const struct {
	const char *name, *template;
	unsigned long line;
} faults[] = {
	{"a good one", "a {name}\n{?x}{*y}{.}{/}{/}{#t}{>f}{@z}\n", 0},
	{"a mark that is none", "a\n{A}\n", 2},
	{"a brace", "\n\n{\n", 3},
	{"a closing brace", "a }\n", 1},
	{"a block without its end", "{?x}\n", 2},
	{"an end without its block", "a\n{/}\n", 2},
	{"32 blocks in each other", TEN("{?x}") TEN("{?x}") TEN("{?x}") "{?x}{?x}"
		TEN("{/}") TEN("{/}") TEN("{/}") "{/}{/}", 0},
	{"33", TEN("{?x}") TEN("{?x}") TEN("{?x}") "\n{?x}{?x}{?x}"
		TEN("{/}") TEN("{/}") TEN("{/}") "{/}{/}{/}", 2},
};
/* clang-format on */

/* Fills it in at once, and after what every page has. */
static void
test_case(const char *template, struct json_object *words, const char *wanted,
	const char *name)
{
	struct json_object *site =
		json_tokener_parse("{\"site\":\"{name}\",\"count\":3}");
	const struct template_source all = {
		find_template, find_text, NULL, site};
	const struct template_source none = {.words = site};
	char *prepared = template_prepare(&all, template), *result;

	result = template_fill(&all, template, words);
	is_str(result, wanted, name);
	mem_free(result);
	result = template_fill(&none, prepared, words);
	ok(strcmp(result, wanted) == 0, "%s: prepared", name);
	mem_free(result);
	mem_free(prepared);
	json_object_put(site);
}

static void
test_filling(struct json_object *words)
{
	size_t i;
	char *tidy, *result;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		tidy = mem_copy(cases[i].template);
		template_tidy(tidy);
		test_case(tidy, words, cases[i].result, cases[i].name);
		mem_free(tidy);
	}
	test_case("{>endless}", words, "xxxxxxxx",
		"a template in itself has an end");
	result = template_prepare(&source, "{#greeting}{name}{?name}{>one}{/}");
	is_str(result,
		"Hello &lt;{name}&gt;, &#123;&gt;one}&#123;#greeting}&#123; "
		"{missing}.{name}{?name}one {name}\n{/}",
		"what a page's own words are for is left");
	mem_free(result);
	result = template_text(&source, "<{bad}> {name}", words);
	is_str(result, "<<&>\"'> Ann", "a text alone is not escaped");
	mem_free(result);
}

static void
test_long(void)
{
	enum { LENGTH = 100000 };
	char *value = mem_zero(LENGTH + 1), *result;
	struct json_object *words = json_object_new_object();

	memset(value, '<', LENGTH);
	json_object_object_add(words, "long", json_object_new_string(value));
	result = template_fill(&source, "{long}", words);
	ok(strlen(result) == 4 * LENGTH, "a long value is whole");
	mem_free(result);
	json_object_put(words);
	mem_free(value);
}

static void
test_faults(void)
{
	unsigned long line;
	const char *fault;
	size_t i;

	for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
		fault = template_fault(faults[i].template, &line);
		ok(faults[i].line == 0
				? fault == NULL
				: fault != NULL && line == faults[i].line,
			"what is wrong: %s", faults[i].name);
	}
}

int
main(void)
{
	struct json_object *words = json_tokener_parse(
		"{\"name\":\"Ann\",\"bad\":\"<&>\\\"'\",\"count\":3,"
		"\"yes\":true,\"no\":false,\"zero\":0,\"blank\":\"\","
		"\"null\":null,\"none\":[],\"inner\":{\"name\":\"in\","
		"\"deep\":{\"x\":1}},\"marks\":\"{name}{#greeting}\","
		"\"time\":\"2026-11-30T17:00:00Z\",\"texts\":[\"p\",\"<\"],"
		"\"list\":[{\"name\":\"x\",\"in\":[1,2]},"
		"{\"name\":\"y\",\"in\":[3]}],"
		"\"sites\":[{\"site\":\"x\",\"name\":\"y\"},{}]}");

	test_filling(words);
	test_long();
	test_faults();
	json_object_put(words);
	return done();
}

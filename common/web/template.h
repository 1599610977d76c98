/* template.h - the text of a page with marks in it, filled in.
 *
 *   {word}            a value, escaped for HTML; {a.b}: a member of an object;
 *                     {.}: the element of a list
 *   {@word}           a time (RFC 3339), as people read it
 *   {#key}            a text of the language, which may have {word}s
 *   {>name}           another template in its place
 *   {?word} ... {/}   if there is such a value; {!word}: if there is none
 *   {*list} ... {/}   for each of its elements
 *
 * A word is looked up in the element of the innermost list that has it. null,
 * false, 0, "", [] and {} are no values. A line with nothing but marks of the
 * last three sorts leaves no line, and blanks at the beginning of a line are
 * left out: template_tidy() does so, once. Values are escaped in text and in
 * quoted attributes, and may stand nowhere else. */
#ifndef LATCHKEY_TEMPLATE_H
#define LATCHKEY_TEMPLATE_H

#include <json-c/json.h>

/* Where templates and texts come from; what these return stays theirs. */
struct template_source {
	const char *(*template)(void *context, const char *name);
	const char *(*text)(void *context, const char *key);
	void *context;
	struct json_object *words; /* that come before a page's own; NULL:
				    * none */
};

/* Takes out of a template what no page that it becomes would have: the ends of
 * lines with marks alone, and blanks at the beginning of a line. */
void template_tidy(char *text);

/* Fills in the template, which is tidy. There may be secrets in the result: the
 * caller wipes and frees it. A name or a key that the source does not have is
 * an empty text. Templates may stand in templates, eight deep. template_fault()
 * has found nothing wrong with any of them. */
char *template_fill(const struct template_source *source, const char *template,
	struct json_object *words);

/* Fills in what needs no word of a page: texts, templates, and the source's own
 * words where they stand in no list. What it returns is a template that becomes
 * the same page, in half of the time. The caller frees. */
char *template_prepare(
	const struct template_source *source, const char *template);

/* A text of the language with the values of its {word}s, and not escaped. The
 * caller frees. */
char *template_text(const struct template_source *source, const char *text,
	struct json_object *words);

/* Takes a mark of a template or a text: its sort is the character after its
 * brace, or '\0' for a {word}. */
typedef void template_visit(
	void *context, char sort, const char *name, unsigned long line);

/* Visits each mark, in turn. */
void template_marks(const char *template, template_visit *visit, void *context);

/* What is wrong with a template's marks, and in which line; NULL if nothing. */
const char *template_fault(const char *template, unsigned long *line);

#endif

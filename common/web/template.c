/* template.c - the text of a page with marks in it, filled in */
#include "config.h"

#include "web/template.h"

#include "base/mem.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum {
	DEEPEST = 8,    /* templates in templates */
	OUTSIDE = 1,    /* the scope of what stands in no list */
	SCOPES = 9,     /* lists in lists */
	NAME_MOST = 63, /* bytes of a mark's name */
	LIST_MOST = 4096,
	BLOCKS_MOST = 32 /* in blocks */
};

/* What a mark begins with; a word begins with none of these. */
static const char sorts[] = "?!*/>#@";
static const char blocks[] = "?!*/>";

struct mark {
	char sort; /* one of those, or '\0' for a word */
	char name[NAME_MOST + 1];
	const char *end; /* what comes after it */
};

/* A text that grows, and leaves no copy behind. */
struct text {
	char *bytes;
	size_t length, size;
	size_t least; /* its first size */
};

struct filling {
	const struct template_source *source;
	struct json_object *scopes[SCOPES]; /* the words of the page, those of
					     * the source, then the element of
					     * each list */
	int depth, within;
	bool escapes, prepares;
	struct text out;
};

/* --- the result --------------------------------------------------------- */

static void
grow(struct text *text)
{
	size_t size = text->size == 0 ? text->least : 2 * text->size;
	char *bytes = mem_resize(NULL, size);

	if (text->bytes != NULL) {
		memcpy(bytes, text->bytes, text->length);
		sodium_memzero(text->bytes, text->length);
		mem_free(text->bytes);
	}
	text->bytes = bytes;
	text->size = size;
}

static void
put(struct text *text, const char *bytes, size_t length)
{
	while (text->size - text->length <= length)
		grow(text);
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
}

/* The one place where a value becomes a part of a page. A brace of it must not
 * become a mark's in a template that is prepared. */
static void
put_escaped(struct text *text, const char *value, size_t length)
{
	static const struct {
		char byte;
		const char *entity;
	} entities[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"},
		{'"', "&quot;"}, {'\'', "&#39;"}, {'{', "&#123;"}};
	const char *end = value + length;
	size_t plain, i;

	for (;; value++) {
		plain = strcspn(value, "&<>\"'{");
		if (plain >= (size_t)(end - value)) {
			put(text, value, (size_t)(end - value));
			return;
		}
		put(text, value, plain);
		value += plain;
		for (i = 0; entities[i].byte != value[0]; i++)
			;
		put(text, entities[i].entity, strlen(entities[i].entity));
	}
}

static void
put_part(struct filling *filling, const char *value, size_t length)
{
	if (filling->escapes)
		put_escaped(&filling->out, value, length);
	else
		put(&filling->out, value, length);
}

static void
put_value(struct filling *filling, const char *value)
{
	put_part(filling, value, strlen(value));
}

/* --- marks -------------------------------------------------------------- */

static bool
is_of_name(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
	       byte == '_' || byte == '-' || byte == '.';
}

/* Reads the mark whose brace is at `at`. False if it is none. */
static bool
read_mark(const char *at, struct mark *mark)
{
	const char *name = at + 1;
	size_t length = 0;

	mark->sort = '\0';
	if (name[0] != '\0' && strchr(sorts, name[0]) != NULL)
		mark->sort = *name++;
	for (; length <= NAME_MOST && is_of_name(name[length]); length++)
		mark->name[length] = name[length];
	if (name[length] != '}' || length > NAME_MOST ||
		(length == 0) != (mark->sort == '/'))
		return false;
	mark->name[length] = '\0';
	mark->end = name + length + 1;
	return true;
}

/* Whether the line that begins here has marks of blocks and nothing else. */
static bool
is_bare(const char *line)
{
	struct mark mark;
	bool any = false;

	for (;;) {
		line += strspn(line, " \t");
		if (line[0] == '\0' || line[0] == '\n')
			return any;
		if (line[0] != '{' || !read_mark(line, &mark) ||
			mark.sort == '\0' || strchr(blocks, mark.sort) == NULL)
			return false;
		any = true;
		line = mark.end;
	}
}

void
template_tidy(char *text)
{
	const char *from = text;
	char *to = text;
	bool bare;

	while (from[0] != '\0') {
		bare = is_bare(from);
		for (from += strspn(from, " \t");
			*from != '\0' && *from != '\n'; from++)
			if (!bare || (*from != ' ' && *from != '\t'))
				*to++ = *from;
		if (*from == '\n' && !bare)
			*to++ = '\n';
		from += *from == '\n';
	}
	*to = '\0';
}

/* --- values ------------------------------------------------------------- */

static void
cut_name(const char *name, char first[NAME_MOST + 1])
{
	size_t length = strcspn(name, ".");

	memcpy(first, name, length);
	first[length] = '\0';
}

/* The value of a word; NULL if it has none. */
static struct json_object *
look_up(const struct filling *filling, const char *name)
{
	struct json_object *value = NULL;
	char first[NAME_MOST + 1];
	int i;

	if (strcmp(name, ".") == 0)
		return filling->within > OUTSIDE
			       ? filling->scopes[filling->within]
			       : NULL;
	cut_name(name, first);
	for (i = filling->within; i >= 0; i--)
		if (json_object_is_type(filling->scopes[i], json_type_object) &&
			json_object_object_get_ex(
				filling->scopes[i], first, &value))
			break;
	for (name += strlen(first); name[0] == '.' && value != NULL;
		name += strlen(first)) {
		name++;
		cut_name(name, first);
		value = json_object_is_type(value, json_type_object)
				? json_object_object_get(value, first)
				: NULL;
	}
	return value;
}

/* Whether a word's value is known before there are the page's own words. */
static bool
is_known(const struct filling *filling, const char *name)
{
	char first[NAME_MOST + 1];

	cut_name(name, first);
	return filling->within == OUTSIDE &&
	       json_object_object_get_ex(filling->scopes[OUTSIDE], first, NULL);
}

static bool
is_there(struct json_object *value)
{
	switch (json_object_get_type(value)) {
	case json_type_null:
		return false;
	case json_type_string:
		return json_object_get_string_len(value) > 0;
	case json_type_array:
		return json_object_array_length(value) > 0;
	case json_type_object:
		return json_object_object_length(value) > 0;
	default:
		return json_object_get_int64(value) != 0;
	}
}

static void
put_word(struct filling *filling, const char *name)
{
	struct json_object *value = look_up(filling, name);

	if (value != NULL)
		put_value(filling, json_object_get_string(value));
}

/* Any other text of that length may have a character where it would be cut. */
static bool
is_time(const char *text)
{
	size_t length = strlen(text);

	return length == sizeof "2026-11-30T17:00:00Z" - 1 &&
	       strspn(text, "0123456789-T:Z") == length;
}

/* "2026-11-30T17:00:00Z" as 2026-11-30 17:00 UTC. */
static void
put_time(struct filling *filling, const char *name)
{
	struct json_object *value = look_up(filling, name);
	const char *text = value == NULL ? "" : json_object_get_string(value);
	char time[32];

	if (is_time(text)) {
		snprintf(time, sizeof time, "%.10s %.5s UTC", text, text + 11);
		text = time;
	}
	put_value(filling, text);
}

/* Whether the mark, of a word, is for the page's own words to fill in. */
static bool
is_left(const struct filling *filling, const struct mark *mark)
{
	return filling->prepares &&
	       (mark->sort == '*' || !is_known(filling, mark->name));
}

/* A text of the language, in which words and times alone are marks. */
static void
put_text(struct filling *filling, const char *text)
{
	struct mark mark;
	size_t length;

	for (;; text = mark.end) {
		length = strcspn(text, "{");
		put_part(filling, text, length);
		text += length;
		if (text[0] == '\0')
			return;
		if (!read_mark(text, &mark) ||
			(mark.sort != '\0' && mark.sort != '@')) {
			put_value(filling, "{");
			mark.end = text + 1;
		} else if (is_left(filling, &mark)) {
			put(&filling->out, text, (size_t)(mark.end - text));
		} else if (mark.sort == '@') {
			put_time(filling, mark.name);
		} else {
			put_word(filling, mark.name);
		}
	}
}

/* --- a template --------------------------------------------------------- */

static const char *fill(struct filling *filling, const char *at);

static bool
opens_block(char sort)
{
	return sort == '?' || sort == '!' || sort == '*';
}

/* Passes over a block, as what is filled in has it: its braces are marks.
 * Returns what comes after it. */
static const char *
skip(const char *at)
{
	int open = 1;

	for (at += strcspn(at, "{"); at[0] != '\0'; at += strcspn(at, "{")) {
		at++;
		open += opens_block(at[0]);
		open -= at[0] == '/' && at[1] == '}';
		if (open == 0)
			return at + 2;
	}
	return at;
}

static void
fill_another(struct filling *filling, const char *name)
{
	const struct template_source *source = filling->source;
	const char *template = source->template(source->context, name);

	if (template == NULL || filling->depth == DEEPEST)
		return;
	filling->depth++;
	fill(filling, template);
	filling->depth--;
}

/* Puts the block for each element. Returns what comes after it. */
static const char *
fill_list(struct filling *filling, struct json_object *list, const char *at)
{
	size_t i, count = json_object_is_type(list, json_type_array)
				  ? json_object_array_length(list)
				  : 0;
	const char *end = at;

	if (count == 0 || count > LIST_MOST || filling->within + 1 == SCOPES)
		return skip(at);
	filling->within++;
	for (i = 0; i < count; i++) {
		filling->scopes[filling->within] =
			json_object_array_get_idx(list, i);
		end = fill(filling, at);
	}
	filling->within--;
	return end;
}

/* Leaves the mark at `at` as it is, with its block, if it has one, prepared.
 * Returns what comes after it. */
static const char *
leave(struct filling *filling, const struct mark *mark, const char *at)
{
	put(&filling->out, at, (size_t)(mark->end - at));
	if (!opens_block(mark->sort))
		return mark->end;
	filling->within += mark->sort == '*';
	at = fill(filling, mark->end);
	filling->within -= mark->sort == '*';
	put(&filling->out, "{/}", 3);
	return at;
}

/* Puts what a mark stands for. Returns what comes after the mark, or after its
 * block. */
static const char *
fill_mark(struct filling *filling, const struct mark *mark)
{
	const struct template_source *source = filling->source;
	const char *text;

	switch (mark->sort) {
	case '?':
		return is_there(look_up(filling, mark->name))
			       ? fill(filling, mark->end)
			       : skip(mark->end);
	case '!':
		return is_there(look_up(filling, mark->name))
			       ? skip(mark->end)
			       : fill(filling, mark->end);
	case '*':
		return fill_list(
			filling, look_up(filling, mark->name), mark->end);
	case '>':
		fill_another(filling, mark->name);
		break;
	case '#':
		text = source->text(source->context, mark->name);
		if (text != NULL)
			put_text(filling, text);
		break;
	case '@':
		put_time(filling, mark->name);
		break;
	default:
		put_word(filling, mark->name);
	}
	return mark->end;
}

/* Fills in what comes up to the end of the block, or of the template. Returns
 * what comes after that. */
static const char *
fill(struct filling *filling, const char *at)
{
	struct mark mark;
	size_t length;

	for (;;) {
		length = strcspn(at, "{");
		/* Any other brace stands for itself. */
		while (at[length] == '{' && !read_mark(at + length, &mark))
			length += 1 + strcspn(at + length + 1, "{");
		put(&filling->out, at, length);
		at += length;
		if (at[0] == '\0')
			return at;
		if (mark.sort == '/')
			return mark.end;
		at = mark.sort != '>' && mark.sort != '#' &&
				     is_left(filling, &mark)
			     ? leave(filling, &mark, at)
			     : fill_mark(filling, &mark);
	}
}

static char *
end(struct filling *filling)
{
	put(&filling->out, "", 1);
	return filling->out.bytes;
}

static struct filling
begin(const struct template_source *source, struct json_object *words,
	size_t least)
{
	struct filling filling = {.source = source,
		.scopes = {words, source->words},
		.within = OUTSIDE,
		.out = {.least = least}};

	return filling;
}

char *
template_fill(const struct template_source *source, const char *template,
	struct json_object *words)
{
	struct filling filling = begin(source, words, 8192);

	filling.escapes = true;
	fill(&filling, template);
	return end(&filling);
}

char *
template_prepare(const struct template_source *source, const char *template)
{
	struct filling filling = begin(source, NULL, 8192);

	filling.escapes = true;
	filling.prepares = true;
	fill(&filling, template);
	return end(&filling);
}

char *
template_text(const struct template_source *source, const char *text,
	struct json_object *words)
{
	struct filling filling = begin(source, words, 256);

	put_text(&filling, text);
	return end(&filling);
}

const char *
template_fault(const char *template, unsigned long *line)
{
	struct mark mark;
	int open = 0;

	for (*line = 1; template[0] != '\0'; template ++) {
		*line += template[0] == '\n';
		if (template[0] == '}')
			return "a } without its {";
		if (template[0] != '{')
			continue;
		if (!read_mark(template, &mark))
			return "a { that begins no mark";
		if (mark.sort == '/' && --open < 0)
			return "a {/} of no block";
		open += opens_block(mark.sort);
		if (open > BLOCKS_MOST)
			return "a block in more than 31 others";
		template = mark.end - 1;
	}
	return open > 0 ? "a block without its {/}" : NULL;
}

void
template_marks(const char *template, template_visit *visit, void *context)
{
	struct mark mark;
	unsigned long line;

	for (line = 1; template[0] != '\0'; template ++) {
		line += template[0] == '\n';
		if (template[0] == '{' && read_mark(template, &mark)) {
			visit(context, mark.sort, mark.name, line);
			template = mark.end - 1;
		}
	}
}

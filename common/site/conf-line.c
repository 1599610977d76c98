/* conf-line.c - a line of the configuration, as a text */
#include "config.h"

#include "site/conf-line.h"

#include "base/mem.h"

#include <string.h>

static const char blanks[] = " \t\r";

static char *
trim(char *text)
{
	char *end;

	text += strspn(text, blanks);
	end = text + strlen(text);
	while (end > text && strchr(blanks, end[-1]) != NULL)
		end--;
	*end = '\0';
	return text;
}

/* Where a comment begins, or the end. */
static const char *
find_comment(const char *text)
{
	const char *at = text;

	while (*at != '\0' &&
		(*at != '#' || (at > text && strchr(blanks, at[-1]) == NULL)))
		at++;
	return at;
}

/* What is in quotes, up to its end. Returns what is wrong, or NULL. */
static const char *
read_quoted(struct conf_line *line)
{
	const char *from = line->all + 1;
	char *to = line->value;

	for (; *from != '"'; from++) {
		if (*from == '\\') {
			line->escaped = true;
			if (*++from == '\0' || strchr("\"\\#", *from) == NULL)
				return "in quotes a \\ stands before a \", a "
				       "\\ or a #";
		}
		if (*from == '\0')
			return "the quotes have no end";
		*to++ = *from;
	}
	*to = '\0';
	from += 1 + strspn(from + 1, blanks);
	return *from == '\0' || *from == '#'
		       ? NULL
		       : "nothing but a comment may follow the quotes";
}

static void
read_value(struct conf_line *line)
{
	line->value = mem_copy(line->all);
	if (line->all[0] == '"') {
		line->flaw = read_quoted(line);
		return;
	}
	line->value[find_comment(line->all) - line->all] = '\0';
	trim(line->value);
}

bool
conf_line_read(struct conf_line *line, char *text)
{
	char *key = trim(text);
	char *equals = strchr(key, '=');

	memset(line, 0, sizeof *line);
	if (key[0] == '\0' || key[0] == '#')
		return true;
	if (equals == NULL)
		return false;
	*equals = '\0';
	line->key = trim(key);
	line->all = trim(equals + 1);
	read_value(line);
	return true;
}

void
conf_line_end(struct conf_line *line)
{
	mem_free(line->value);
	memset(line, 0, sizeof *line);
}

static bool
is_bare(const char *value)
{
	size_t length = strlen(value);

	return length == 0 ||
	       (value[0] != '"' && strchr(blanks, value[0]) == NULL &&
		       strchr(blanks, value[length - 1]) == NULL &&
		       *find_comment(value) == '\0');
}

char *
conf_line_write(const char *value)
{
	char *text, *to;

	if (is_bare(value))
		return mem_copy(value);
	text = mem_zero(2 * strlen(value) + 3);
	to = text;
	*to++ = '"';
	for (; *value != '\0'; value++) {
		if (strchr("\"\\#", *value) != NULL)
			*to++ = '\\';
		*to++ = *value;
	}
	*to = '"';
	return text;
}

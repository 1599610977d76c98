/* finding.c - what a check of `latchkey doctor` has found */
#include "config.h"

#include "finding.h"

#include "base/json.h"
#include "base/mem.h"
#include "print.h"

#include <stdarg.h>
#include <string.h>

const char *const finding_words[] = {"ok", "warning", "error"};

void
findings_begin(struct findings *findings)
{
	findings->level = FINDING_NONE;
	findings->list = json_new_array();
}

static void __attribute__((format(printf, 3, 0)))
add_text(struct json_object *object, const char *name, const char *format,
	va_list args)
{
	char *text = mem_vprintf(format, args);

	json_add_string(object, name, text);
	mem_free(text);
}

bool
finding_has(const struct findings *findings, const char *what)
{
	size_t i, count = json_object_array_length(findings->list);

	for (i = 0; i < count; i++)
		if (strcmp(json_string(
				   json_object_array_get_idx(findings->list, i),
				   "what"),
			    what) == 0)
			return true;
	return false;
}

void
finding_add(struct findings *findings, enum finding_level level,
	const char *format, ...)
{
	struct json_object *finding = json_new_object();
	va_list args;

	if (level > findings->level)
		findings->level = level;
	json_add_string(finding, "result", finding_words[level]);
	va_start(args, format);
	add_text(finding, "what", format, args);
	va_end(args);
	json_append(findings->list, finding);
}

void
finding_mend(struct findings *findings, const char *format, ...)
{
	size_t last = json_object_array_length(findings->list) - 1;
	va_list args;

	va_start(args, format);
	add_text(json_object_array_get_idx(findings->list, last), "command",
		format, args);
	va_end(args);
}

const char *
finding_editor(const char *file, unsigned long line)
{
	static char *text;

	mem_free(text);
	text = line == 0 ? mem_printf("${EDITOR:-vi} %s", print_word(file))
			 : mem_printf("${EDITOR:-vi} +%lu %s", line,
				   print_word(file));
	return text;
}

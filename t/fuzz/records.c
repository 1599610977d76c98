/* records.c - the file of another system, on its way to become lines. The
 * input's first line names the format; "" has the rest tell. A line that is
 * written is one object of JSON, and has a number. */
#include "config.h"

#include "import-convert.h"

#include "base/json.h"
#include "base/lines.h"
#include "fuzz.h"

static void
say(void *context, uint64_t number, const char *name, const char *text,
	bool bad)
{
	(void)context;
	(void)bad;
	assert(number > 0 || name[0] == '\0');
	assert(text[0] != '\0');
}

static bool
go_on(void *context, uint64_t bytes)
{
	(void)context;
	(void)bytes;
	return true;
}

/* What the lines must be like. */
static void
check(FILE *to, const struct convert *done)
{
	struct json_member members[JSON_MEMBERS];
	struct lines lines;
	size_t count;

	rewind(to);
	lines_begin(&lines, to);
	while (lines_next(&lines)) {
		assert(lines.length <= LINES_LONGEST);
		assert(json_read_members(
			lines.text, lines.length, members, &count));
	}
	assert(lines.number == done->count);
	lines_end(&lines);
}

static void
convert_text(const struct map_format *format, const uint8_t *data, size_t size)
{
	struct convert convert_to = {.format = format,
		.kind = map_reader(format, (const char *)data, size),
		.say = say,
		.go_on = go_on};
	char *copy = mem_zero(size + 1);
	FILE *from, *to;

	memcpy(copy, data, size);
	from = mem_check(fmemopen(copy, size, "r"));
	to = mem_check(tmpfile());
	if (convert(&convert_to, from, NULL, to))
		check(to, &convert_to);
	else
		assert(convert_to.flaw != NULL);
	convert_end(&convert_to);
	fclose(from);
	fclose(to);
	mem_free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = fuzz_line(&data, &size);
	const struct map_format *format = map_find(name);
	const char *reason;

	if (name[0] == '\0')
		format = map_detect((const char *)data, size, &reason);
	if (format != NULL && size > 0)
		convert_text(format, data, size);
	mem_free(name);
	return 0;
}

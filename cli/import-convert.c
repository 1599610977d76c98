/* import-convert.c - a file of another system made into lines */
#include "config.h"

#include "import-convert.h"

#include "base/json.h"
#include "base/mem.h"

#include <errno.h>
#include <string.h>

static const char ended[] = "interrupted";

/* Notes from which record a line has come. */
static void
keep_number(struct convert *convert, uint64_t number)
{
	if (convert->count == convert->room) {
		convert->room = convert->room == 0 ? 1024 : 2 * convert->room;
		convert->numbers = mem_resize(convert->numbers,
			convert->room * sizeof *convert->numbers);
	}
	convert->numbers[convert->count++] = (uint32_t)number;
}

static void
write_line(struct convert *convert, struct mapping *mapping, uint64_t number,
	FILE *to)
{
	size_t length;
	const char *text = json_text(mapping->line, &length);

	if (length > LINES_LONGEST) {
		convert->say(convert->context, number, map_account(mapping),
			"its line would be longer than 64 KiB", true);
		return;
	}
	fwrite(text, 1, length, to);
	fputc('\n', to);
	keep_number(convert, number);
}

static void
convert_record(struct convert *convert, struct mapping *mapping,
	const struct reader *reader, FILE *to)
{
	const char *flaw;
	char *note;

	if (convert->records++ == 0)
		convert->unread = map_unread(convert->format, reader->record);
	if (map_record(mapping, reader->record, &flaw) == MAP_OTHER) {
		convert->others++;
		return;
	}
	if (flaw != NULL) {
		convert->say(convert->context, reader->number,
			map_account(mapping), flaw, true);
		return;
	}
	if (mapping->left_out[0] != '\0') {
		note = mem_printf("comes without %s", mapping->left_out);
		convert->say(convert->context, reader->number,
			map_account(mapping), note, false);
		mem_free(note);
	}
	write_line(convert, mapping, reader->number, to);
}

/* What is done with a record; `to` is NULL where nothing is written. */
typedef void use_record(struct convert *convert, struct mapping *mapping,
	const struct reader *reader, FILE *to);

static void
gather_record(struct convert *convert, struct mapping *mapping,
	const struct reader *reader, FILE *to)
{
	(void)convert;
	(void)to;
	map_gather(mapping, reader->record);
}

static void
gather_passwd(struct convert *convert, struct mapping *mapping,
	const struct reader *reader, FILE *to)
{
	(void)convert;
	(void)to;
	map_passwd(mapping, reader->record);
}

/* Reads all records of a file. What is wrong with one is said where lines are
 * written. */
static bool
each_record(struct convert *convert, struct mapping *mapping,
	struct reader *reader, use_record *use, FILE *to)
{
	enum read_outcome outcome;

	while ((outcome = reader_next(reader)) != READ_END) {
		if (!convert->go_on(
			    convert->context, (uint64_t)ftello(reader->file))) {
			convert->flaw = ended;
			return false;
		}
		if (outcome == READ_RECORD)
			use(convert, mapping, reader, to);
		else if (to != NULL)
			convert->say(convert->context, reader->number, "",
				reader->flaw, true);
	}
	convert->flaw = reader->flaw;
	return reader->flaw == NULL;
}

static bool
read_file(struct convert *convert, struct mapping *mapping,
	const struct reader_kind *kind, const void *with, FILE *file,
	use_record *use, FILE *to)
{
	struct reader reader;
	bool good;

	rewind(file);
	reader_begin(&reader, kind, with, file);
	good = each_record(convert, mapping, &reader, use, to);
	reader_end(&reader);
	return good;
}

bool
convert(struct convert *convert, FILE *from, FILE *passwd, FILE *to)
{
	const struct map_format *format = convert->format;
	const void *with = map_with(format);
	struct mapping mapping;
	bool good = true;

	map_begin(&mapping, format);
	if (passwd != NULL)
		good = read_file(convert, &mapping, &reader_colons,
			map_passwd_names, passwd, gather_passwd, NULL);
	if (good && map_gathers(format))
		good = read_file(convert, &mapping, convert->kind, with, from,
			gather_record, NULL);
	if (good)
		good = read_file(convert, &mapping, convert->kind, with, from,
			convert_record, to);
	map_end(&mapping);
	if (good && (fflush(to) != 0 || ferror(to))) {
		convert->flaw = strerror(errno);
		good = false;
	}
	return good;
}

void
convert_end(struct convert *convert)
{
	mem_free(convert->numbers);
	mem_free(convert->unread);
	memset(convert, 0, sizeof *convert);
}

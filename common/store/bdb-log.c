/* bdb-log.c - the log of a Berkeley DB directory, as its files have it
 *
 * It knows the format of libdb 5.3, without cryptography, from log.h in libdb's
 * sources. Numbers are in the machine's order of bytes. */
#include "config.h"

#include "store/bdb-log.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/bdb-header.h"
#include "store/bdb-reader.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The header of each record. */
struct record {
	uint32_t previous; /* where the record before begins; in the first
			    * record of a file: where the last one of the file
			    * before does */
	uint32_t length;   /* of the record, header included */
	uint32_t check;
};

/* The first record of each file. */
struct first {
	uint32_t magic, version, size, unused;
};

static_assert(sizeof(struct record) == 12 && sizeof(struct first) == 16,
	"as libdb has them");

bool
bdb_place_is_before(struct bdb_place one, struct bdb_place other)
{
	return one.file < other.file ||
	       (one.file == other.file && one.offset < other.offset);
}

const char *
bdb_log_name(char name[BDB_LOG_NAME], uint32_t number)
{
	snprintf(name, BDB_LOG_NAME, "log.%010" PRIu32, number);
	return name;
}

/* --- one file ---------------------------------------------------------- */

static void
open_file(struct bdb_reader *reader, const struct bdb_log *log, uint32_t number)
{
	char name[BDB_LOG_NAME];

	bdb_reader_open(reader, log->dir, bdb_log_name(name, number));
}

static void
close_file(struct bdb_reader *reader, struct bdb_log *log, uint32_t number)
{
	char name[BDB_LOG_NAME];
	int error =
		bdb_reader_close(reader, log->dir, bdb_log_name(name, number));

	if (error != 0)
		log->error = error;
}

/* Whether a whole and good record is there. libdb finds the end of a log by the
 * same rules. */
static bool
read_record(struct bdb_reader *reader, struct record *record)
{
	uint32_t sum = 0, left;

	if (!bdb_reader_take(reader, record, sizeof *record) ||
		record->length <= sizeof *record)
		return false;
	for (left = record->length - (uint32_t)sizeof *record; left > 0;
		left--) {
		if (reader->at == reader->length && !bdb_reader_next(reader))
			return false;
		sum = sum * 33 + reader->block[reader->at++];
	}
	return (sum ^ record->previous ^ record->length) == record->check;
}

/* Whether the file has anything in it. A file that cannot be read counts. */
static bool
is_begun(struct bdb_log *log, uint32_t number)
{
	struct bdb_reader reader;
	struct record record;
	struct first first;
	bool begun;

	open_file(&reader, log, number);
	begun = bdb_reader_take(&reader, &record, sizeof record) &&
		bdb_reader_take(&reader, &first, sizeof first) &&
		(record.length != 0 || first.magic != 0 || first.size != 0);
	begun = begun || reader.error != 0;
	close_file(&reader, log, number);
	return begun;
}

/* Whether the file begins as a log file does; fills in that record. */
static bool
begins(struct bdb_log *log, uint32_t number, struct record *record)
{
	struct bdb_reader reader;
	struct first first;
	bool good;

	open_file(&reader, log, number);
	good = read_record(&reader, record);
	bdb_reader_seek(&reader, sizeof *record);
	good = good && bdb_reader_take(&reader, &first, sizeof first) &&
	       first.magic == DB_LOGMAGIC;
	close_file(&reader, log, number);
	return good;
}

/* Whether the file's last record begins there. */
static bool
ends_with(struct bdb_log *log, uint32_t number, uint32_t last)
{
	struct bdb_reader reader;
	struct record record, next;
	bool good;

	open_file(&reader, log, number);
	bdb_reader_seek(&reader, last);
	good = read_record(&reader, &record) && !read_record(&reader, &next);
	close_file(&reader, log, number);
	return good;
}

/* --- all of them ------------------------------------------------------- */

/* The number in a log file's name; 0 if it is none. */
static uint32_t
number_of(const char *name)
{
	if (strncmp(name, "log.", 4) != 0 || name[4] == '\0' ||
		strspn(name + 4, "0123456789") != strlen(name + 4))
		return 0;
	return (uint32_t)strtoul(name + 4, NULL, 10);
}

static void
add(struct bdb_log *log, uint32_t number)
{
	if (number == 0)
		return;
	log->numbers = mem_resize(
		log->numbers, (log->count + 1) * sizeof *log->numbers);
	log->numbers[log->count++] = number;
}

static int
by_number(const void *a, const void *b)
{
	uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

	return one < other ? -1 : one > other;
}

static void
read_names(struct bdb_log *log, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	*log = (struct bdb_log){.dir = path};
	if (dir == NULL) {
		log->error = errno;
		log_error("store: %s: %s", path, strerror(errno));
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		add(log, number_of(entry->d_name));
	closedir(dir);
}

/* The number of the last file; 0: there is none. */
static uint32_t
last_number(const struct bdb_log *log)
{
	return log->count == 0 ? 0 : log->numbers[log->count - 1];
}

void
bdb_log_list(struct bdb_log *log, const char *dir)
{
	read_names(log, dir);
	if (log->count > 1)
		qsort(log->numbers, log->count, sizeof *log->numbers,
			by_number);
	while (log->count > 0 && !is_begun(log, last_number(log)))
		log->count--;
}

void
bdb_log_free(struct bdb_log *log)
{
	mem_free(log->numbers);
}

bool
bdb_log_goes_on(const char *dir, uint32_t last)
{
	struct bdb_log log;
	bool more = false;
	size_t i;

	read_names(&log, dir);
	for (i = 0; i < log.count && !more; i++)
		more = log.numbers[i] > last && is_begun(&log, log.numbers[i]);
	bdb_log_free(&log);
	return more;
}

/* A backup may have been copied over newer files that are still there. */
#define LEFT_OVER                                                              \
	"; where a backup was copied into it, move %s and all with higher "    \
	"numbers away, else put a whole backup in the place of this directory"

/* What does not fit between that file and the one before it; `before` 0: there
 * is none. */
static char *
misfit(struct bdb_log *log, uint32_t number, uint32_t before)
{
	struct record record;
	char name[BDB_LOG_NAME], other[BDB_LOG_NAME];

	bdb_log_name(name, number);
	bdb_log_name(other, before);
	if (before != 0 && number != before + 1)
		return mem_printf(
			"after %s comes %s" LEFT_OVER, other, name, name);
	if (!begins(log, number, &record))
		return mem_printf("%s does not begin as a log does; put a "
				  "whole backup in the place of this directory",
			name);
	if (before != 0 && !ends_with(log, before, record.previous))
		return mem_printf("%s does not go on where %s ends" LEFT_OVER,
			name, other, name);
	return NULL;
}

char *
bdb_log_misfit(struct bdb_log *log)
{
	char *what = NULL;
	size_t i;

	for (i = 0; i < log->count && what == NULL; i++)
		what = misfit(
			log, log->numbers[i], i == 0 ? 0 : log->numbers[i - 1]);
	return what;
}

struct bdb_place
bdb_log_end(struct bdb_log *log)
{
	struct bdb_place end = {last_number(log), 0};
	struct bdb_reader reader;
	struct record record;

	if (end.file == 0)
		return end;
	open_file(&reader, log, end.file);
	while (read_record(&reader, &record))
		end.offset += record.length;
	close_file(&reader, log, end.file);
	return end;
}

/* bdb-fit.c - whether the files of a Berkeley DB directory are of one time
 *
 * It knows the formats of libdb 5.3, without cryptography, from db_page.h and
 * log.h in libdb's sources. Numbers are in the machine's order of bytes. */
#include "config.h"

#include "store/bdb-fit.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/bdb.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_PAGE = 512, MOST_PAGE = 64 << 10, NAME = 24 };

#define WHOLE_BACKUP "put a whole backup in the place of this directory"

/* A place in the log (libdb's LSN); one in file 0 is no place. */
struct place {
	uint32_t file, offset;
};

/* The header of each record of the log. */
struct record {
	uint32_t previous; /* where the record before begins; in the first
			    * record of a file: where the last one of the file
			    * before does */
	uint32_t length;   /* of the record, header included */
	uint32_t check;
};

/* How what follows begins. `from` is of a checkpoint alone: recovery has to
 * begin there. */
struct body {
	uint32_t type, transaction;
	struct place before; /* in the same transaction */
	struct place from;
};
enum { CHECKPOINT = 11 }; /* libdb's __txn_ckp */

/* The first record of each file of the log. */
struct first {
	uint32_t magic, version, size, unused;
};

/* The beginning of a data file. Each page begins with the place of the record
 * that changed it last. */
struct meta {
	struct place last;
	uint32_t page, magic, version, page_size;
};

static_assert(sizeof(struct record) == 12 && sizeof(struct first) == 16 &&
		      sizeof(struct meta) == 24 && sizeof(struct body) == 24,
	"as libdb has them");

/* The log is a chain: each file begins with the place of the last record in the
 * file before. libdb takes whatever files are there for one log. These are the
 * files' numbers, in order. Empty files at the end are left out, as libdb does:
 * they were made just before a death or a power loss. */
struct log {
	const char *dir; /* the caller's */
	uint32_t *numbers;
	size_t count;
	bool unread; /* a file could not be read, which the log says */
};

static bool
is_before(struct place one, struct place other)
{
	return one.file < other.file ||
	       (one.file == other.file && one.offset < other.offset);
}

static const char *
name_of(uint32_t number, char name[NAME])
{
	snprintf(name, NAME, "log.%010" PRIu32, number);
	return name;
}

/* --- reading a file ---------------------------------------------------- */

/* A file that cannot be opened or read seems to end there; closing it reports
 * the error. */
struct reader {
	char *path;
	FILE *file; /* or NULL */
	char block[MOST_PAGE];
};

static void
open_file(struct reader *reader, const struct log *log, const char *name)
{
	int fd;

	reader->path = mem_printf("%s/%s", log->dir, name);
	fd = open(reader->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	reader->file = fd < 0 ? NULL : mem_check(fdopen(fd, "r"));
	if (fd >= 0)
		setvbuf(reader->file, reader->block, _IOFBF, MOST_PAGE);
}

static void
open_log(struct reader *reader, const struct log *log, uint32_t number)
{
	char name[NAME];

	open_file(reader, log, name_of(number, name));
}

static bool
is_unread(const struct reader *reader)
{
	return reader->file == NULL || ferror(reader->file) != 0;
}

/* Wipes what was read, since keys are in there. */
static void
close_file(struct reader *reader, struct log *log)
{
	if (is_unread(reader)) {
		log_error("store: %s: cannot read: %s", reader->path,
			strerror(errno));
		log->unread = true;
	}
	if (reader->file != NULL)
		fclose(reader->file);
	sodium_memzero(reader->block, sizeof reader->block);
	mem_free(reader->path);
}

static void
seek(struct reader *reader, uint32_t offset)
{
	if (reader->file != NULL)
		fseeko(reader->file, offset, SEEK_SET);
}

/* Takes the next bytes: all of them or none. */
static bool
take(struct reader *reader, void *data, size_t length)
{
	return reader->file != NULL &&
	       fread(data, length, 1, reader->file) == 1;
}

/* --- one file of the log ----------------------------------------------- */

/* Whether a whole and good record is there. libdb finds the end of a log by the
 * same rules. */
static bool
read_whole(struct reader *reader, struct record *record, struct body *body)
{
	unsigned char *head = (unsigned char *)body;
	uint32_t sum = 0, at, length;
	int byte;

	memset(body, 0, sizeof *body);
	if (!take(reader, record, sizeof *record) ||
		record->length <= sizeof *record)
		return false;
	length = record->length - (uint32_t)sizeof *record;
	for (at = 0; at < length; at++) {
		byte = getc_unlocked(reader->file);
		if (byte == EOF)
			return false;
		sum = sum * 33 + (unsigned)byte;
		if (at < sizeof *body)
			head[at] = (unsigned char)byte;
	}
	return (sum ^ record->previous ^ record->length) == record->check;
}

static bool
read_record(struct reader *reader, struct record *record)
{
	struct body body;

	return read_whole(reader, record, &body);
}

/* Whether the file has anything in it. A file that cannot be read counts. */
static bool
is_begun(struct log *log, uint32_t number)
{
	struct reader reader;
	struct record record;
	struct first first;
	bool begun;

	open_log(&reader, log, number);
	begun = take(&reader, &record, sizeof record) &&
		take(&reader, &first, sizeof first) &&
		(record.length != 0 || first.magic != 0 || first.size != 0);
	begun = begun || is_unread(&reader);
	close_file(&reader, log);
	return begun;
}

/* Whether the file begins as a log file does; fills in that record. */
static bool
begins(struct log *log, uint32_t number, struct record *record)
{
	struct reader reader;
	struct first first;
	bool good;

	open_log(&reader, log, number);
	good = read_record(&reader, record);
	seek(&reader, sizeof *record);
	good = good && take(&reader, &first, sizeof first) &&
	       first.magic == DB_LOGMAGIC;
	close_file(&reader, log);
	return good;
}

/* Whether the file's last record begins there. */
static bool
ends_with(struct log *log, uint32_t number, uint32_t last)
{
	struct reader reader;
	struct record record, next;
	bool good;

	open_log(&reader, log, number);
	seek(&reader, last);
	good = read_record(&reader, &record) && !read_record(&reader, &next);
	close_file(&reader, log);
	return good;
}

/* Whether a checkpoint is in the file from which recovery finds what it needs
 * in a log that begins with that file. */
static bool
has_checkpoint(struct log *log, uint32_t number, uint32_t first)
{
	struct reader reader;
	struct record record;
	struct body body;
	bool has = false;

	open_log(&reader, log, number);
	while (!has && read_whole(&reader, &record, &body))
		has = body.type == CHECKPOINT && body.from.file >= first;
	close_file(&reader, log);
	return has;
}

/* --- all of the log ---------------------------------------------------- */

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
add(struct log *log, uint32_t number)
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
read_names(struct log *log, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	*log = (struct log){.dir = path};
	if (dir == NULL) {
		log->unread = true;
		log_error("store: %s: %s", path, strerror(errno));
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		add(log, number_of(entry->d_name));
	closedir(dir);
}

/* The number of the last file; 0: there is none. */
static uint32_t
last_number(const struct log *log)
{
	return log->count == 0 ? 0 : log->numbers[log->count - 1];
}

static void
list(struct log *log, const char *dir)
{
	read_names(log, dir);
	if (log->count > 1)
		qsort(log->numbers, log->count, sizeof *log->numbers,
			by_number);
	while (log->count > 0 && !is_begun(log, last_number(log)))
		log->count--;
}

uint32_t
bdb_fit_first(const char *dir)
{
	struct log log;
	uint32_t first = 0;
	size_t i;

	read_names(&log, dir);
	for (i = 0; i < log.count; i++)
		if (first == 0 || log.numbers[i] < first)
			first = log.numbers[i];
	mem_free(log.numbers);
	return first;
}

bool
bdb_fit_goes_on(const char *dir, uint32_t last)
{
	struct log log;
	bool more = false;
	size_t i;

	read_names(&log, dir);
	for (i = 0; i < log.count && !more; i++)
		more = log.numbers[i] > last && is_begun(&log, log.numbers[i]);
	mem_free(log.numbers);
	return more;
}

/* A backup may have been copied over newer files that are still there. */
#define LEFT_OVER                                                              \
	"; where a backup was copied into it, move %s and all with higher "    \
	"numbers away, else " WHOLE_BACKUP

/* What does not fit between that file and the one before it; `before` 0: there
 * is none. */
static char *
misfit(struct log *log, uint32_t number, uint32_t before)
{
	struct record record;
	char name[NAME], other[NAME];

	name_of(number, name);
	name_of(before, other);
	if (before != 0 && number != before + 1)
		return mem_printf(
			"after %s comes %s" LEFT_OVER, other, name, name);
	if (!begins(log, number, &record))
		return mem_printf(
			"%s does not begin as a log does; " WHOLE_BACKUP, name);
	if (before != 0 && !ends_with(log, before, record.previous))
		return mem_printf("%s does not go on where %s ends" LEFT_OVER,
			name, other, name);
	return NULL;
}

/* libdb removes a log file once a later checkpoint, from a later file, is in the
 * log and on disk. So a log without such a one has lost its beginning. */
static char *
front_misfit(struct log *log)
{
	uint32_t first = log->count == 0 ? 1 : log->numbers[0];
	size_t i = log->count;
	char name[NAME];

	if (first == 1)
		return NULL;
	while (i-- > 0)
		if (has_checkpoint(log, log->numbers[i], first))
			return NULL;
	return mem_printf("%s is missing, and the log has no later "
			  "checkpoint; " WHOLE_BACKUP,
		name_of(first - 1, name));
}

static char *
log_misfit(struct log *log)
{
	char *what = NULL;
	size_t i;

	for (i = 0; i < log->count && what == NULL; i++)
		what = misfit(
			log, log->numbers[i], i == 0 ? 0 : log->numbers[i - 1]);
	return what;
}

/* The place behind the last good record, which libdb takes for the end, too.
 * What follows was torn. */
static struct place
end_of(struct log *log)
{
	struct place end = {last_number(log), 0};
	struct reader reader;
	struct record record;

	if (end.file == 0)
		return end;
	open_log(&reader, log, end.file);
	while (read_record(&reader, &record))
		end.offset += record.length;
	close_file(&reader, log);
	return end;
}

/* --- one data file ------------------------------------------------------ */

/* The size of the file's pages; 0 if it has none, or is of no format known
 * here. */
static uint32_t
page_size_of(struct reader *reader)
{
	struct meta meta;
	uint32_t size = 0;

	if (take(reader, &meta, sizeof meta) && meta.magic == DB_BTREEMAGIC)
		size = meta.page_size;
	seek(reader, 0);
	return size >= LEAST_PAGE && size <= MOST_PAGE && MOST_PAGE % size == 0
		       ? size
		       : 0;
}

/* The latest place that any page of the file has. */
static struct place
latest_of(struct reader *reader)
{
	struct place latest = {0, 0}, place;
	unsigned char page[MOST_PAGE];
	uint32_t size = page_size_of(reader);

	while (size > 0 && take(reader, page, size)) {
		memcpy(&place, page, sizeof place);
		if (is_before(latest, place))
			latest = place;
	}
	sodium_memzero(page, sizeof page);
	return latest;
}

static char *
beyond(const char *name, struct place latest, struct place end)
{
	char file[NAME], last[NAME];

	name_of(latest.file, file);
	if (end.file == 0)
		return mem_printf("%s has changes of %s, and there is no "
				  "log; " WHOLE_BACKUP,
			name, file);
	return mem_printf("%s has changes of %s, byte %" PRIu32
			  ", and the log ends in %s, byte %" PRIu32
			  "; " WHOLE_BACKUP,
		name, file, latest.offset, name_of(end.file, last), end.offset);
}

/* Says what does not fit between a file's pages and a log that ends there. */
static char *
page_misfit(struct log *log, const char *name, struct place end)
{
	struct reader reader;
	struct place latest;

	open_file(&reader, log, name);
	latest = latest_of(&reader);
	close_file(&reader, log);
	return latest.file != 0 && !is_before(latest, end)
		       ? beyond(name, latest, end)
		       : NULL;
}

/* --- all ---------------------------------------------------------------- */

/* libdb makes a missing file anew, and empty. Only while the first log file is
 * there the data file may not have been made yet: then the log has all that was
 * in it. */
static char *
missing(const struct log *log, const char *name)
{
	return log->count == 0 || log->numbers[0] == 1
		       ? NULL
		       : mem_printf("%s is missing; " WHOLE_BACKUP, name);
}

static char *
data_misfit(struct log *log, bool pages)
{
	struct place end = {0, 0};
	char *what = NULL;
	int i;

	if (pages)
		end = end_of(log);
	for (i = 0; i < BDB_FILES && what == NULL; i++)
		if (!bdb_has(log->dir, bdb_file_names[i]))
			what = missing(log, bdb_file_names[i]);
		else if (pages)
			what = page_misfit(log, bdb_file_names[i], end);
	return what;
}

bool
bdb_fits(const char *dir, bool pages)
{
	struct log log;
	char *what;
	bool fits;

	list(&log, dir);
	what = log_misfit(&log);
	if (what == NULL)
		what = data_misfit(&log, pages);
	/* After what says more: a log that was cut has lost its checkpoints. */
	if (what == NULL)
		what = front_misfit(&log);
	fits = what == NULL && !log.unread;
	/* Where a file cannot be read the log says so, and no more is known. */
	if (what != NULL && !log.unread)
		log_error("store: %s: files of two times: %s", dir, what);
	mem_free(what);
	mem_free(log.numbers);
	return fits;
}

void
bdb_say_misfit(const char *dir)
{
	log_error("store: %s: files of two times: the data files are older "
		  "than the log; " WHOLE_BACKUP,
		dir);
}

/* bdb-fit.c - whether the files of a Berkeley DB directory are of one time
 *
 * It knows the format of libdb 5.3's pages, without cryptography, from
 * db_page.h in libdb's sources. Numbers are in the machine's order of bytes. */
#include "config.h"

#include "store/bdb-fit.h"

#include "base/log.h"
#include "base/mem.h"
#include "store/bdb-log.h"
#include "store/bdb-reader.h"
#include "store/bdb.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { LEAST_PAGE = 512 };

#define WHOLE_BACKUP "put a whole backup in the place of this directory"

/* The beginning of a data file. Each page begins with the place of the record
 * that changed it last. */
struct meta {
	struct bdb_place last;
	uint32_t page, magic, version, page_size;
};

static_assert(sizeof(struct meta) == 24, "as libdb has it");

/* --- one data file ------------------------------------------------------ */

/* The size of the file's pages; 0 if it has none, or is of no format known
 * here. */
static uint32_t
page_size_of(struct bdb_reader *reader)
{
	struct meta meta;
	uint32_t size = 0;

	if (bdb_reader_take(reader, &meta, sizeof meta) &&
		meta.magic == DB_BTREEMAGIC)
		size = meta.page_size;
	bdb_reader_seek(reader, 0);
	return size >= LEAST_PAGE && size <= BDB_BLOCK && BDB_BLOCK % size == 0
		       ? size
		       : 0;
}

/* The latest place that any page of the file has. */
static struct bdb_place
latest_of(struct bdb_reader *reader)
{
	struct bdb_place latest = {0, 0}, place;
	uint32_t size = page_size_of(reader);

	while (size > 0 && bdb_reader_next(reader))
		for (; reader->at + size <= reader->length;
			reader->at += size) {
			memcpy(&place, reader->block + reader->at,
				sizeof place);
			if (bdb_place_is_before(latest, place))
				latest = place;
		}
	return latest;
}

static char *
beyond(const char *name, struct bdb_place latest, struct bdb_place end)
{
	char file[BDB_LOG_NAME], last[BDB_LOG_NAME];

	bdb_log_name(file, latest.file);
	if (end.file == 0)
		return mem_printf("%s has changes of %s, and there is no "
				  "log; " WHOLE_BACKUP,
			name, file);
	return mem_printf("%s has changes of %s, byte %" PRIu32
			  ", and the log ends in %s, byte %" PRIu32
			  "; " WHOLE_BACKUP,
		name, file, latest.offset, bdb_log_name(last, end.file),
		end.offset);
}

/* Says what does not fit between a file's pages and a log that ends there. */
static char *
page_misfit(struct bdb_log *log, const char *name, struct bdb_place end)
{
	struct bdb_reader reader;
	struct bdb_place latest;
	int error;

	bdb_reader_open(&reader, log->dir, name);
	latest = latest_of(&reader);
	error = bdb_reader_close(&reader, log->dir, name);
	if (error != 0)
		log->error = error;
	return latest.file != 0 && !bdb_place_is_before(latest, end)
		       ? beyond(name, latest, end)
		       : NULL;
}

/* --- all ---------------------------------------------------------------- */

static bool
is_there(const char *dir, const char *name)
{
	char *path = mem_printf("%s/%s", dir, name);
	bool there = access(path, F_OK) == 0;

	mem_free(path);
	return there;
}

/* libdb makes a missing file anew, and empty. Only while the first log file is
 * there the data file may not have been made yet: then the log has all that was
 * in it. */
static char *
missing(const struct bdb_log *log, const char *name)
{
	return log->count == 0 || log->numbers[0] == 1
		       ? NULL
		       : mem_printf("%s is missing; " WHOLE_BACKUP, name);
}

static char *
data_misfit(struct bdb_log *log, bool pages)
{
	struct bdb_place end = {0, 0};
	char *what = NULL;
	int i;

	if (pages)
		end = bdb_log_end(log);
	for (i = 0; i < BDB_FILES && what == NULL; i++)
		if (!is_there(log->dir, bdb_file_names[i]))
			what = missing(log, bdb_file_names[i]);
		else if (pages)
			what = page_misfit(log, bdb_file_names[i], end);
	return what;
}

bool
bdb_fits(const char *dir, bool pages)
{
	struct bdb_log log;
	char *what;
	bool fits;

	bdb_log_list(&log, dir);
	what = bdb_log_misfit(&log);
	if (what == NULL)
		what = data_misfit(&log, pages);
	fits = what == NULL && log.error == 0;
	/* Where a file cannot be read the log says so, and no more is known. */
	if (what != NULL && log.error == 0)
		log_error("store: %s: files of two times: %s", dir, what);
	mem_free(what);
	bdb_log_free(&log);
	return fits;
}

void
bdb_say_misfit(const char *dir)
{
	log_error("store: %s: files of two times: the data files are older "
		  "than the log; " WHOLE_BACKUP,
		dir);
}

/* filter.c - filters: what they find, and files that are none */
#include "config.h"

#include "base/filter.h"
#include "unit.h"

#include <sodium.h>
#include <sys/stat.h>

enum {
	KEYS = 100000,
	OTHERS = 1000000,
	HEADER = 64,
	VERSION_AT = 8,
	PROBES_AT = 12,
	BITS_AT = 16,
	CHECK_AT = 32
};

static char path[300];

/* The key of the number: what is in the filter is below KEYS. */
static void
key_of(int number, unsigned char key[FILTER_KEY])
{
	char text[32];

	snprintf(text, sizeof text, "password %d", number);
	filter_key(text, strlen(text), key);
}

static bool
build(uint64_t count)
{
	struct filter *filter = filter_create(path, count);
	unsigned char key[FILTER_KEY];
	bool good = filter != NULL;
	uint64_t i;

	for (i = 0; i < count && good; i++) {
		key_of((int)i, key);
		good = filter_add(filter, key);
	}
	good = good && filter_finish(filter);
	filter_close(filter);
	return good;
}

/* How many of the numbers from `from` on are found. */
static int
count_found(const struct filter *filter, int from, int count)
{
	unsigned char key[FILTER_KEY];
	int i, found = 0;

	for (i = from; i < from + count; i++) {
		key_of(i, key);
		found += filter_has(filter, key) ? 1 : 0;
	}
	return found;
}

static void
test_key(void)
{
	static const char wanted[] = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8";
	unsigned char key[FILTER_KEY];
	char hex[2 * FILTER_KEY + 1];

	filter_key("password", 8, key);
	is_str(sodium_bin2hex(hex, sizeof hex, key, sizeof key), wanted,
		"a key is the text's SHA-1");
}

static void
test_contents(void)
{
	struct filter *filter;
	int wrong;

	ok(build(KEYS), "a filter is built");
	filter = filter_open(path, "a test");
	if (!ok(filter != NULL, "and opened"))
		return;
	ok(filter_size(filter) < 400000, "it has less than 400 KB");
	is_int(count_found(filter, 0, KEYS), KEYS,
		"all that is in it is found");
	wrong = count_found(filter, KEYS, OTHERS);
	printf("# %d false positives in %d\n", wrong, OTHERS);
	ok(wrong < 10, "of what is not, less than one in 100,000");
	filter_close(filter);
}

static void
test_building(void)
{
	struct filter *filter = filter_create(path, 1), *old;
	unsigned char key[FILTER_KEY];
	char temporary[310];

	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	key_of(KEYS, key);
	ok(filter_add(filter, key), "the one key that there is room for");
	ok(!filter_add(filter, key), "and no more");
	ok(access(temporary, F_OK) == 0, "the new file lies beside the old");
	ok(filter_create(path, 1) == NULL &&
			strstr(unit_log(), "there already") != NULL,
		"a second build at the same time is refused");
	old = filter_open(path, "a test");
	is_int(count_found(old, 0, 10), 10, "the old one is there meanwhile");
	filter_close(filter);
	ok(access(temporary, F_OK) != 0, "one that is given up leaves nothing");
	ok(build(1), "the old one is replaced");
	is_int(count_found(old, 0, 10), 10, "whoever has it open still has it");
	filter_close(old);
	ok(filter_create(path, 0) == NULL, "room for nothing");
	ok(filter_create(path, UINT64_MAX / 2) == NULL, "room for too much");
	unit_log();
}

static void
test_unwritable(void)
{
	ok(filter_create("/nonexistent/x.filter", 1) == NULL &&
			strstr(unit_log(), "/nonexistent/x.filter.tmp: No "
					   "such file") != NULL,
		"a directory that is not there");
	/* More than any file system has: allocated before it is mapped. */
	ok(filter_create(path, UINT64_C(1) << 44) == NULL, "a full disk");
	ok(strstr(unit_log(), ".tmp: ") != NULL, "is said");
	ok(access(path, F_OK) == 0, "and leaves the old one");
}

/* --- files that are none ------------------------------------------------ */

/* The header of a file to be changed. */
struct file {
	unsigned char bytes[HEADER + 5]; /* and one byte too many */
	size_t length;
};

static void
no_change(struct file *file)
{
	(void)file;
}
static void
emptied(struct file *file)
{
	file->length = 0;
}
static void
half_a_header(struct file *file)
{
	file->length = HEADER / 2;
}
static void
header_alone(struct file *file)
{
	file->length = HEADER;
}
static void
cut(struct file *file)
{
	file->length--;
}
static void
longer(struct file *file)
{
	file->bytes[file->length++] = 0;
}
static void
foreign(struct file *file)
{
	memcpy(file->bytes, "\177ELF", 4);
}
static void
other_version(struct file *file)
{
	file->bytes[VERSION_AT] = 2;
}
static void
flipped(struct file *file)
{
	file->bytes[BITS_AT] ^= 1;
}
static void
no_bits(struct file *file)
{
	file->bytes[BITS_AT] = 0;
	file->length = HEADER;
}
static void
too_many_bits(struct file *file)
{
	file->bytes[BITS_AT + 7] = 0xff;
}
static void
no_probes(struct file *file)
{
	file->bytes[PROBES_AT] = 0;
}
static void
many_probes(struct file *file)
{
	file->bytes[PROBES_AT + 3] = 0xff;
}

/* `lies`: the check is made to fit what the header says. */
static const struct {
	const char *name;
	void (*change)(struct file *file);
	bool lies;
	const char *reason; /* NULL: it is good */
} files[] = {
	{"as it was written", no_change, false, NULL},
	{"with the check made anew", no_change, true, NULL},
	{"empty", emptied, false, "not a filter"},
	{"half a header", half_a_header, false, "not a filter"},
	{"a header alone", header_alone, false, "of the wrong length"},
	{"one byte cut off", cut, false, "of the wrong length"},
	{"one byte too many", longer, false, "of the wrong length"},
	{"something else", foreign, false, "not a filter"},
	{"another version", other_version, false, "of another version"},
	{"a flipped bit", flipped, false, "damaged"},
	{"a header that lies: no bits", no_bits, true, "damaged"},
	{"a header that lies: very many bits", too_many_bits, true, "damaged"},
	{"a header that lies: no probes", no_probes, true, "damaged"},
	{"a header that lies: endless probes", many_probes, true, "damaged"},
};

static void
read_back(struct file *file)
{
	FILE *stream = fopen(path, "r");

	file->length = fread(file->bytes, 1, sizeof file->bytes, stream);
	fclose(stream);
}

static void
test_files(void)
{
	struct filter *filter;
	struct file file;
	const char *log;
	size_t i;

	for (i = 0; i < sizeof files / sizeof files[0]; i++) {
		build(1); /* 28 bits, in four bytes */
		read_back(&file);
		is_int((long long)file.length, HEADER + 4, "a file to change");
		files[i].change(&file);
		if (files[i].lies)
			filter_key(file.bytes, CHECK_AT, file.bytes + CHECK_AT);
		filter = filter_open(
			unit_file("changed", (char *)file.bytes, file.length),
			"a test");
		log = unit_log();
		if (files[i].reason == NULL)
			is_int(filter == NULL ? -1 : count_found(filter, 0, 1),
				1, files[i].name);
		else
			ok(filter == NULL && strstr(log, "a test: ") != NULL &&
					strstr(log, files[i].reason) != NULL,
				"%s", files[i].name);
		filter_close(filter);
	}
}

/* A header that lies about the length, in either direction. */
static void
test_length(void)
{
	struct file file;
	int bits;

	build(1);
	read_back(&file);
	for (bits = 24; bits <= 33; bits += 9) {
		file.bytes[BITS_AT] = (unsigned char)bits;
		filter_key(file.bytes, CHECK_AT, file.bytes + CHECK_AT);
		ok(filter_open(unit_file("changed", (char *)file.bytes,
				       file.length),
			   "a test") == NULL,
			"a header that lies: %d bits in four bytes", bits);
	}
	unit_log();
}

static void
test_no_file(void)
{
	char fifo[310];

	ok(filter_open("/nonexistent", "a test") == NULL, "no file");
	ok(strstr(unit_log(), "a test: /nonexistent: No such file") != NULL,
		"and its name and reason are logged");
	ok(filter_open(unit_dir, "a test") == NULL, "a directory");
	snprintf(fifo, sizeof fifo, "%s/fifo", unit_dir);
	ok(mkfifo(fifo, 0600) == 0 && filter_open(fifo, "a test") == NULL,
		"a FIFO, without waiting");
	unit_log();
}

int
main(void)
{
	unit_begin();
	snprintf(path, sizeof path, "%s/test.filter", unit_dir);
	test_key();
	test_contents();
	test_building();
	test_unwritable();
	test_files();
	test_length();
	test_no_file();
	return done();
}

/* filter.c - approximate membership of a set, in a file */
#include "config.h"

#include "base/filter.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <nettle/sha1.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FORMAT = 1,
	BITS_PER_KEY = 28, /* at 19 probes: one in 700,000 by mistake */
	PROBES = 19,       /* 28 ln 2, the best for that many */
	MOST_PROBES = 64
};

static const char magic[8] = "lkfilter"; /* no NUL */
static const uint64_t most_bits = UINT64_C(1) << 50;

/* The beginning of a file; numbers are little-endian. Only the bits follow. */
struct header {
	char magic[sizeof magic];
	uint32_t version;
	uint32_t probes;
	uint64_t bits;
	uint64_t count;                  /* of keys */
	unsigned char check[FILTER_KEY]; /* the key of all members before */
	unsigned char zero[12];
};

static_assert(sizeof(struct header) == 64, "the header has no gaps");

struct filter {
	unsigned char *map; /* the file, header and all */
	uint64_t size;
	uint64_t bits, count, room;
	uint32_t probes;
	char *path, *temporary; /* while building */
	int fd;                 /* the same */
};

void
filter_key(const void *text, size_t length, unsigned char key[FILTER_KEY])
{
	struct sha1_ctx context;

	sha1_init(&context);
	sha1_update(&context, length, text);
	sha1_digest(&context, FILTER_KEY, key);
	sodium_memzero(&context, sizeof context);
}

/* --- the header -------------------------------------------------------- */

static uint64_t
size_of(uint64_t bits)
{
	return sizeof(struct header) + (bits + 7) / 8;
}

static void
check_of(const struct header *header, unsigned char check[FILTER_KEY])
{
	filter_key(header, offsetof(struct header, check), check);
}

/* NULL if it is the header of a whole file of that size, else what is wrong. */
static const char *
find_fault(const struct header *header, off_t size)
{
	unsigned char check[FILTER_KEY];
	uint64_t bits = le64toh(header->bits);
	uint32_t probes = le32toh(header->probes);

	if (memcmp(header->magic, magic, sizeof magic) != 0)
		return "not a filter";
	if (le32toh(header->version) != FORMAT)
		return "a filter of another version";
	check_of(header, check);
	if (memcmp(header->check, check, sizeof check) != 0 || bits == 0 ||
		bits > most_bits || probes == 0 || probes > MOST_PROBES)
		return "a damaged filter";
	return size < 0 || (uint64_t)size != size_of(bits)
		       ? "a filter of the wrong length"
		       : NULL;
}

static void
write_header(const struct filter *filter)
{
	struct header header = {.version = htole32(FORMAT),
		.probes = htole32(filter->probes),
		.bits = htole64(filter->bits),
		.count = htole64(filter->count)};

	memcpy(header.magic, magic, sizeof magic);
	check_of(&header, header.check);
	memcpy(filter->map, &header, sizeof header);
}

/* --- reading ----------------------------------------------------------- */

/* Checks an open file. NULL if its header is good, else what is wrong. */
static const char *
read_header(int fd, struct header *header)
{
	struct stat file;
	ssize_t length;

	if (fstat(fd, &file) != 0)
		return strerror(errno);
	if (!S_ISREG(file.st_mode))
		return "not a file";
	length = pread(fd, header, sizeof *header, 0);
	if (length < 0)
		return strerror(errno);
	return length == sizeof *header ? find_fault(header, file.st_size)
					: "not a filter";
}

static const char *
map_file(struct filter *filter, int fd, int protection)
{
	size_t size = (size_t)filter->size;
	void *map;

	if (size != filter->size)
		return strerror(ENOMEM);
	map = mmap(NULL, size, protection, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return strerror(errno);
	/* Reading ahead would only cost time. */
	madvise(map, size, MADV_RANDOM);
	filter->map = map;
	return NULL;
}

static const char *
load(struct filter *filter, int fd)
{
	struct header header;
	const char *fault = read_header(fd, &header);

	if (fault != NULL)
		return fault;
	filter->bits = le64toh(header.bits);
	filter->count = le64toh(header.count);
	filter->probes = le32toh(header.probes);
	filter->size = size_of(filter->bits);
	return map_file(filter, fd, PROT_READ);
}

struct filter *
filter_open(const char *path, const char *name)
{
	struct filter *filter = mem_zero(sizeof *filter);
	/* Opening a FIFO must not wait for its other end. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	const char *fault = fd < 0 ? strerror(errno) : load(filter, fd);

	file_close(fd);
	if (fault == NULL)
		return filter;
	log_error("%s: %s: %s", name, path, fault);
	filter_close(filter);
	return NULL;
}

/* --- the bits ---------------------------------------------------------- */

/* The place of a key's next bit. Enhanced double hashing (Dillinger and
 * Manolios, "Bloom Filters in Probabilistic Verification", 2004): the step
 * changes, so that keys that meet once part again. */
struct probe {
	uint64_t at, step, round;
};

static struct probe
first_probe(const struct filter *filter, const unsigned char key[FILTER_KEY])
{
	struct probe probe = {.round = 0};

	memcpy(&probe.at, key, sizeof probe.at);
	memcpy(&probe.step, key + sizeof probe.at, sizeof probe.step);
	probe.at = le64toh(probe.at) % filter->bits;
	probe.step = le64toh(probe.step) % filter->bits;
	return probe;
}

static void
next_probe(const struct filter *filter, struct probe *probe)
{
	probe->at = (probe->at + probe->step) % filter->bits;
	probe->step = (probe->step + ++probe->round) % filter->bits;
}

static unsigned char *
byte_at(const struct filter *filter, uint64_t bit)
{
	return filter->map + sizeof(struct header) + bit / 8;
}

bool
filter_has(const struct filter *filter, const unsigned char key[FILTER_KEY])
{
	struct probe probe = first_probe(filter, key);

	for (; probe.round < filter->probes; next_probe(filter, &probe))
		if ((*byte_at(filter, probe.at) & 1 << probe.at % 8) == 0)
			return false;
	return true;
}

uint64_t
filter_size(const struct filter *filter)
{
	return filter->size;
}

/* --- building ---------------------------------------------------------- */

bool
filter_add(struct filter *filter, const unsigned char key[FILTER_KEY])
{
	struct probe probe = first_probe(filter, key);

	if (filter->count == filter->room)
		return false;
	for (; probe.round < filter->probes; next_probe(filter, &probe))
		*byte_at(filter, probe.at) |=
			(unsigned char)(1 << probe.at % 8);
	filter->count++;
	return true;
}

/* Makes the file and maps it, allocated in full: on a full disk a write to a
 * page that has no place there would be a SIGBUS. NULL, or what is wrong. */
static const char *
allocate(struct filter *filter)
{
	int failure;

	filter->fd = open(
		filter->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (filter->fd < 0)
		return errno == EEXIST ? "is there already: of another build, "
					 "or left by one that was ended"
				       : strerror(errno);
	failure = posix_fallocate(filter->fd, 0, (off_t)filter->size);
	return failure != 0
		       ? strerror(failure)
		       : map_file(filter, filter->fd, PROT_READ | PROT_WRITE);
}

struct filter *
filter_create(const char *path, uint64_t count)
{
	struct filter *filter;
	const char *fault;

	if (count == 0 || count > most_bits / BITS_PER_KEY) {
		log_error("%s: no filter has room for %llu keys", path,
			(unsigned long long)count);
		return NULL;
	}
	filter = mem_zero(sizeof *filter);
	filter->bits = count * BITS_PER_KEY;
	filter->room = count;
	filter->probes = PROBES;
	filter->size = size_of(filter->bits);
	filter->path = mem_copy(path);
	filter->temporary = mem_printf("%s.tmp", path);
	fault = allocate(filter);
	if (fault == NULL)
		return filter;
	log_error("%s: %s", filter->temporary, fault);
	filter_close(filter);
	return NULL;
}

bool
filter_finish(struct filter *filter)
{
	write_header(filter);
	if (msync(filter->map, (size_t)filter->size, MS_SYNC) != 0 ||
		fsync(filter->fd) != 0 ||
		rename(filter->temporary, filter->path) != 0) {
		log_error("%s: %s", filter->path, strerror(errno));
		return false;
	}
	mem_free(filter->temporary);
	filter->temporary = NULL;
	if (file_sync_dir_of(filter->path))
		return true;
	log_error("%s: the directory: %s", filter->path, strerror(errno));
	return false;
}

void
filter_close(struct filter *filter)
{
	if (filter == NULL)
		return;
	if (filter->map != NULL)
		munmap(filter->map, (size_t)filter->size);
	if (filter->path != NULL && filter->fd >= 0) {
		if (filter->temporary != NULL)
			unlink(filter->temporary);
		close(filter->fd);
	}
	mem_free(filter->path);
	mem_free(filter->temporary);
	mem_free(filter);
}

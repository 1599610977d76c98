/* slots.c - how many passwords the machine hashes at the same time */
#include "config.h"

#include "password/slots.h"

#include "base/counters.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/tick.h"
#include "password/password.h"
#include "password/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

enum { NONE = -1, MOST = 1024 };

struct slots {
	char *path;
	int fd;
	int count; /* slot i is byte i; byte `count` is for the processes that
		    * wait, and beyond MOST each of their networks has one */
	int64_t wait_ms;
	int own;        /* or NONE */
	uint64_t since; /* when a hash began to use it; 0: none does */
};

struct slots *
slots_new(const char *path, unsigned long count, unsigned long wait)
{
	struct slots *slots = mem_zero(sizeof *slots);

	slots->path = mem_copy(path);
	slots->fd = -1;
	slots->count = count == 0 ? get_nprocs() : (int)count;
	if (slots->count > MOST)
		slots->count = MOST;
	slots->wait_ms = (int64_t)wait * 1000;
	slots->own = NONE;
	return slots;
}

void
slots_free(struct slots *slots)
{
	if (slots == NULL)
		return;
	file_close(slots->fd);
	mem_free(slots->path);
	mem_free(slots);
}

static enum status
refuse(const struct slots *slots, const char *what)
{
	log_error("hash slots: %s: %s: %s", slots->path, what, strerror(errno));
	return STATUS_UNAVAILABLE;
}

static bool
lock(const struct slots *slots, off_t byte)
{
	return tick_lock(slots->fd, byte, F_WRLCK, 0);
}

static void
unlock(const struct slots *slots, off_t byte)
{
	tick_lock(slots->fd, byte, F_UNLCK, 0);
}

/* Looks and takes nothing: otherwise two processes that look would see each
 * other. */
static bool
is_locked(const struct slots *slots, off_t byte)
{
	struct flock range = {.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = byte,
		.l_len = 1};

	return fcntl(slots->fd, F_OFD_GETLK, &range) == 0 &&
	       range.l_type != F_UNLCK;
}

static off_t
byte_of(uint64_t whom)
{
	return (off_t)(whom >> 2) + MOST + 1;
}

/* Tries each in turn, in an order that begins elsewhere in each process. */
static bool
take_free(struct slots *slots)
{
	int i, first = (int)(getpid() % slots->count);

	for (i = 0; i < slots->count; i++) {
		int slot = (first + i) % slots->count;

		if (lock(slots, slot)) {
			slots->own = slot;
			return true;
		}
	}
	return false;
}

/* Waits for one slot, and tries the others at each tick. */
static bool
take_next(struct slots *slots)
{
	int64_t deadline = tick_now() + slots->wait_ms;
	int slot = (int)(getpid() % slots->count);

	while (slots->own == NONE && tick_now() < deadline) {
		if (tick_lock(slots->fd, slot, F_WRLCK, 1))
			slots->own = slot;
		else if (errno != EINTR)
			break;
		else
			take_free(slots);
	}
	return slots->own != NONE;
}

static bool
open_file(struct slots *slots)
{
	if (slots->fd < 0)
		slots->fd = open(slots->path,
			O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return slots->fd >= 0;
}

static enum status
await_next(struct slots *slots)
{
	uint64_t begun = tick_us();
	bool got;

	/* A process that keeps a slot sees by this that another one waits. */
	tick_lock(slots->fd, slots->count, F_RDLCK, 0);
	got = take_next(slots);
	unlock(slots, slots->count);
	counters_add(COUNTER_SLOT_WAITS, 1);
	counters_add(COUNTER_SLOT_WAIT_US, tick_us() - begun);
	if (got)
		return STATUS_OK;
	counters_add(COUNTER_SLOT_TIMEOUTS, 1);
	log_error("hash slots: none of %d is free within %lld ms", slots->count,
		(long long)slots->wait_ms);
	return STATUS_UNAVAILABLE;
}

static enum status
take(struct slots *slots, uint64_t whom)
{
	enum status status;

	if (slots->own != NONE)
		return STATUS_OK;
	if (!open_file(slots))
		return refuse(slots, "cannot open");
	if (take_free(slots))
		return STATUS_OK;
	if (errno != EAGAIN && errno != EACCES)
		return refuse(slots, "cannot lock");
	if (whom == SLOTS_NOBODY)
		return await_next(slots);
	if (!lock(slots, byte_of(whom)))
		return STATUS_THROTTLED;
	status = await_next(slots);
	unlock(slots, byte_of(whom));
	return status;
}

enum status
slots_take(struct slots *slots, uint64_t whom)
{
	enum status status = take(slots, whom);

	if (status == STATUS_OK)
		slots->since = tick_us();
	return status;
}

bool
slots_awaited(struct slots *slots, uint64_t whom)
{
	return whom != SLOTS_NOBODY && open_file(slots) &&
	       is_locked(slots, byte_of(whom));
}

void
slots_give(struct slots *slots)
{
	if (slots->since != 0) {
		counters_add(COUNTER_SLOT_USES, 1);
		counters_add(COUNTER_SLOT_US, tick_us() - slots->since);
		slots->since = 0;
	}
	if (!password_keeps_memory() || is_locked(slots, slots->count))
		slots_drop(slots);
}

int
slots_count(const struct slots *slots)
{
	return slots->count;
}

int
slots_taken(struct slots *slots)
{
	int i, count = 0;

	if (!open_file(slots))
		return 0;
	for (i = 0; i < slots->count; i++)
		count += is_locked(slots, i) ? 1 : 0;
	return count;
}

bool
slots_kept(const struct slots *slots)
{
	return slots->own != NONE;
}

void
slots_drop(struct slots *slots)
{
	if (slots->own == NONE)
		return;
	scratch_drop();
	unlock(slots, slots->own);
	slots->own = NONE;
}

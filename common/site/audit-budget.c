/* audit-budget.c - how many lines of the audit one account can cause */
#include "config.h"

#include "site/audit-budget.h"

#include "base/mem.h"

#include <assert.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	FORMAT = 1,
	PLACES = 512, /* of accounts, and as many of networks */
	PROBES = 4,   /* that each of them can have */
	SETTLE_SECONDS = 60
};

/* The beginning of the file; the places follow. A stranger who knew the key
 * could choose networks that push an account out of its place. */
struct header {
	uint32_t format;
	uint32_t zero;
	int64_t settled;
	unsigned char key[crypto_shorthash_KEYBYTES];
};

struct place {
	uint64_t who; /* a hash; 0: empty */
	uint32_t lines;
	uint32_t zero;
	struct audit_left left;
};

struct audit_budget {
	char *path;
	int fd;
	uint64_t most;
	struct header header;
};

struct audit_budget *
audit_budget_new(const char *path, uint64_t most)
{
	struct audit_budget *budget = mem_zero(sizeof *budget);

	budget->path = mem_copy(path);
	budget->fd = -1;
	budget->most = most;
	return budget;
}

void
audit_budget_free(struct audit_budget *budget)
{
	if (budget == NULL)
		return;
	if (budget->fd >= 0)
		close(budget->fd);
	mem_free(budget->path);
	mem_free(budget);
}

/* --- the file ---------------------------------------------------------- */

static bool
read_header(struct audit_budget *budget)
{
	return pread(budget->fd, &budget->header, sizeof budget->header, 0) ==
		       (ssize_t)sizeof budget->header &&
	       budget->header.format == FORMAT;
}

static bool
write_header(const struct audit_budget *budget)
{
	return pwrite(budget->fd, &budget->header, sizeof budget->header, 0) ==
	       (ssize_t)sizeof budget->header;
}

/* A file that is new, or of another format, begins with nothing counted. */
static bool
make_header(struct audit_budget *budget)
{
	memset(&budget->header, 0, sizeof budget->header);
	budget->header.format = FORMAT;
	randombytes_buf(budget->header.key, sizeof budget->header.key);
	return ftruncate(budget->fd, 0) == 0 && write_header(budget);
}

/* By one process. Another that comes meanwhile counts from its next line on. */
static bool
have_header(struct audit_budget *budget)
{
	bool good;

	if (read_header(budget))
		return true;
	if (flock(budget->fd, LOCK_EX | LOCK_NB) != 0)
		return false;
	good = read_header(budget) || make_header(budget);
	flock(budget->fd, LOCK_UN);
	return good;
}

static bool
have_file(struct audit_budget *budget)
{
	if (budget->fd >= 0)
		return true;
	budget->fd = open(
		budget->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (budget->fd >= 0 && have_header(budget))
		return true;
	if (budget->fd >= 0)
		close(budget->fd);
	budget->fd = -1;
	return false;
}

static off_t
offset_of(unsigned index)
{
	return (off_t)sizeof(struct header) +
	       (off_t)index * (off_t)sizeof(struct place);
}

/* A place beyond the file's end is empty. */
static void
load(const struct audit_budget *budget, unsigned index, struct place *place)
{
	struct audit_left *left = &place->left;

	if (pread(budget->fd, place, sizeof *place, offset_of(index)) !=
		(ssize_t)sizeof *place)
		memset(place, 0, sizeof *place);
	left->event[sizeof left->event - 1] = '\0';
	left->outcome[sizeof left->outcome - 1] = '\0';
	left->account[sizeof left->account - 1] = '\0';
	left->network[sizeof left->network - 1] = '\0';
}

static bool
save(const struct audit_budget *budget, unsigned index,
	const struct place *place)
{
	return pwrite(budget->fd, place, sizeof *place, offset_of(index)) ==
	       (ssize_t)sizeof *place;
}

/* --- counting ---------------------------------------------------------- */

/* An hour that begins in the future comes from a wrong clock. */
static bool
is_over(const struct place *place, int64_t now)
{
	return place->who == 0 || place->left.since > now ||
	       place->left.since + AUDIT_BUDGET_SECONDS <= now;
}

static uint64_t
hash_of(const struct audit_budget *budget, const struct audit_left *of)
{
	unsigned char hash[crypto_shorthash_BYTES];
	char text[sizeof *of];
	uint64_t who;

	snprintf(text, sizeof text, "%s\n%s\n%s\n%s", of->event, of->outcome,
		of->account, of->network);
	crypto_shorthash(hash, (const unsigned char *)text, strlen(text),
		budget->header.key);
	static_assert(sizeof hash == sizeof who, "it is a number");
	memcpy(&who, hash, sizeof who);
	return who == 0 ? 1 : who;
}

/* Which place is given to another count: one that has nothing left to tell
 * first, else the oldest. */
static int64_t
spare(const struct place *place, int64_t now)
{
	return is_over(place, now) && place->left.count == 0
		       ? INT64_MAX
		       : now - place->left.since;
}

/* The place of that count, or the place that it may take. */
static unsigned
find(const struct audit_budget *budget, uint64_t who, bool network, int64_t now,
	struct place *place)
{
	unsigned i, index, found = 0, first = network ? PLACES : 0;
	struct place seen;

	for (i = 0; i < PROBES; i++) {
		index = first + (unsigned)((who + i) % PLACES);
		load(budget, index, &seen);
		if (i == 0 || seen.who == who ||
			spare(&seen, now) > spare(place, now)) {
			found = index;
			*place = seen;
		}
		if (seen.who == who)
			break;
	}
	return found;
}

/* Whether one more line of that sort is within `most`. */
static bool
count(const struct audit_budget *budget, const struct audit_left *line,
	uint64_t most, int64_t now, audit_tell *tell, void *context)
{
	uint64_t who = hash_of(budget, line);
	struct place place;
	unsigned index =
		find(budget, who, line->network[0] != '\0', now, &place);

	if (place.who != who || is_over(&place, now)) {
		if (place.left.count > 0)
			tell(context, &place.left);
		place = (struct place){.who = who, .left = *line};
		place.left.since = now;
		place.left.count = 0;
	}
	if (place.lines >= most)
		place.left.count++;
	else
		place.lines++;
	return !save(budget, index, &place) || place.left.count == 0;
}

bool
audit_budget_take(struct audit_budget *budget, const struct audit_left *line,
	int64_t now, audit_tell *tell, void *context)
{
	struct audit_left sort = *line;

	if (!have_file(budget))
		return true;
	if (sort.account[0] != '\0') {
		sort.network[0] = '\0';
		return count(budget, &sort, budget->most, now, tell, context);
	}
	if (!count(budget, &sort, budget->most, now, tell, context))
		return false;
	/* By event alone, since a stranger may have thousands of networks. */
	sort.network[0] = '\0';
	return count(budget, &sort,
		(uint64_t)AUDIT_BUDGET_IN_ALL * budget->most, now, tell,
		context);
}

void
audit_budget_settle(struct audit_budget *budget, int64_t now, audit_tell *tell,
	void *context)
{
	struct place place;
	unsigned i;

	if (!have_file(budget) || !read_header(budget) ||
		(budget->header.settled <= now &&
			now < budget->header.settled + SETTLE_SECONDS) ||
		flock(budget->fd, LOCK_EX | LOCK_NB) != 0)
		return;
	budget->header.settled = now;
	write_header(budget);
	for (i = 0; i < 2 * PLACES; i++) {
		load(budget, i, &place);
		if (place.left.count == 0 || !is_over(&place, now))
			continue;
		tell(context, &place.left);
		memset(&place, 0, sizeof place);
		save(budget, i, &place);
	}
	flock(budget->fd, LOCK_UN);
}

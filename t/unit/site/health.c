/* health.c - whether an installation can do its work, and how often it is
 * looked at */
#include "config.h"

#include "account/mail.h"
#include "base/counters.h"
#include "base/tick.h"
#include "unit.h"

#include <sys/file.h>
#include <utime.h>

static struct site site;
static struct health health;

static char *
in_dir(const char *name)
{
	static char path[300];

	snprintf(path, sizeof path, "%s/%s", unit_dir, name);
	return path;
}

/* The checks that fail now. */
static const char *
failed_at(int64_t now)
{
	static char text[64];
	int i;

	text[0] = '\0';
	health_look(&site, mail_health, now, &health);
	for (i = 0; i < HEALTH_CHECKS; i++)
		if ((health.failed & 1U << i) != 0)
			sprintf(text + strlen(text), "%s ", health_names[i]);
	return text;
}

static const char *
failed(void)
{
	return failed_at(site_now());
}

static void
queue(int64_t now)
{
	enum status status = store_begin(site.store, STORE_WRITE);

	if (status == STATUS_OK)
		status = mail_queue(
			site.store, site.conf, MAIL_CHANGED, "1", "", now);
	is_int(store_finish(site.store, status), STATUS_OK, "a mail waits");
}

static void
test_mail(void)
{
	int64_t now = site_now();
	struct mail mail;
	struct store_walk walk;

	is_str(failed(), "", "no mail waits");
	queue(now);
	is_str(failed_at(now + 299), "", "one that has just become due");
	ok(health.waiting == 1 && health.made == now && health.due == now,
		"is seen");
	is_str(failed_at(now + 301), "mail ", "one that nobody sends");
	ok(strstr(health.why[HEALTH_MAIL], "due for 301 s") != NULL,
		"and the reason");
	mail_walk_begin(&walk, site.store, 0);
	mail_walk_next(&walk, &mail);
	store_walk_end(&walk);
	mail.next = now + 400;
	mail.attempts = 3;
	store_begin(site.store, STORE_WRITE);
	mail_put(site.store, &mail);
	store_commit(site.store, STORE_DURABLE);
	is_str(failed_at(now + 301), "", "one that is tried again and again");
	ok(health.due == 0 && health.made == now, "has its age");
	is_str(failed_at(now + 86400), "", "one that has failed for good");
	ok(health.waiting == 0 && health.failed_mails == 1,
		"is another number");
}

/* Other processes wait for two seconds: a monitor is gone by then. */
static void
test_held(void)
{
	int fd = open(in_dir("store/gate"), O_RDWR);
	int64_t begun = tick_now(), took;

	flock(fd, LOCK_EX);
	is_str(failed(), "store ", "another process is inside");
	took = tick_now() - begun;
	ok(took >= 200, "it is waited for");
	flock(fd, LOCK_UN);
	close(fd);
	ok(strstr(unit_log(), "not free within 250 ms") != NULL,
		"a quarter of a second");
	is_str(failed(), "", "and is not any more");
}

static void
test_clock(void)
{
	const struct utimbuf later = {site_now() + 1000, site_now() + 1000};

	is_str(failed_at(site_now() - 86400), "clock ",
		"a clock that went back a day");
	is_str(failed_at(1), "clock ", "one that is at its beginning");
	is_str(failed_at(site_now() + 86400 * 3650), "",
		"of one that went ahead nothing is known");
	utime(in_dir("store/accounts.btr"), &later);
	is_str(failed(), "clock ", "a file that was written later");
	ok(strstr(health.why[HEALTH_CLOCK], " s from now") != NULL,
		"and the reason");
	utime(in_dir("store/accounts.btr"), NULL);
}

/* A clock that stands still, wherever it is put. */
static int64_t stands_at;

int64_t __real_tick_now(void);
int64_t __wrap_tick_now(void);
int64_t
__wrap_tick_now(void)
{
	return stands_at > 0 ? stands_at : __real_tick_now();
}

static unsigned heard;

/* Asks while another one's look is not over. */
static void
ask_meanwhile(const struct site *one, int64_t now, struct health *found)
{
	heard = health_verdict(one, mail_health, now);
	mail_health(one, now, found);
}

/* Of many who ask within a second one has it looked at. */
static void
test_verdict(void)
{
	char *store = mem_copy(in_dir("store"));
	char *away = mem_copy(in_dir("away"));

	stands_at = __real_tick_now();
	is_int(health_verdict(&site, mail_health, site_now()), 0,
		"all is well");
	rename(store, away);
	is_str(failed(), "store disk ", "the store's directory is gone");
	stands_at += 999;
	is_int(health_verdict(&site, mail_health, site_now()), 0,
		"within a second the verdict stands");
	stands_at++;
	is_int(health_verdict(&site, mail_health, site_now()),
		1U << HEALTH_STORE | 1U << HEALTH_DISK,
		"and then it is another");
	rename(away, store);
	is_int(health_verdict(&site, mail_health, site_now()),
		1U << HEALTH_STORE | 1U << HEALTH_DISK, "for a second");
	mem_free(store);
	mem_free(away);
	stands_at -= 1000000;
	is_int(health_verdict(&site, mail_health, site_now()), 0,
		"one from before a restart does not stand");
	stands_at -= 1000000;
	is_int(health_verdict(&site, ask_meanwhile, site_now()), 0,
		"the first look");
	is_int(heard, 1U << HEALTH_STORE,
		"until it is over nobody hears that all is well");
	stands_at = 0;
}

/* Whether a flush has failed. */
static bool broken;

bool __wrap_store_is_broken(const struct store *store);
bool
__wrap_store_is_broken(const struct store *store)
{
	(void)store;
	return broken;
}

static void
test_disk(void)
{
	struct site full;

	unit_site_full(&full, "");
	health_look(&full, mail_health, site_now(), &health);
	is_int(health.failed, 1U << HEALTH_DISK,
		"a full disk, whose records can be read");
	ok(health.room.reserve == UINT64_MAX && health.room.free > 0,
		"and how full it is");
	broken = true;
	health_look(&full, mail_health, site_now(), &health);
	is_int(health.failed, 1U << HEALTH_DISK | 1U << HEALTH_STORE,
		"after a failed flush it tries to write, which mends that");
	is_str(failed(), "", "and all is well where that can be done");
	broken = false;
	site_close(&full);
}

static void
test_room(void)
{
	struct store_room room;
	int i;

	ok(store_measure(site.store, &room), "the store is measured");
	for (i = 0; i < STORE_FILES; i++)
		ok(room.files[i].name != NULL && room.files[i].bytes >= 4096,
			"%s has its size", room.files[i].name);
	ok(room.newest >= site_now() - 600 && room.newest <= site_now(),
		"and when it was written");
}

int
main(void)
{
	unit_begin();
	unit_site(&site, UNIT_FAST "mail_command = /bin/true\n");
	unit_account(&site, "alice", "alice@example.com", false);
	site_count(&site, NULL);
	test_room();
	test_held();
	test_clock();
	test_disk();
	test_verdict();
	test_mail();
	site_close(&site);
	return done();
}

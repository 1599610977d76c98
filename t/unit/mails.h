/* mails.h - a site with an account, alice's, and mails of hers */
#ifndef LATCHKEY_MAILS_H
#define LATCHKEY_MAILS_H

#include "account/mail.h"
#include "mail/mail-send.h"
#include "unit.h"

#include <signal.h>
#include <sys/stat.h>
#include <time.h>

static struct site site;
static volatile sig_atomic_t stop;

/* In place of libc's: a clock that stands still, or goes on by so much at each
 * look at it. How long a step takes on a busy machine is nothing to it. */
static int64_t stands_at, goes_on_by;

time_t
time(time_t *here)
{
	stands_at += goes_on_by;
	if (here != NULL)
		*here = stands_at;
	return stands_at;
}

static inline void
mails_begin(void)
{
	char *settings;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	stands_at = now.tv_sec;
	unit_begin();
	signal(SIGPIPE, SIG_IGN); /* as the sender does */
	settings = mem_printf(UNIT_FAST "mail_templates = %s\n", unit_dir);
	unit_site(&site, settings);
	mem_free(settings);
	unit_account(&site, "alice", "alice@example.com", false);
}

/* As a sender that has just begun. */
static inline enum status
send_due(int64_t now)
{
	struct mail_watch watch = {.more = false};
	enum status status;

	do
		status = mail_send_due(&site, &watch, now, &stop);
	while (watch.more);
	return status;
}

/* The oldest, or one without an id. */
static inline struct mail
oldest(void)
{
	struct mail mail = {.id = ""};
	struct store_walk walk;

	mail_walk_begin(&walk, site.store, 0);
	mail_walk_next(&walk, &mail);
	is_int(store_walk_end(&walk), STATUS_OK, "looked");
	return mail;
}

static inline enum status
queue(enum mail_kind kind, const char *account, int64_t now)
{
	enum status status = store_begin(site.store, STORE_WRITE);

	if (status == STATUS_OK)
		status = mail_queue(
			site.store, site.conf, kind, account, "de", now);
	return store_finish(site.store, status);
}

static inline void
drop_all(void)
{
	struct mail mail;

	for (mail = oldest(); mail.id[0] != '\0'; mail = oldest()) {
		store_begin(site.store, STORE_WRITE);
		is_int(store_finish(
			       site.store, mail_delete(site.store, mail.id)),
			STATUS_OK, "deleted");
	}
}

static inline void
set_command(const char *command)
{
	mem_free(site.conf->mail_command);
	site.conf->mail_command = mem_copy(command);
}

static inline char *
script(const char *text)
{
	char *path = mem_copy(unit_file("program", text, strlen(text)));

	chmod(path, 0700);
	return path;
}

static inline int
lines_of(const char *name)
{
	char path[300];
	int byte, lines = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", unit_dir, name);
	file = fopen(path, "r");
	while (file != NULL && (byte = getc(file)) != EOF)
		lines += byte == '\n';
	if (file != NULL)
		fclose(file);
	return lines;
}

static inline void
write_template(const char *name, const char *text)
{
	unit_file(name, text, strlen(text));
}

#endif

/* mail.c - mails that are kept, leased, tried again, and dropped; and in what
 * language */
#include "config.h"

#include "account/sweep.h"
#include "mails.h"

#include <sys/stat.h>

enum { NOW = 1000000, CODE_LIFE = 600, DAY = 86400 };

/* clang-format off */
static const struct {
	const char *accept, *language;
} languages[] = {
	{NULL, ""},
	{"", ""},
	{"de", "de"},
	{"DE", "de"},
	{"de-AT", "de"},
	{"de-AT, de;q=0.9, en;q=0.8", "de"},
	{"en, de", "en"},
	{"en;q=0.7, de;q=0.8", "de"},
	{"en;q=0.8,de;q=0.8", "en"},
	{"en; q=0.7, de ; q=0.8", "de"},
	{"fr, de;q=0.1", "de"},
	{"fr", ""},
	{"de;q=0", ""},
	{"de;q=0.0, en;q=0.1", "en"},
	{"*", ""},
	{"*, de;q=0.5", "de"},
	{"xxx", ""},
	{"deutsch", ""},
	{"d", ""},
	{"..", ""},
	{"../de", ""},
	{"de/..", ""},
	{"de_AT", ""},
	{"d\xc3\xa9", ""},
	{",,, ,de", "de"},
	{";q=1,de", "de"},
	{"de;q=x", ""},
	{"de;q=-1", ""},
	{"de;q=nan", ""},
	{"en,de;q=nan", "en"},
	{"q=1", ""},
	{"a,b,c,d,e,f,g,de", "de"},
	{"a,b,c,d,e,f,g,h,de", ""},
};
/* clang-format on */

static void
test_languages(void)
{
	char language[NAME_LANGUAGE_SIZE];
	char path[300];
	size_t i;

	snprintf(path, sizeof path, "%s/en", unit_dir);
	mkdir(path, 0700);
	snprintf(path, sizeof path, "%s/de", unit_dir);
	mkdir(path, 0700);
	for (i = 0; i < sizeof languages / sizeof languages[0]; i++) {
		mail_language(site.conf, languages[i].accept, language);
		is_str(language, languages[i].language,
			languages[i].accept == NULL ? "none is wanted"
						    : languages[i].accept);
	}
}

/* --- the queue --------------------------------------------------------- */

static void
test_queue(void)
{
	struct mail mail;
	enum status status;

	set_command("");
	is_int(queue(MAIL_RESET, "some-id", NOW), STATUS_OK,
		"without a mail_command");
	is_int(unit_count(&site, STORE_MAIL), 0, "nothing is kept");
	set_command("/usr/bin/wc");
	is_int(queue(MAIL_RESET, "some-id", NOW), STATUS_OK, "with one");
	mail = oldest();
	is_int((long long)mail.kind, MAIL_RESET, "it is kept: its kind");
	is_str(mail.account, "some-id", "whose");
	is_str(mail.language, "de", "the language");
	is_int(mail.made, NOW, "when it was made");
	is_int(mail.next, NOW, "and may be tried at once");
	is_int(mail.expires, NOW + CODE_LIFE, "a code's while a code lives");
	is_int(mail.attempts, 0, "not tried yet");
	is_str(mail.failure, "", "nor failed");
	drop_all();
	queue(MAIL_CHANGED, "some-id", NOW);
	mail = oldest();
	is_int(mail.expires, NOW + DAY, "a notice for a day");
	store_begin(site.store, STORE_READ);
	status = mail_get(site.store, "none", &mail);
	store_abort(site.store);
	is_int(status, STATUS_NOT_FOUND, "one that is not there");
	drop_all();
}

/* How long the longest key of a mail's record is. */
static int
longest_key(void)
{
	struct store_walk walk;
	int longest = 0;

	store_walk_begin(&walk, site.store, STORE_MAIL, "");
	while (store_walk_next(&walk))
		if ((int)strlen(walk.key) > longest)
			longest = (int)strlen(walk.key);
	store_walk_end(&walk);
	return longest;
}

/* Strangers can ask for as many as they like. */
static void
test_nobodys(void)
{
	struct account alice;
	int i;

	for (i = 0; i < 100; i++)
		queue(MAIL_RESET, "", NOW + i);
	is_int(unit_count(&site, STORE_MAIL), 1,
		"of a hundred mails for nobody there is one");
	ok(oldest().id[0] == '\0', "which no sender sees");
	is_int(longest_key(), UUID_SIZE - 1, "12: its id is as long as others");
	sweep(&site, NOW + 99 + CODE_LIFE - 1);
	is_int(unit_count(&site, STORE_MAIL), 1, "until it would be over");
	sweep(&site, NOW + 99 + CODE_LIFE);
	is_int(unit_count(&site, STORE_MAIL), 0, "and then it goes");

	unit_find(&site, "alice", &alice);
	queue(MAIL_RESET, "", NOW);
	queue(MAIL_RESET, alice.id, NOW);
	is_int(unit_count(&site, STORE_MAIL), 1,
		"one for somebody replaces it");
	send_due(NOW);
	sweep(&site, NOW + CODE_LIFE);
	is_str(oldest().failure,
		"its text is missing or has a mistake; "
		"latchkey config says where",
		"what has failed is there for the operator");
	sweep(&site, NOW + CODE_LIFE + 7 * DAY);
	is_int(unit_count(&site, STORE_MAIL), 0, "for a week");
}

/* --- sending ----------------------------------------------------------- */

static void
test_sent(void)
{
	char *text = mem_printf("#!/bin/sh\ncat >'%s/got'\n", unit_dir);
	char *path = script(text), got[300];
	struct account alice;

	set_command(path);
	write_template("en/reset.txt", "Subject: A code\n\n{code}\n");
	write_template("en/changed.txt", "Subject: Changed\n\nIt was.\n");
	unit_find(&site, "alice", &alice);
	queue(MAIL_RESET, alice.id, site_now());
	is_int(send_due(site_now()), STATUS_OK, "sends");
	is_int(unit_count(&site, STORE_MAIL), 0, "what is sent goes");
	ok(lines_of("got") > 5, "the program got it");
	is_int(unit_count(&site, STORE_CODE), 2, "and the code is kept");
	snprintf(got, sizeof got, "%s/got", unit_dir);
	unlink(got);
	queue(MAIL_RESET, "no-such-account", site_now());
	send_due(site_now());
	is_int(unit_count(&site, STORE_MAIL), 0, "what is for nobody goes");
	is_int(lines_of("got"), 0, "and is not sent");
	mem_free(text);
	mem_free(path);
}

/* Whether the last mail has that text in it. */
static bool
got(const char *text)
{
	char path[300], all[4096] = "";
	FILE *file;

	snprintf(path, sizeof path, "%s/got", unit_dir);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	all[fread(all, 1, sizeof all - 1, file)] = '\0';
	fclose(file);
	return strstr(all, text) != NULL;
}

/* The name that a stranger registers with another's address does not get to the
 * owner: otherwise strangers could have mails written to any address. */
static void
test_strangers_name(void)
{
	struct password password = unit_password("secret");
	struct account account = {.email = "mallory@example.com",
		.full_name = "Buy now",
		.unproved = true};
	char *text = mem_printf("#!/bin/sh\ncat >'%s/got'\n", unit_dir);
	char *path = script(text);

	set_command(path);
	write_template(
		"en/verify.txt", "Subject: A code\n\nDear {name}\n{code}\n");
	account_add(&site, &account, &password, ACCOUNT_ALWAYS,
		ACCOUNT_HIDES_EMAIL);
	stop = 1;
	send_due(site_now());
	is_int(unit_count(&site, STORE_MAIL), 1, "nothing is begun at the end");
	stop = 0;
	send_due(site_now());
	ok(got("To: mallory@example.com\n"), "to an address alone");
	ok(!got("Buy"), "whose owner is not shown what a stranger wrote");
	account.unproved = false;
	store_begin(site.store, STORE_WRITE);
	account_put(site.store, &account);
	store_commit(site.store, STORE_DURABLE);
	queue(MAIL_CHANGED, account.id, site_now());
	send_due(site_now());
	ok(got("\"Buy now\""), "his own name is shown to him");
	mem_free(text);
	mem_free(path);
}

static void
test_retries(void)
{
	static const int64_t delays[] = {5, 10, 20, 40, 60, 60};
	char *path = script("#!/bin/sh\ncat >/dev/null\nexit 3\n");
	int64_t now = site_now();
	struct account erin;
	struct mail mail;
	size_t i;

	set_command(path);
	unit_account(&site, "erin", "erin@example.com", false);
	unit_find(&site, "erin", &erin);
	queue(MAIL_RESET, erin.id, now);
	for (i = 0; i < sizeof delays / sizeof delays[0]; i++) {
		send_due(now);
		mail = oldest();
		is_int(mail.attempts, (long long)i + 1, "tried");
		/* From the moment when the program had ended. */
		ok(mail.next >= now + delays[i] &&
				mail.next <= now + 30 + delays[i],
			"and again in %lld seconds", (long long)delays[i]);
		is_str(mail.failure, "mail_command ended with status 3",
			"with the reason");
		send_due(now);
		is_int(oldest().attempts, (long long)i + 1, "not before");
		mail.next = now; /* as if the time had come */
		store_begin(site.store, STORE_WRITE);
		store_finish(site.store, mail_put(site.store, &mail));
	}
	is_int(send_due(mail.expires), STATUS_OK, "too late");
	is_int(oldest().attempts, mail.attempts, "is not tried");
	is_int(unit_count(&site, STORE_MAIL), 1, "but can be seen");
	drop_all();
	set_command("/no/such/program");
	queue(MAIL_CHANGED, erin.id, now);
	send_due(now);
	mail = oldest();
	/* The second is how it looks under valgrind. */
	ok(strncmp(mail.failure, "/no/such/program: ", 18) == 0 ||
			strcmp(mail.failure,
				"mail_command ended with status 127") == 0,
		"a program that is not there");
	drop_all();
	mem_free(path);
}

static void
test_kept_short(void)
{
	struct mail mail = {.id = "m", .kind = MAIL_TEST, .made = NOW};
	struct mail got;
	enum status status;

	memset(mail.failure, 'x', sizeof mail.failure - 1);
	store_begin(site.store, STORE_WRITE);
	mail_put(site.store, &mail);
	status = mail_get(site.store, "m", &got);
	store_abort(site.store);
	is_int(status, STATUS_OK, "the longest reason");
	is_str(got.failure, mail.failure, "is kept whole");
}

/* While one sender has a mail, another leaves it alone. */
static void
send_elsewhere(void)
{
	struct mail_watch watch = {.more = false};
	struct site own;
	char *settings = mem_printf(UNIT_FAST
		"mail_templates = %s\nmail_command = %s/program\n",
		unit_dir, unit_dir);

	unit_site(&own, settings);
	mail_send_due(&own, &watch, site_now(), &stop);
	site_close(&own);
	mem_free(settings);
}

static void
test_lease(void)
{
	char *text = mem_printf(
		"#!/bin/sh\ncat >/dev/null\necho x >>'%s/runs'\nsleep 1\n",
		unit_dir);
	char *path = script(text);
	struct account alice;
	pid_t pids[2];
	int i;

	set_command(path);
	unit_find(&site, "alice", &alice);
	queue(MAIL_CHANGED, alice.id, site_now());
	for (i = 0; i < 2; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			send_elsewhere();
			_exit(0);
		}
	}
	for (i = 0; i < 2; i++)
		waitpid(pids[i], NULL, 0);
	is_int(lines_of("runs"), 1, "two senders, one mail");
	is_int(unit_count(&site, STORE_MAIL), 0, "and it is sent");
	mem_free(text);
	mem_free(path);
}

int
main(void)
{
	mails_begin();
	test_languages();
	test_queue();
	test_nobodys();
	test_sent();
	test_strangers_name();
	test_retries();
	test_kept_short();
	test_lease();
	site_close(&site);
	return done();
}

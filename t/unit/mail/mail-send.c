/* mail-send.c - which mails a sender looks at, and what can go wrong while the
 * mail program runs */
#include "config.h"

#include "account/code.h"
#include "mails.h"

#include <sodium.h>

enum { OFTEN = 100 }; /* seconds that the clock goes on at a look at it */

/* --- in place of libsodium's and of the machine's ---------------------- */

static int codes_wiped;

void
sodium_memzero(void *const secret, const size_t length)
{
	codes_wiped += length == CODE_SIZE;
	explicit_bzero(secret, length);
}

/* What each look at the time takes. */
static int64_t slow_by;

int64_t __real_tick_now(void);
int64_t __wrap_tick_now(void);

int64_t
__wrap_tick_now(void)
{
	static int64_t ahead;

	ahead += slow_by;
	return __real_tick_now() + ahead;
}

/* --- what can go wrong ------------------------------------------------- */

static void
test_clock(void)
{
	char *path = script("#!/bin/sh\nsleep 0.1\ncat >/dev/null\n");
	int64_t now = site_now();
	struct account alice;

	set_command(path);
	unit_find(&site, "alice", &alice);
	queue(MAIL_CHANGED, alice.id, now);
	goes_on_by = OFTEN;
	send_due(now);
	goes_on_by = 0;
	stands_at = now;
	is_str(oldest().failure, "", "the clock is set: nothing is killed");
	is_int(unit_count(&site, STORE_MAIL), 0, "and the mail is sent");
	drop_all();
	mem_free(path);
}

static void
test_no_template(void)
{
	struct account alice;

	set_command("/usr/bin/wc");
	unit_find(&site, "alice", &alice);
	queue(MAIL_VERIFY, alice.id, site_now());
	codes_wiped = 0;
	send_due(site_now());
	is_str(oldest().failure,
		"its text is missing or has a mistake; "
		"latchkey config says where",
		"no template");
	is_int(codes_wiped, 1, "the code that was drawn is wiped");
	drop_all();
}

/* Waits for the mail program, and lets it end with the account disabled. */
static void
disable_alice(void)
{
	struct site own;
	struct account alice;
	int i;

	unit_site(&own, UNIT_FAST);
	for (i = 0; i < 3000 && lines_of("runs") == 0; i++)
		usleep(10000);
	unit_find(&own, "alice", &alice);
	alice.enabled = false;
	store_begin(own.store, STORE_WRITE);
	account_put(own.store, &alice);
	store_commit(own.store, STORE_DURABLE);
	unit_file("disabled", "\n", 1);
	site_close(&own);
}

static void
test_code_not_kept(void)
{
	char *text = mem_printf("#!/bin/sh\ncat >/dev/null\ncd '%s'\n"
				"echo x >runs\n"
				"until [ -e disabled ]; do sleep 0.05; done\n",
		unit_dir);
	char *path = script(text);
	struct account alice;
	pid_t pid;

	set_command(path);
	write_template("en/reset.txt", "Subject: A code\n\n{code}\n");
	unit_find(&site, "alice", &alice);
	queue(MAIL_RESET, alice.id, site_now());
	pid = fork();
	if (pid == 0) {
		disable_alice();
		_exit(0);
	}
	unit_log();
	send_due(site_now());
	waitpid(pid, NULL, 0);
	is_str(oldest().failure, "its code could not be kept",
		"an account that was disabled meanwhile");
	ok(strstr(unit_log(), "not sent: its code could not be kept; ") != NULL,
		"the log says so");
	drop_all();
	mem_free(text);
	mem_free(path);
}

/* The code of the newest mail. */
static void
sent_code(const char *account, char code[CODE_SIZE])
{
	char path[300];
	FILE *file;

	snprintf(path, sizeof path, "%s/got", unit_dir);
	unlink(path);
	queue(MAIL_RESET, account, site_now());
	send_due(site_now());
	code[0] = '\0';
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%15s", code) != 1)
		code[0] = '\0';
	if (file != NULL)
		fclose(file);
}

static enum status
try_code(const char *code)
{
	return code_check(
		&site, CODE_RESET, "bob", code, unit_attempt("n", site_now()));
}

/* The user asks again at once, or a stranger does. */
static void
test_again(void)
{
	char *text = mem_printf(
		"#!/bin/sh\ngrep '^[0-9A-Z]*-[-0-9A-Z]*$' >'%s/got'\n",
		unit_dir);
	char *path = script(text), first[CODE_SIZE], code[CODE_SIZE];
	int64_t now = site_now();
	struct account bob;

	set_command(path);
	write_template("en/reset.txt", "Subject: A code\n\n{code}\n");
	unit_find(&site, "bob", &bob);
	sent_code(bob.id, first);
	is_int((long long)strlen(first), 14, "a code is sent");
	stands_at = now + 14;
	sent_code(bob.id, code);
	is_str(code, "", "24: at once again, no other mail");
	is_int(unit_count(&site, STORE_MAIL), 0, "and none waits");
	stands_at = now + 59;
	sent_code(bob.id, code);
	is_str(code, first, "24: the same once more within a minute");
	is_int(try_code(first), STATUS_OK, "which is good");
	stands_at = now + 60;
	sent_code(bob.id, code);
	ok(code[0] != '\0' && strcmp(code, first) != 0,
		"another after a minute");
	is_int(try_code(first), STATUS_BAD_CODE, "18: which kills the first");
	is_int(try_code(code), STATUS_OK, "and is good");
	code_new(&site, CODE_RESET, bob.id, stands_at, first, NULL);
	sent_code(bob.id, code);
	is_str(code, first, "an operator's, which nobody mailed, is mailed");
	bob.epoch++;
	store_begin(site.store, STORE_WRITE);
	account_put(site.store, &bob);
	store_commit(site.store, STORE_DURABLE);
	sent_code(bob.id, first);
	ok(strcmp(code, first) != 0, "one that is dead is not sent again");
	stands_at = now;
	mem_free(text);
	mem_free(path);
}

static void
test_no_command(void)
{
	struct mail mail;

	set_command("/usr/bin/wc");
	queue(MAIL_RESET, "gone", site_now());
	set_command("");
	is_int(send_due(site_now()), STATUS_OK, "mail_command was emptied");
	mail = oldest();
	ok(mail.id[0] != '\0' && mail.attempts == 0, "what waits is let be");
	drop_all();
}

/* --- which are looked at ----------------------------------------------- */

static const char *const old = "00000000-0000-7000-8000-000000000000";
static struct mail_watch watch;

static void
look(int64_t now)
{
	enum status status;

	do
		status = mail_send_due(&site, &watch, now, &stop);
	while (watch.more);
	is_int(status, STATUS_OK, "looked");
}

/* A notice that waits under that id. */
static void
put(const char *id, const char *account, int64_t now, int64_t next)
{
	struct mail mail = {.kind = MAIL_CHANGED, .made = now, .next = next};

	strcpy(mail.id, id);
	strcpy(mail.account, account);
	mail.expires = now + 86400;
	store_begin(site.store, STORE_WRITE);
	mail_put(site.store, &mail);
	store_commit(site.store, STORE_DURABLE);
}

static bool
waits(const char *id)
{
	struct mail mail;
	enum status status = store_begin(site.store, STORE_READ);

	if (status == STATUS_OK)
		status = mail_get(site.store, id, &mail);
	store_abort(site.store);
	return status == STATUS_OK;
}

/* Mails for an account that is gone: they go at the first look at them. */
static void
test_looks(void)
{
	char id[UUID_SIZE];
	int64_t now = site_now();

	set_command("/usr/bin/wc");
	put(old, "gone", now, now);
	look(now);
	ok(!waits(old), "the first look is at all");
	put(old, "gone", now, now);
	queue(MAIL_RESET, "gone", now);
	look(now + 1);
	is_int(unit_count(&site, STORE_MAIL), 1, "the next at new ones");
	ok(waits(old), "not at one with an old id");
	watch.all = 0;
	look(now + 1);
	ok(!waits(old), "which is not forgotten");

	uuid_ordered(id);
	look(now + 2);
	put(id, "gone", now, now);
	look(now + 3);
	ok(!waits(id), "one that was long in coming");

	put(old, "gone", now, now + 20);
	watch.all = 0;
	look(now + 4);
	look(now + 19);
	ok(waits(old), "one that is not due");
	look(now + 20);
	ok(!waits(old), "has its time");

	put(old, "gone", now, now);
	look(now + 19);
	ok(!waits(old), "the clock is set back: a look at all");
}

static void
test_retry(void)
{
	struct account alice;
	struct mail mail;

	set_command("/bin/false");
	unit_find(&site, "alice", &alice);
	put(old, alice.id, site_now(), site_now());
	watch = (struct mail_watch){.more = false};
	look(site_now());
	mail = oldest();
	is_int(mail.attempts, 1, "one that fails");
	look(mail.next - 1);
	is_int(oldest().attempts, 1, "waits");
	look(mail.next);
	is_int(oldest().attempts, 2, "and is tried when it is due");
	drop_all();
}

/* More than one look finds. */
static void
test_many(void)
{
	int64_t now = site_now();
	char id[UUID_SIZE];
	int i;

	set_command("/usr/bin/wc");
	for (i = 0; i < 150; i++) {
		snprintf(id, sizeof id, "00000000-0000-7000-8000-%012d", i);
		put(id, "gone", now, now);
	}
	watch = (struct mail_watch){.more = false};
	look(now);
	is_int(unit_count(&site, STORE_MAIL), 0, "150 mails are not put off");
	drop_all();
}

/* All that is looked at before the first mail takes more than a turn. */
static void
test_slow_look(void)
{
	int64_t now = site_now();

	set_command("/usr/bin/wc");
	put(old, "gone", now, now);
	watch = (struct mail_watch){.more = false};
	slow_by = 600;
	is_int(mail_send_due(&site, &watch, now, &stop), STATUS_OK,
		"a slow machine");
	slow_by = 0;
	ok(!waits(old), "a look that takes long leaves a turn");
	drop_all();
}

/* A record that is not JSON, before one that is. */
static void
test_damaged(void)
{
	static const char key[] = "00000000-0000-7000-8000-000000000000";
	int64_t now = site_now();
	struct account alice;
	bool there;

	set_command("/usr/bin/wc");
	store_begin(site.store, STORE_WRITE);
	store_add(site.store, STORE_MAIL, key, "{\"mail", 6, &there);
	store_commit(site.store, STORE_LAZY);
	unit_find(&site, "alice", &alice);
	queue(MAIL_CHANGED, alice.id, now);
	is_int(send_due(now), STATUS_UNAVAILABLE, "what is not JSON is told");
	store_begin(site.store, STORE_WRITE);
	store_delete(site.store, STORE_MAIL, key);
	store_commit(site.store, STORE_LAZY);
	is_int(unit_count(&site, STORE_MAIL), 0, "the mail behind it is sent");
	drop_all();
}

/* In which line of the file that text stands for the n-th time. */
static int
line_of(const char *name, const char *text, int n)
{
	char path[300], line[300];
	int number = 0, found = 0;
	FILE *file;

	snprintf(path, sizeof path, "%s/%s", unit_dir, name);
	file = fopen(path, "r");
	while (file != NULL && found < n &&
		fgets(line, sizeof line, file) != NULL) {
		number++;
		found += strstr(line, text) != NULL ? 1 : 0;
	}
	if (file != NULL)
		fclose(file);
	return found == n ? number : 0;
}

/* A stranger registers other people's addresses. */
static void
add_strangers(int count)
{
	struct password password = unit_password("secret");
	int i;

	for (i = 0; i < count; i++) {
		struct account account = {.unproved = true};

		snprintf(account.email, sizeof account.email,
			"stranger-%d@example.com", i);
		account_add(&site, &account, &password, ACCOUNT_ALWAYS,
			ACCOUNT_HIDES_EMAIL);
	}
}

/* Once the mail program waits for it. */
static void
ask_for_dora(void)
{
	struct account dora;
	int i;

	for (i = 0; i < 6000 && lines_of("waits") == 0; i++)
		usleep(10000);
	unit_site(&site, UNIT_FAST);
	unit_find(&site, "dora", &dora);
	queue(MAIL_RESET, dora.id, site_now());
	unit_file("goes-on", "\n", 1);
	site_close(&site);
}

static void
test_owners_first(void)
{
	char *text = mem_printf("#!/bin/sh\ncd '%s'\ngrep ^To: >>order\n"
				"[ $(wc -l <order) = 3 ] || exit 0\n"
				"echo x >waits\n"
				"until [ -e goes-on ]; do sleep 0.05; done\n",
		unit_dir);
	char *path = script(text);
	struct account carol;
	int second;
	pid_t pid;

	set_command(path);
	write_template("en/verify.txt", "Subject: A code\n\n{code}\n");
	write_template("en/reset.txt", "Subject: A code\n\n{code}\n");
	add_strangers(100);
	unit_find(&site, "carol", &carol);
	pid = fork();
	if (pid == 0) {
		ask_for_dora();
		_exit(0);
	}
	queue(MAIL_RESET, carol.id, site_now());
	is_int(send_due(site_now()), STATUS_OK, "a hundred strangers' mails");
	waitpid(pid, NULL, 0);
	is_int(line_of("order", "carol", 1), 1, "come after an owner's");
	second = line_of("order", "dora", 1);
	ok(second > 3 && second <= 3 + 8,
		"and soon after another's, in line %d", second);
	is_int(lines_of("order"), 102, "all are sent");
	mem_free(text);
	mem_free(path);
}

int
main(void)
{
	char path[300];

	mails_begin();
	snprintf(path, sizeof path, "%s/en", unit_dir);
	mkdir(path, 0700);
	write_template("en/changed.txt", "Subject: Changed\n\nIt was.\n");
	unit_account(&site, "bob", "bob@example.com", false);
	unit_account(&site, "carol", "carol@example.com", false);
	unit_account(&site, "dora", "dora@example.com", false);
	test_clock();
	test_no_template();
	test_again();
	test_no_command();
	test_looks();
	test_retry();
	test_many();
	test_slow_look();
	test_damaged();
	test_owners_first();
	test_code_not_kept();
	site_close(&site);
	return done();
}

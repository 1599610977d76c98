/* mail-send.c - hands mails to the machine's mail program */
#include "config.h"

#include "mail-send.h"

#include "account.h"
#include "code.h"
#include "log.h"
#include "mail-message.h"
#include "mail.h"
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	ARGUMENTS_MAX = 32,
	PATIENCE = 60, /* seconds that mail_command may take */
	LEASE = 120,   /* and that other senders keep off a mail meanwhile */
	FIRST_DELAY = 5,
	LONGEST_DELAY_CODE = 60,
	LONGEST_DELAY_NOTICE = 1800,
	BATCH = 64
};

/* --- the mail program -------------------------------------------------- */

/* A clean environment: nothing of a request's or of our secrets'. */
static pid_t
start(const struct conf *conf, int *input)
{
	struct passwd *user = getpwuid(geteuid());
	char *words = mem_copy(conf->mail_command), *rest = words;
	char *home = mem_printf(
		"HOME=%s", user == NULL ? "/nonexistent" : user->pw_dir);
	char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
	char *environment[] = {path, home, NULL};
	char *arguments[ARGUMENTS_MAX + 1] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t ignored; /* by us: not by the program, too */
	int i, error, ends[2];
	pid_t pid = -1;

	sigemptyset(&ignored);
	sigaddset(&ignored, SIGPIPE);
	for (i = 0; i < ARGUMENTS_MAX; i++)
		if ((arguments[i] = strtok_r(rest, " \t", &rest)) == NULL)
			break;
	if (pipe2(ends, O_CLOEXEC) == 0) {
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_adddup2(&actions, ends[0], 0);
		posix_spawnattr_init(&attributes);
		posix_spawnattr_setsigdefault(&attributes, &ignored);
		posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
		error = posix_spawn(&pid, arguments[0], &actions, &attributes,
			arguments, environment);
		posix_spawnattr_destroy(&attributes);
		posix_spawn_file_actions_destroy(&actions);
		close(ends[0]);
		*input = ends[1];
		if (error != 0) {
			close(ends[1]);
			pid = -1;
			errno = error;
		}
	}
	mem_free(home);
	mem_free(words);
	return pid;
}

/* Writes all of it; a program that does not read it is not waited for longer
 * than it may take in all. */
static bool
write_all(int fd, const char *text, time_t deadline)
{
	struct pollfd ready = {.fd = fd, .events = POLLOUT};
	size_t length = strlen(text);
	ssize_t done;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (length > 0) {
		if (time(NULL) >= deadline || poll(&ready, 1, 1000) < 0)
			return false;
		done = write(fd, text, length);
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (done > 0) {
			text += done;
			length -= (size_t)done;
		}
	}
	return true;
}

/* Waits for the end; kills it when that is too long. */
static int
wait_for(pid_t pid, time_t deadline)
{
	struct pollfd end = {.fd = pidfd_open(pid, 0), .events = POLLIN};
	int status = 0;

	/* Without a descriptor (an old kernel, none left) it looks often. */
	while (waitpid(pid, &status, WNOHANG) == 0) {
		if (time(NULL) >= deadline) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			break;
		}
		poll(&end, 1, end.fd < 0 ? 20 : 1000);
	}
	if (end.fd >= 0)
		close(end.fd);
	return status;
}

/* True if the program took the message; else `failure` says why not. */
static bool
deliver(const struct conf *conf, const char *message, char *failure,
	size_t size)
{
	time_t deadline = time(NULL) + PATIENCE;
	int status, input = -1;
	pid_t pid = start(conf, &input);
	bool written;

	if (pid < 0) {
		snprintf(failure, size, "%s: %s", conf->mail_command,
			strerror(errno));
		return false;
	}
	written = write_all(input, message, deadline);
	close(input);
	status = wait_for(pid, deadline);
	if (WIFSIGNALED(status))
		snprintf(failure, size, "mail_command was ended by signal %d",
			WTERMSIG(status));
	else if (WEXITSTATUS(status) != 0)
		snprintf(failure, size, "mail_command ended with status %d",
			WEXITSTATUS(status));
	else if (!written)
		snprintf(failure, size, "mail_command did not read the mail");
	return written && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* --- one mail ---------------------------------------------------------- */

/* Takes the mail for a while. STATUS_NOT_FOUND: somebody else has it, or it is
 * not due. */
static enum status
lease(const struct site *site, const char *id, int64_t now, struct mail *mail,
	struct account *account)
{
	struct store *store = site->store;
	enum status status = store_begin(store, STORE_WRITE);
	enum status found = STATUS_NO_ACCOUNT;

	if (status != STATUS_OK)
		return status;
	memset(account, 0, sizeof *account);
	status = mail_get(store, id, mail);
	if (status == STATUS_OK && (mail->next > now || mail->expires <= now))
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK && mail->account[0] != '\0')
		found = account_get(store, mail->account, account);
	if (status == STATUS_OK && found != STATUS_OK &&
		found != STATUS_NO_ACCOUNT)
		status = found;
	if (status == STATUS_OK) {
		mail->next = now + LEASE;
		status = mail_put(store, mail);
	}
	return store_finish(store, status);
}

static enum status
settle(const struct site *site, struct mail *mail, bool sent, int64_t now)
{
	bool code = mail->kind == MAIL_RESET || mail->kind == MAIL_VERIFY;
	int64_t most = code ? LONGEST_DELAY_CODE : LONGEST_DELAY_NOTICE;
	int64_t delay = FIRST_DELAY;
	struct mail stored;
	enum status status = store_begin(site->store, STORE_WRITE);
	int64_t i;

	if (status != STATUS_OK)
		return status;
	if (sent) {
		status = mail_delete(site->store, mail->id);
	} else if ((status = mail_get(site->store, mail->id, &stored)) ==
		   STATUS_OK) {
		for (i = 0; i < mail->attempts && delay < most; i++)
			delay *= 2;
		mail->attempts++;
		mail->next = now + (delay < most ? delay : most);
		status = mail_put(site->store, mail);
	}
	return store_finish(site->store, status);
}

/* Whether there is anybody to tell, and anything to say. */
static bool
is_wanted(const struct mail *mail, const struct account *account)
{
	if (account->email[0] == '\0')
		return false;
	if (mail->kind == MAIL_RESET)
		return account->enabled;
	return mail->kind != MAIL_VERIFY ||
	       (account->enabled && !account->verified);
}

/* The account's own language comes before that of a browser. */
static bool
compose_and_deliver(const struct site *site, struct mail *mail,
	const struct account *account)
{
	bool verify = mail->kind == MAIL_VERIFY;
	struct mail_words words = {account->email, NULL, NULL};
	char code[CODE_SIZE];
	char *message;
	bool sent = false;

	/* Who has not proved his address may be writing to another's. */
	if (account->full_name[0] != '\0' && !account->unproved)
		words.name = account->full_name;
	/* Drawn now and kept as a hash: it lies nowhere in the clear. */
	if (verify || mail->kind == MAIL_RESET) {
		code_draw(site, code);
		words.code = code;
	}
	message = mail_message(site->conf, mail->kind,
		account->language[0] != '\0' ? account->language
					     : mail->language,
		&words);
	if (message == NULL) {
		strcpy(mail->failure, "there is no template");
		return false;
	}
	mail->failure[0] = '\0';
	sent = deliver(
		site->conf, message, mail->failure, sizeof mail->failure);
	sodium_memzero(message, strlen(message));
	mem_free(message);
	/* Only now: a mail that cannot be sent must not kill the code that
	 * somebody has got in another way. */
	if (sent && words.code != NULL)
		sent = code_new(site, verify ? CODE_VERIFY : CODE_RESET,
			       account->id, time(NULL), code) == STATUS_OK;
	sodium_memzero(code, sizeof code);
	return sent;
}

static enum status
send_one(const struct site *site, const char *id, int64_t now)
{
	struct account account;
	struct mail mail;
	bool sent;
	enum status status = lease(site, id, now, &mail, &account);

	if (status != STATUS_OK)
		return status == STATUS_NOT_FOUND ? STATUS_OK : status;
	if (!is_wanted(&mail, &account))
		return settle(site, &mail, true, now);
	sent = compose_and_deliver(site, &mail, &account);
	status = settle(site, &mail, sent, (int64_t)time(NULL));
	if (sent)
		log_info("mail: %s for account %s sent",
			mail_kind_name(mail.kind), mail.account);
	else
		log_warning("mail: %s for account %s not sent: %s; %s",
			mail_kind_name(mail.kind), mail.account, mail.failure,
			mail.next < mail.expires ? "to be tried again"
						 : "given up");
	return status;
}

/* --- all that are due -------------------------------------------------- */

struct due {
	int64_t now;
	char ids[BATCH][UUID_SIZE];
	int count;
};

static bool
collect(void *context, const struct mail *mail)
{
	struct due *due = context;

	if (mail->next <= due->now && mail->expires > due->now)
		strcpy(due->ids[due->count++], mail->id);
	return due->count < BATCH;
}

enum status
mail_send_due(
	const struct site *site, int64_t now, const volatile sig_atomic_t *stop)
{
	struct due due = {.now = now};
	int64_t start = (int64_t)time(NULL);
	enum status status = mail_each(site->store, collect, &due);
	int i;

	/* Those before may have taken their time, and a lease begins now. */
	for (i = 0; i < due.count && status == STATUS_OK && !*stop; i++)
		status = send_one(
			site, due.ids[i], now + (int64_t)time(NULL) - start);
	return status;
}

bool
mail_send_test(const struct site *site, const char *address)
{
	struct mail_words words = {address, NULL, NULL};
	char failure[128] = "";
	char *message;
	bool sent;

	if (!conf_mails(site->conf)) {
		log_error("mail: mail_command is empty");
		return false;
	}
	message = mail_message(site->conf, MAIL_TEST, "", &words);
	if (message == NULL)
		return false;
	sent = deliver(site->conf, message, failure, sizeof failure);
	if (!sent)
		log_error("mail: %s", failure);
	mem_free(message);
	return sent;
}

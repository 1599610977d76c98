/* hash-admit.c - whether a hash from elsewhere may become an account's */
#include "config.h"

#include "password/hash-admit.h"

#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REMEMBERED = 64 };
enum { TAKEN, NOT_TAKEN, NOT_MEASURED }; /* how a child exits */

static const char not_measured[] = "it could not be measured";

static struct measured {
	char class[HASH_TEXT_SIZE];
	const char *reason; /* NULL: good */
} measured[REMEMBERED];
static int measured_count;

/* In the child: hashes, under a clock that counts its own work only, so that a
 * busy machine refuses nothing. Past the limit, SIGPROF ends it. */
static void __attribute__((noreturn)) hash_once(const char *class)
{
	const struct itimerval limit = {
		.it_value = {.tv_sec = HASH_ADMIT_TIME}};
	struct password password;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPROF);
	signal(SIGPROF, SIG_DFL);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	password_read(&password, "measured", 8);
	if (setitimer(ITIMER_PROF, &limit, NULL) != 0)
		_exit(NOT_MEASURED);
	switch (password_decoy(&password, PASSWORD_NFC, class)) {
	case STATUS_OK:
		_exit(TAKEN);
	case STATUS_UNAVAILABLE:
		_exit(NOT_MEASURED);
	default:
		_exit(NOT_TAKEN);
	}
}

static const char *
measure(const char *class)
{
	int how = 0;
	pid_t child = fork();

	if (child == 0)
		hash_once(class);
	while (child > 0 && waitpid(child, &how, 0) < 0)
		if (errno != EINTR)
			child = -1;
	if (child < 0) {
		log_error("hash: no process to measure one in: %s",
			strerror(errno));
		return not_measured;
	}
	if (WIFSIGNALED(how) && WTERMSIG(how) == SIGPROF)
		return "it takes more than 2 s to verify";
	if (!WIFEXITED(how) || WEXITSTATUS(how) == NOT_MEASURED)
		return not_measured;
	return WEXITSTATUS(how) == TAKEN
		       ? NULL
		       : "the library that it is for does not take its "
			 "parameters";
}

static const char *
measure_once(const char *class)
{
	struct measured *slot = measured;
	int i;

	for (i = 0; i < measured_count; i++, slot++)
		if (strcmp(slot->class, class) == 0)
			return slot->reason;
	/* If there are very many classes, the last ones are measured each
	 * time. */
	slot = &measured[i < REMEMBERED ? i : REMEMBERED - 1];
	strcpy(slot->class, class);
	slot->reason = measure(class);
	/* Next time there may be memory, or a free process. */
	if (slot->reason == not_measured) {
		slot->class[0] = '\0';
		return not_measured;
	}
	measured_count = i < REMEMBERED ? i + 1 : REMEMBERED;
	return slot->reason;
}

/* Whether it is the class of new hashes. Their salt costs a system call, so it
 * is asked for once for all the lines of an import. */
static bool
is_own(const struct password_scheme *own, const struct hash_text *scheme)
{
	static struct hash_text ours = {.prefix = ""};
	static unsigned long cost;

	if (strcmp(ours.prefix, own->prefix) != 0 || cost != own->cost) {
		cost = own->cost;
		if (!password_class(own, &ours))
			ours.prefix = "";
	}
	return strcmp(scheme->class, ours.class) == 0;
}

bool
hash_admit(const struct password_scheme *own, uint64_t memory, const char *hash,
	const char **reason)
{
	struct hash_text scheme;

	*reason = NULL;
	if (!hash_text_read(hash, &scheme))
		*reason = hash_text_refusal(hash);
	else if (is_own(own, &scheme))
		return true;
	else if (scheme.memory > memory)
		*reason = "it takes more memory to verify than hash_memory "
			  "permits";
	else
		*reason = measure_once(scheme.class);
	return *reason == NULL;
}

/* slots.c - how many hash at the same time */
#include "config.h"

#include "unit.h"

#include <signal.h>

static char path[300];

/* A process that takes a slot and then does as it is told, a letter at a time:
 * t takes, A and B take for two networks, a asks whether the first waits, g
 * gives, d drops. It answers each with what came of it. */
struct other {
	pid_t pid;
	int to, from;
};

static char
answer_of(enum status status)
{
	return status == STATUS_OK          ? '+'
	       : status == STATUS_THROTTLED ? 'w'
					    : '-';
}

static void __attribute__((noreturn))
obey(int in, int out, unsigned long count, unsigned long wait)
{
	struct slots *slots = slots_new(path, count, wait);
	char order, answer;

	while (read(in, &order, 1) == 1) {
		answer = '+';
		if (order == 't' &&
			slots_take(slots, SLOTS_NOBODY) != STATUS_OK)
			answer = '-';
		if (order == 'A' || order == 'B')
			answer = answer_of(
				slots_take(slots, (uint64_t)order << 32));
		if (order == 'a')
			answer = slots_awaited(slots, (uint64_t)'A' << 32)
					 ? '+'
					 : '-';
		if (order == 'g')
			slots_give(slots);
		if (order == 'd')
			slots_drop(slots);
		if (order == 'k')
			answer = slots_kept(slots) ? '+' : '-';
		if (write(out, &answer, 1) != 1)
			break;
	}
	_exit(0);
}

static struct other
start(unsigned long count, unsigned long wait)
{
	struct other other;
	int to[2], from[2];

	if (pipe(to) != 0 || pipe(from) != 0)
		exit(2);
	other.pid = fork();
	if (other.pid == 0) {
		close(to[1]);
		close(from[0]);
		obey(to[0], from[1], count, wait);
	}
	close(to[0]);
	close(from[1]);
	other.to = to[1];
	other.from = from[0];
	return other;
}

static void
order(const struct other *other, char letter)
{
	if (write(other->to, &letter, 1) != 1)
		exit(2);
}

static char
said(const struct other *other)
{
	char answer = '?';

	return read(other->from, &answer, 1) == 1 ? answer : '!';
}

static bool
good(const struct other *other)
{
	return said(other) == '+';
}

static bool
does(const struct other *other, char letter)
{
	order(other, letter);
	return good(other);
}

static void
end(const struct other *other)
{
	kill(other->pid, SIGKILL);
	waitpid(other->pid, NULL, 0);
	close(other->to);
	close(other->from);
}

static void
test_count(void)
{
	struct other a = start(2, 0), b = start(2, 0), c = start(2, 0);

	ok(does(&a, 't') && does(&b, 't'), "8: as many as there are slots");
	ok(!does(&c, 't'), "8: and no more");
	is_int(strstr(unit_log(), "none of 2 is free within 0 ms") != NULL, 1,
		"the log says why");
	ok(does(&a, 'g') && does(&c, 't'), "what is given can be taken");
	end(&b);
	ok(does(&a, 't'), "the dead have none");
	end(&a);
	end(&c);
}

static void
test_wait(void)
{
	struct other a = start(1, 60), b = start(1, 60);

	does(&a, 't');
	order(&b, 't');
	does(&a, 'g');
	ok(good(&b), "who waits gets it when it is given");
	order(&a, 't');
	end(&b);
	ok(good(&a), "or its holder dies");
	end(&a);
}

/* One of a network waits, and no second one; others do. */
static void
test_networks(void)
{
	struct other a = start(1, 60), b = start(1, 60), c = start(1, 60),
		     d = start(1, 60);
	int i;

	ok(does(&a, 'A'), "a slot for a network");
	ok(!does(&c, 'a'), "which does not wait for it");
	order(&b, 'A');
	for (i = 0; i < 100000 && !does(&c, 'a'); i++)
		;
	order(&c, 'A');
	ok(said(&c) == 'w', "8: a second one of a network does not wait");
	order(&d, 'B');
	end(&b);
	ok(!does(&c, 'a'), "the dead do not wait");
	ok(does(&a, 'g') && good(&d), "8: one of another network does");
	end(&d);
	ok(does(&c, 'A'), "nor keep others from it");
	end(&a);
	end(&c);
}

/* A process that keeps its memory keeps the slot, while nobody else waits. */
static void
test_keep(void)
{
	static const struct password_scheme scheme = {"argon2id", 0};
	struct other a, b;
	int i;

	password_keep_memory(&scheme);
	a = start(1, 60);
	password_keep_memory(NULL);
	b = start(1, 60);
	ok(does(&a, 't') && does(&a, 'g') && does(&a, 'k'), "a slot is kept");
	ok(does(&a, 't') && does(&a, 'g') && does(&a, 'k'), "and taken again");
	order(&b, 't');
	for (i = 0; i < 10000 && does(&a, 'k'); i++) {
		does(&a, 't');
		does(&a, 'g');
	}
	ok(good(&b), "whoever waits gets it at the next turn");
	does(&b, 'g');
	ok(does(&a, 't') && does(&a, 'g') && does(&a, 'k'), "kept again");
	order(&b, 't');
	ok(does(&a, 'd') && good(&b), "until it is given up");
	end(&a);
	end(&b);
}

/* Takes and gives so often, and asks each time whether it was kept. */
static void
order_many(const struct other *other, int count)
{
	static const char turn[] = {'t', 'g', 'k'};
	int i;

	for (i = 0; i < count; i++)
		if (write(other->to, turn, sizeof turn) != sizeof turn)
			exit(2);
}

static int
lost_of_many(const struct other *other, int count)
{
	int i, lost = 0;

	for (i = 0; i < 3 * count; i++)
		lost += good(other) ? 0 : 1;
	return lost;
}

/* Two processes that look at the same time do not take each other for waiting.
 */
static void
test_looks(void)
{
	enum { MANY = 10000 };
	static const struct password_scheme scheme = {"argon2id", 0};
	struct other a, b;

	password_keep_memory(&scheme);
	a = start(2, 60);
	b = start(2, 60);
	password_keep_memory(NULL);
	order_many(&a, MANY);
	order_many(&b, MANY);
	is_int(lost_of_many(&a, MANY) + lost_of_many(&b, MANY), 0,
		"nobody gives up a slot where nobody waits");
	end(&a);
	end(&b);
}

static void
test_file(void)
{
	struct slots *slots = slots_new("/nonexistent/slots", 1, 0);

	is_int(slots_take(slots, SLOTS_NOBODY), STATUS_UNAVAILABLE,
		"no directory");
	slots_free(slots);
	slots = slots_new(path, 0, 0);
	is_int(slots_take(slots, SLOTS_NOBODY), STATUS_OK, "one a core");
	slots_give(slots);
	is_int(slots_kept(slots), 0, "not kept without memory");
	slots_free(slots);
}

int
main(void)
{
	unit_begin();
	snprintf(path, sizeof path, "%s/slots", unit_dir);
	signal(SIGPIPE, SIG_IGN);
	test_count();
	test_wait();
	test_networks();
	test_keep();
	test_looks();
	test_file();
	return done();
}

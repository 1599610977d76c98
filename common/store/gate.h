/* gate.h - one process at a time inside libdb; for store-bdb.c alone.
 *
 * libdb's own ways for many processes hang when one is killed inside it: its
 * condition variables cannot be destroyed under a dead waiter. So only one
 * process is ever inside libdb, the holder of an flock on the file `gate`. The
 * kernel frees the lock when the holder dies. All processes map a page of the
 * same file, in which the holder notes that it is inside. A process that gets
 * the lock and finds such a note knows that the process before it died inside,
 * and recovers. */
#ifndef LATCHKEY_GATE_H
#define LATCHKEY_GATE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct gate;

enum { GATE_WAIT_MS = 2000 }; /* how long a request waits; then 503 */

/* What gate_enter() has found. */
struct gate_view {
	bool recover;        /* recover before anything else: a process died
			      * inside, the machine was restarted, or `moved` */
	bool moved;          /* the files were copied or restored */
	uint64_t recoveries; /* begun or done; handles that were opened at
			      * another count are dead */
};

/* Makes a gate for the file `path`, which is created at the first entry. Never
 * fails (out of memory ends the process). The caller frees it with
 * gate_free(). */
struct gate *gate_new(const char *path);
void gate_free(struct gate *gate);

/* Waits up to two seconds for the gate, or as long as gate_set_wait() says, and
 * enters it. STATUS_UNAVAILABLE, said in the log: it cannot be had, and the
 * caller is outside. The gate must not be used across a fork. */
enum status gate_enter(struct gate *gate, struct gate_view *view);
void gate_set_wait(struct gate *gate, int wait_ms);

/* Enters for an idle process, which would let go of handles that it opened at
 * the count `recoveries`. It writes no line in the log where the gate cannot be
 * had. If there was a recovery since, the handles are dead, and it waits up to
 * half a second: all idle processes come at the same time, among tries to
 * recover that need the room. If the handles may be good, it does not wait. */
enum status gate_let_go(
	struct gate *gate, uint64_t recoveries, struct gate_view *view);

/* Whether no process is inside, or has died there, and no recovery was begun
 * since the count `recoveries`. Needs no entering. */
bool gate_left(const struct gate *gate, uint64_t recoveries);

/* Leaves. With `clean` false the note stays, so that the next process to enter
 * recovers: for when libdb has failed in a way that it does not mend. */
void gate_leave(struct gate *gate, bool clean);

/* For how many microseconds this process's last stay kept others out. */
uint64_t gate_held(const struct gate *gate);

/* Notes a finished recovery; inside only. Returns the new count. */
uint64_t gate_recovered(struct gate *gate);

/* A counter that goes up before each commit that can make a token invalid.
 * Reading it costs one memory access, and a stat() once a second; it needs no
 * entering. It is 0 if the gate was never entered, or if its file is no longer
 * the one at its path. gate_change() is for inside only. */
uint64_t gate_changes(struct gate *gate);
void gate_change(struct gate *gate);

/* Whether a flush has failed, so that nothing more may be written until all
 * files are written anew. May be read and set outside. */
bool gate_broken(const struct gate *gate);
void gate_set_broken(struct gate *gate, bool broken);

/* Notes that the log is written as far as `lsn`, so all before that is in the
 * files; inside only. Places in the log are libdb's LSNs: the file's number <<
 * 32 | the offset. */
void gate_wrote(struct gate *gate, uint64_t lsn);

/* Group commit: one flush for all processes that have written to the log before
 * it. Returns 0 when the log is on disk as far as `lsn`, which lies in the file
 * of `fd` or at its end; else the errno of the flush. Outside only, after
 * gate_leave(). Files before that one were flushed by the process that wrote on
 * into the next.
 *
 * A process that comes while another flushes waits for that flush, and is done
 * if the flush covered what it wrote. If not, it flushes for all that have
 * written by then. The process that flushes may be stopped: the others wait for
 * a moment, and then each flushes by itself. That one process flushes at a time
 * is a habit; nothing depends on it.
 *
 * A flush that fails sets `broken` before the processes that wait for it go on.
 * The kernel tells a failure once, so their own flushes may succeed although
 * what they wrote, or what lies before it in the log, may be lost. So look at
 * gate_broken() after each flush that has succeeded. */
int gate_flush(struct gate *gate, uint64_t lsn, int fd);

/* Whether `seconds` have passed since this was last true of the task, for all
 * processes together. Needs no entering; false if never entered. */
enum { GATE_TASKS = 4 };
bool gate_every(struct gate *gate, unsigned task, int64_t seconds);

#endif

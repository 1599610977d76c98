/* doctor.h - what the checks of `latchkey doctor` have found */
#ifndef LATCHKEY_DOCTOR_H
#define LATCHKEY_DOCTOR_H

#include "cli.h"

#include "account/mail.h"

#include <json-c/json.h>

enum doctor_level { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_ERROR };

struct doctor {
	struct cli *cli;
	struct conf *conf; /* NULL: it cannot be read */
	bool opened;       /* the site is open, and this process its owner */
	bool stored;       /* and has a store */
	struct stat state; /* of state_dir; all zero: there is none */
	struct health health;
	enum doctor_level worst; /* of all checks */
	/* of the check that looks */
	enum doctor_level level;
	struct json_object *findings;
};

/* A check: it looks, and says each fault that it finds. One that says nothing
 * has found all well. */
typedef void doctor_look(struct doctor *doctor);

/* A fault, in one line. doctor_mend() follows: the command that mends it. */
void doctor_find(struct doctor *doctor, enum doctor_level level,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
void doctor_mend(struct doctor *doctor, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Does something that says its faults in the log, and has each line of it be a
 * finding. A line about a place in a file, FILE:LINE, is mended by an editor,
 * all others by that command. */
void doctor_listen(struct doctor *doctor, doctor_look *look, const char *mend);

/* A text as one word of a shell; "" and all that is not plain in quotes. It
 * stays good for the next three calls. */
const char *doctor_word(const char *text);

/* Runs a program for up to half a minute. Returns its exit status, -1 if it did
 * not start or end, and what it has said: lines, each after a "; ". */
int doctor_run(const char *const arguments[], char *said, size_t size);

/* The checks from outside: whether the words are addresses, a check of each,
 * and one of site_url. */
bool doctor_is_url(const char *word);
void doctor_ask(struct doctor *doctor, const char *url);
doctor_look doctor_ask_site;

#endif

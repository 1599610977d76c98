/* finding.h - what a check of `latchkey doctor` has found, each fault with the
 * command that mends it */
#ifndef LATCHKEY_FINDING_H
#define LATCHKEY_FINDING_H

#include <json-c/json.h>
#include <stdbool.h>

enum finding_level { FINDING_NONE, FINDING_WARNING, FINDING_ERROR };
extern const char *const finding_words[]; /* of each: "ok" */

/* Those of one check. One that has found nothing has found all well. */
struct findings {
	enum finding_level level; /* of the worst */
	/* an object each: "result", a word of the above, "what", and "command"
	 * if one mends it */
	struct json_object *list;
};

/* The caller drops the list. */
void findings_begin(struct findings *findings);

/* Whether there is one of these words already. */
bool finding_has(const struct findings *findings, const char *what);

/* A fault, in one line. finding_mend() follows: the command that mends it. */
void finding_add(struct findings *findings, enum finding_level level,
	const char *format, ...) __attribute__((format(printf, 3, 4)));
void finding_mend(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The command that opens an editor at that line; 0: at none. It stays good
 * until the next call. */
const char *finding_editor(const char *file, unsigned long line);

#endif

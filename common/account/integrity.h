/* integrity.h - whether all records are what they should be, and lead to each
 * other */
#ifndef LATCHKEY_INTEGRITY_H
#define LATCHKEY_INTEGRITY_H

#include "account/hash-classes.h"
#include "site/site.h"

enum { INTEGRITY_SCHEMES = 16, INTEGRITY_SCHEME_SIZE = 8 };

/* All zero but for the first three members, which the caller sets. */
struct integrity {
	const struct site *site;
	void (*report)(void *context, const char *kind, const char *key,
		const char *problem);
	void *context;

	uint64_t records;
	uint64_t problems;
	/* Names from before there were rules. Stranded ones cannot stand under
	 * today's keys; they are reported, and are no problems. */
	uint64_t stranded_names;
	uint64_t old_names;
	/* how the accounts' hashes begin, "$6$" for example */
	struct integrity_scheme {
		char prefix[INTEGRITY_SCHEME_SIZE];
		uint64_t count;
	} schemes[INTEGRITY_SCHEMES];
	struct hash_classes_walk classes;
	int64_t now;
	bool rehearses; /* what a record leads to is wanted, and not read */
};

/* Looks at every record, reports each problem, and puts the list of hash
 * classes right. Others may change the store meanwhile: each record is looked
 * at together with those that it leads to, in one unit of work, a few hundred
 * at a time. */
enum status integrity_check(struct integrity *check);

#endif

/* record.h - a struct as a JSON object: one table says which of its members has
 * which name, for reading and for writing */
#ifndef LATCHKEY_RECORD_H
#define LATCHKEY_RECORD_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The types, with the type of the member. */
enum record_type {
	RECORD_TEXT,   /* char[] */
	RECORD_FLAG,   /* bool */
	RECORD_NUMBER, /* int64_t, of at least 0 */
	RECORD_BITS    /* unsigned */
};

/* A member of a struct. A table ends with one without a name. */
struct record_member {
	const char *name;
	bool sparse; /* a number that may be missing; a member that is not
		      * written if it is 0, false or "" */
	size_t offset, size;
	enum record_type type;
};

/* The last three values of a row, for a member of that struct. */
#define RECORD_MEMBER(of, member)                                              \
	offsetof(of, member), sizeof(((of *)NULL)->member),                    \
		_Generic(&((of *)NULL)->member, bool *                         \
			 : RECORD_FLAG, int64_t *                              \
			 : RECORD_NUMBER, unsigned *                           \
			 : RECORD_BITS, default                                \
			 : RECORD_TEXT)

enum { RECORD_SIZE = 16384 /* of the largest text, asserted */ };

/* Fills in the members of the struct at `base`. A text or flag that is missing
 * is "" or false. Returns NULL, or what is wrong with the object; then the
 * members that could be read are filled in. */
const char *record_read(const struct record_member *members,
	const struct json_object *object, void *base);

/* Writes the struct at `base` as the text of an object, and returns its length.
 * A byte that is not UTF-8 becomes a ?, since such an object could not be read
 * again. At least one member of the table is not sparse: the first member that
 * is written brings the {. It does without json-c, whose objects take longer
 * than all the rest of an import. */
size_t record_write(const struct record_member *members, const void *base,
	char text[RECORD_SIZE]);

/* The member of that name, or NULL. */
const struct record_member *record_find(
	const struct record_member *members, const char *name);

#endif

/* groups.h - the groups that an account is in, as one text: words with a comma
 * between them, sorted, each once. What a group may do is the operator's to
 * say, in the web server's locations. */
#ifndef LATCHKEY_GROUPS_H
#define LATCHKEY_GROUPS_H

#include <json-c/json.h>
#include <stdbool.h>

enum {
	GROUP_SIZE = 33,  /* of a word of [a-z0-9._-], with its end */
	GROUPS_MOST = 32, /* of an account */
	GROUPS_SIZE = GROUPS_MOST * GROUP_SIZE
};

/* Whether an account can be in a group of that name. */
bool groups_is_name(const char *name);

/* Whether the text is as it is kept; "" is. */
bool groups_is_kept(const char *groups);

bool groups_have(const char *groups, const char *name);

/* Adds a group; one that is there stays. False, and nothing has changed, if
 * that is no name, or if there are as many as there may be. */
bool groups_add(char groups[GROUPS_SIZE], const char *name);

/* Takes a group away, if it is there. */
void groups_remove(char groups[GROUPS_SIZE], const char *name);

/* From an array of names, in any order; the array of them, which is the
 * caller's. False if it is no such array. */
bool groups_read(const struct json_object *array, char groups[GROUPS_SIZE]);
struct json_object *groups_array(const char *groups);

#endif

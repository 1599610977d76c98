/* groups.c - the groups that an account is in */
#include "config.h"

#include "base/groups.h"

#include "base/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool
groups_is_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < GROUP_SIZE &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") ==
		       length;
}

/* --- as a list of names ------------------------------------------------ */

struct list {
	char names[GROUPS_MOST][GROUP_SIZE];
	size_t count;
};

static void
split(const char *groups, struct list *list)
{
	size_t length;

	for (list->count = 0; groups[0] != '\0' && list->count < GROUPS_MOST;
		groups += length + (groups[length] == ',')) {
		length = strcspn(groups, ",");
		snprintf(list->names[list->count++], GROUP_SIZE, "%.*s",
			(int)length, groups);
	}
}

static void
join(const struct list *list, char groups[GROUPS_SIZE])
{
	size_t i;

	groups[0] = '\0';
	for (i = 0; i < list->count; i++) {
		if (i > 0)
			groups = stpcpy(groups, ",");
		groups = stpcpy(groups, list->names[i]);
	}
}

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Where the name stands; the count if it does not. */
static size_t
find(const struct list *list, const char *name)
{
	size_t at = 0;

	while (at < list->count && strcmp(list->names[at], name) != 0)
		at++;
	return at;
}

/* --- as a text --------------------------------------------------------- */

bool
groups_have(const char *groups, const char *name)
{
	struct list list;

	split(groups, &list);
	return find(&list, name) < list.count;
}

bool
groups_add(char groups[GROUPS_SIZE], const char *name)
{
	struct list list;

	split(groups, &list);
	if (find(&list, name) < list.count)
		return true;
	if (!groups_is_name(name) || list.count == GROUPS_MOST)
		return false;
	strcpy(list.names[list.count++], name);
	qsort(list.names, list.count, GROUP_SIZE, compare);
	join(&list, groups);
	return true;
}

void
groups_remove(char groups[GROUPS_SIZE], const char *name)
{
	struct list list;
	size_t at;

	split(groups, &list);
	at = find(&list, name);
	if (at == list.count)
		return;
	list.count--;
	memmove(list.names[at], list.names[at + 1],
		(list.count - at) * GROUP_SIZE);
	join(&list, groups);
}

bool
groups_is_kept(const char *groups)
{
	char again[GROUPS_SIZE] = "";
	struct list list;
	size_t i;

	split(groups, &list);
	for (i = 0; i < list.count; i++)
		if (!groups_add(again, list.names[i]))
			return false;
	return strcmp(again, groups) == 0;
}

bool
groups_read(const struct json_object *array, char groups[GROUPS_SIZE])
{
	size_t i, count = json_object_array_length(array);

	groups[0] = '\0';
	for (i = 0; i < count; i++)
		if (!groups_add(groups, json_string_at(array, i)))
			return false;
	return true;
}

struct json_object *
groups_array(const char *groups)
{
	struct json_object *array = json_new_array();
	struct list list;
	size_t i;

	split(groups, &list);
	for (i = 0; i < list.count; i++)
		json_append(array, json_object_new_string(list.names[i]));
	return array;
}

/* groups.c - groups as an account keeps them: which names there can be, and
 * that the text is always sorted and bounded */
#include "config.h"

#include "base/groups.h"
#include "base/json.h"
#include "tap.h"

#include <stdio.h>
#include <string.h>

static void
test_names(void)
{
	static const char *const bad[] = {"", "A", "a b", "a,b", "\xc3\xa4",
		"abcdefghijklmnopqrstuvwxyz0123456", "a\n", "+a"};
	char longest[] = "abcdefghijklmnopqrstuvwxyz012345";
	size_t i;

	ok(groups_is_name("a-b_c.9"), "letters, digits and three signs");
	ok(groups_is_name(longest), "32 bytes");
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ok(!groups_is_name(bad[i]), "no name: %zu", i);
}

static void
test_changes(void)
{
	char groups[GROUPS_SIZE] = "", name[GROUP_SIZE];
	int i;

	groups_remove(groups, "a");
	is_str(groups, "", "nothing to take away");
	ok(groups_add(groups, "staff") && groups_add(groups, "admins") &&
			groups_add(groups, "staff") && groups_add(groups, "b"),
		"three");
	is_str(groups, "admins,b,staff", "sorted, each once");
	ok(!groups_add(groups, "b,c") && !groups_add(groups, "") &&
			!groups_add(groups, "B"),
		"no names");
	is_str(groups, "admins,b,staff", "which change nothing");
	ok(groups_have(groups, "b") && groups_have(groups, "admins") &&
			groups_have(groups, "staff"),
		"it has them");
	ok(!groups_have(groups, "staf") && !groups_have(groups, "") &&
			!groups_have(groups, "b,staff") &&
			!groups_have("", "") && !groups_have("", "a"),
		"and no part of one, nor two at once");
	groups_remove(groups, "admin");
	groups_remove(groups, "b");
	is_str(groups, "admins,staff", "one is taken away");
	groups_remove(groups, "staff");
	groups_remove(groups, "admins");
	is_str(groups, "", "all are");
	for (i = 0; i < GROUPS_MOST; i++) {
		snprintf(name, sizeof name,
			"%02dcdefghijklmnopqrstuvwxyz012345", i);
		ok(groups_add(groups, name), "the longest name, %d", i);
	}
	is_int((long long)strlen(groups), GROUPS_SIZE - 1, "all that can be");
	ok(!groups_add(groups, "a"), "one more cannot");
	ok(groups_add(groups, name), "one that is there is no more");
	ok(groups_is_kept(groups), "and it is as it is kept");
}

static void
test_kept(void)
{
	char many[2 * GROUPS_SIZE] = "a01";
	int i;

	ok(groups_is_kept("") && groups_is_kept("a") && groups_is_kept("a,b"),
		"kept");
	ok(!groups_is_kept("b,a") && !groups_is_kept("a,a") &&
			!groups_is_kept(",a") && !groups_is_kept("a,") &&
			!groups_is_kept("a,,b") && !groups_is_kept("A"),
		"not kept");
	for (i = 2; i <= GROUPS_MOST + 1; i++)
		sprintf(many + strlen(many), ",a%02d", i);
	ok(!groups_is_kept(many), "too many");
}

static void
test_array(void)
{
	static const struct {
		const char *array, *groups; /* NULL: refused */
	} arrays[] = {
		{"[]", ""},
		{"[\"b\",\"a\",\"b\"]", "a,b"},
		{"[\"a,b\"]", NULL},
		{"[\"\"]", NULL},
		{"[1]", NULL},
		{"[null]", NULL},
		{"[[\"a\"]]", NULL},
	};
	char groups[GROUPS_SIZE];
	struct json_object *array;
	size_t i;

	for (i = 0; i < sizeof arrays / sizeof arrays[0]; i++) {
		array = json_tokener_parse(arrays[i].array);
		if (arrays[i].groups == NULL)
			ok(!groups_read(array, groups), "refused: %s",
				arrays[i].array);
		else
			ok(groups_read(array, groups) &&
					strcmp(groups, arrays[i].groups) == 0,
				"read: %s", arrays[i].array);
		json_object_put(array);
	}
	array = groups_array("a,b");
	is_str(json_object_to_json_string_ext(array, 0), "[\"a\",\"b\"]",
		"an array again");
	json_object_put(array);
	array = groups_array("");
	is_str(json_object_to_json_string_ext(array, 0), "[]", "of none");
	json_object_put(array);
}

int
main(void)
{
	test_names();
	test_changes();
	test_kept();
	test_array();
	return done();
}

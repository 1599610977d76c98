/* answer.c - parts of answers that several programs give */
#include "config.h"

#include "web/answer.h"

#include "base/json.h"

#include <time.h>

void
answer_time(struct json_object *object, const char *name, int64_t seconds)
{
	time_t when = (time_t)seconds;
	struct tm utc;
	char text[32];

	gmtime_r(&when, &utc);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
	json_add_string(object, name, text);
}

void
answer_user(struct json_object *object, const struct account *account)
{
	struct json_object *user = json_new_object();

	json_add_string(user, "id", account->id);
	json_add_string(user, "email", account_address(account));
	json_add_bool(user, "is_verified", account->verified);
	json_add_bool(user, "is_admin", account->admin);
	answer_time(user, "created_at", account->created);
	json_add(object, "user", user);
}

/* answer.h - parts of answers that several programs give */
#ifndef LATCHKEY_ANSWER_H
#define LATCHKEY_ANSWER_H

#include "account/account.h"

#include <json-c/json.h>

/* RFC 3339, in UTC. */
void answer_time(struct json_object *object, const char *name, int64_t seconds);

/* px0's `user`. */
void answer_user(struct json_object *object, const struct account *account);

/* actian's frame around a result that took `microseconds`. */
void answer_result(
	struct json_object *object, bool result, int64_t microseconds);

#endif

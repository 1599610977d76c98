/* answer.h - parts of answers that several programs give */
#ifndef LATCHKEY_ANSWER_H
#define LATCHKEY_ANSWER_H

#include "account/account.h"

#include <json-c/json.h>

/* RFC 3339, in UTC. */
void answer_time(struct json_object *object, const char *name, int64_t seconds);

/* px0's `user`. */
void answer_user(struct json_object *object, const struct account *account);

#endif

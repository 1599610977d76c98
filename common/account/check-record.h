/* check-record.h - what is wrong with a record, by kind; check.c's */
#ifndef LATCHKEY_CHECK_RECORD_H
#define LATCHKEY_CHECK_RECORD_H

#include "account/check.h"

/* Inside a unit of work: what is wrong with the record or where it leads, or
 * NULL. A store that fails meanwhile looks like a problem, too. */
typedef const char *check_record(
	struct check *check, const char *key, const struct json_object *record);

check_record check_account;
check_record check_name;
check_record check_code;
check_record check_token;
check_record check_mail;
check_record check_expiring; /* sign-outs and counts */

/* Inside a unit of work: the same of the list of administrators. */
const char *check_admins(struct check *check);

#endif

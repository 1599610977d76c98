/* audit-read.h - the audit's lines, the newest first, some at a time */
#ifndef LATCHKEY_AUDIT_READ_H
#define LATCHKEY_AUDIT_READ_H

#include "base/status.h"
#include "site/audit.h"

#include <json-c/json.h>

enum {
	AUDIT_READ_BYTES = 1 << 20, /* that one call looks at */
	AUDIT_CURSOR_SIZE = 40
};

/* Takes a line's object, which stays the caller's; false ends the reading
 * before that line. */
typedef bool audit_visit(void *context, struct json_object *event);

/* Calls `visit` for lines from the cursor backwards, "" being the newest line,
 * until it returns false or has seen enough of the file. Then `cursor` is where
 * to go on; "" after the oldest line. A cursor whose file is gone is at its
 * end. A line that is not JSON is passed over. STATUS_NOT_KEPT_HERE if lines go
 * to no file, STATUS_BAD_QUERY if that is no cursor, STATUS_UNAVAILABLE, said
 * in the log, if the file cannot be read. */
enum status audit_read(const struct audit *audit,
	char cursor[AUDIT_CURSOR_SIZE], audit_visit *visit, void *context);

#endif

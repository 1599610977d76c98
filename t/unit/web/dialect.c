/* dialect.c - every dialect has an answer to every status */
#include "config.h"

#include "tap.h"
#include "web/dialect.h"

int
main(void)
{
	static const struct {
		const char *name, *path;
	} dialects[] = {
		{"actian", "/auth/admin"},
		{"databrain", "/api/v2/admin-account"},
		{"px0", "/v1/auth/login"},
		{"edge-impulse", "/v1/api-login"},
	};
	size_t i;
	int status;

	for (i = 0; i < sizeof dialects / sizeof dialects[0]; i++) {
		const struct dialect *dialect = dialect_of(dialects[i].path);

		is_str(dialect->name, dialects[i].name, "a path's dialect");
		for (status = 0; status < STATUS_COUNT; status++) {
			int http = dialect_http(dialect, (enum status)status);

			ok(http != 0, "%s has a row for status %d",
				dialects[i].name, status);
			ok(strcmp(dialect_reason(http), "Unknown") != 0,
				"and its %d has a reason phrase", http);
		}
	}
	for (status = 0; status < STATUS_COUNT; status++) {
		int http = dialect_http(dialect_verify(), (enum status)status);

		ok(http == 401 || (http == 204 && status == STATUS_OK) ||
				(http == 403 &&
					(status == STATUS_FORBIDDEN ||
						status == STATUS_STRANGER)),
			"the verifier fails closed on status %d", status);
	}
	return done();
}

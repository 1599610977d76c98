/* dialect.c - every dialect has an answer to every status */
#include "config.h"

#include "tap.h"
#include "web/dialect-table.h"

int
main(void)
{
	static const struct {
		const char *name;
		const struct dialect *dialect;
	} dialects[] = {
		{"actian", &dialect_actian},
		{"databrain", &dialect_databrain},
		{"px0", &dialect_px0},
		{"edge-impulse", &dialect_edge_impulse},
	};
	size_t i;
	int status;

	for (i = 0; i < sizeof dialects / sizeof dialects[0]; i++)
		for (status = 0; status < STATUS_COUNT; status++) {
			const struct dialect_row *row =
				&dialects[i].dialect->rows[status];

			ok(row->http != 0, "%s has a row for status %d",
				dialects[i].name, status);
			ok(strcmp(dialect_reason(row->http), "Unknown") != 0,
				"and its %d has a reason phrase", row->http);
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

/* make-filters.c - writes common/sandbox-filters.h: seccomp's filters, as
 * libseccomp makes them of common/sandbox-calls.c, for the machine that builds
 * them */
#include "config.h"

#include "sandbox-calls.h"

#include <linux/filter.h>
#include <stdio.h>
#include <string.h>

/* False, with the reason on standard error, if there is no such filter. */
static bool
make(const char *name, bool syslog)
{
	struct sock_filter line;
	FILE *file = tmpfile();
	int result;

	if (file == NULL) {
		perror("make-filters");
		return false;
	}
	result = sandbox_export_calls(syslog, fileno(file));
	if (result != 0)
		fprintf(stderr, "make-filters: %s\n", strerror(-result));
	rewind(file);
	printf("static const struct sock_filter %s[] = {\n", name);
	while (fread(&line, sizeof line, 1, file) == 1)
		printf("\t{0x%02x, %u, %u, 0x%08x},\n", (unsigned)line.code,
			(unsigned)line.jt, (unsigned)line.jf, (unsigned)line.k);
	puts("};");
	fclose(file);
	return result == 0;
}

int
main(void)
{
	return make("with_syslog", true) && make("without_syslog", false) &&
			       fflush(stdout) == 0
		       ? 0
		       : 1;
}

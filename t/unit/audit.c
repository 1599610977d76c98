/* audit.c - the audit's file where a line was cut short */
#include "config.h"

#include "audit.h"
#include "unit.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char path[300];

static struct audit *
open_audit(uint64_t size)
{
	struct conf conf = {.audit = path, .audit_size = size};

	return audit_new(&conf);
}

static void
write_line(struct audit *audit)
{
	const struct audit_event event = {.event = "test",
		.status = STATUS_OK,
		.account = "",
		.by = "",
		.network = "",
		.request = ""};

	audit_write(audit, &event);
}

/* Writes a line while no file may grow beyond what this one has and `room`
 * bytes more, as on a disk that is full then. */
static void
write_into(struct audit *audit, off_t room)
{
	struct rlimit most = {RLIM_INFINITY, RLIM_INFINITY};
	struct stat file;

	if (stat(path, &file) != 0)
		exit(2);
	most.rlim_cur = (rlim_t)(file.st_size + room);
	setrlimit(RLIMIT_FSIZE, &most);
	write_line(audit);
	most.rlim_cur = most.rlim_max;
	setrlimit(RLIMIT_FSIZE, &most);
}

static bool
is_whole(const char *line)
{
	return line[0] == '{' && strchr(line + 1, '{') == NULL &&
	       strstr(line, "}\n") != NULL;
}

/* "+" for each line that is whole, "-" for one that is not, "." for the rest
 * of the file, which has no end. */
static const char *
lines(void)
{
	static char found[16];
	char line[8192];
	FILE *file = fopen(path, "r");
	size_t count = 0;

	while (file != NULL && count < sizeof found - 1 &&
		fgets(line, sizeof line, file) != NULL) {
		if (strchr(line, '\n') == NULL)
			found[count++] = '.';
		else
			found[count++] = is_whole(line) ? '+' : '-';
	}
	if (file != NULL)
		fclose(file);
	found[count] = '\0';
	return found;
}

static void
test_full(void)
{
	struct audit *audit;
	char much[4096]; /* the log is a file, too, and shorter */

	memset(much, '-', sizeof much);
	much[0] = '{';
	memcpy(much + sizeof much - 2, "}\n", 2);
	unit_file("audit.log", much, sizeof much);
	audit = open_audit(1 << 20);
	write_line(audit);
	is_str(lines(), "++", "a line");
	unit_log();
	write_into(audit, 10);
	is_str(lines(), "++.", "there is room for ten bytes of the next");
	ok(strstr(unit_log(), "no room for a whole line\n{\"time\":") != NULL,
		"the log has all of it");
	write_into(audit, 0);
	is_str(lines(), "++.", "for none of one more");
	ok(strstr(unit_log(), "File too large\n{\"time\":") != NULL,
		"the log has that, too");
	write_into(audit, 1);
	is_str(lines(), "++-", "for the end of the one before");
	write_into(audit, 10);
	is_str(lines(), "++-.", "for ten bytes again");
	write_line(audit);
	write_line(audit);
	is_str(lines(), "++--++", "with room the next ones are whole");
	audit_free(audit);
}

/* Another process has the file open and does not know. */
static void
test_another(void)
{
	struct audit *one, *other;

	unit_file("audit.log", "", 0);
	one = open_audit(1 << 20);
	other = open_audit(1 << 20);
	write_line(one);
	write_line(other);
	write_into(one, 10);
	is_str(lines(), "++.", "room for ten bytes of one's line");
	write_line(other);
	write_line(one);
	is_str(lines(), "++-++",
		"another's next line begins on one of its own");
	audit_free(one);
	audit_free(other);
	unit_log();
}

/* How often the log has it. */
static int
count(const char *text, const char *part)
{
	int found = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		found++;
	return found;
}

/* What stands in the way is a directory that is not empty. */
static void
test_stuck(void)
{
	struct audit *audit;
	char *in_the_way = mem_printf("mkdir -p '%s.3/x'", path);

	unit_file("audit.log", "", 0);
	unit_file("audit.log.2", "{}\n", 3);
	ok(system(in_the_way) == 0, "%s", in_the_way);
	audit = open_audit(1);
	write_line(audit);
	unit_log();
	write_line(audit);
	write_line(audit);
	is_int(count(unit_log(), "Is a directory"), 1,
		"a file that cannot be turned over is not tried each time");
	is_str(lines(), "+++", "and is written to");
	audit_free(audit);
	mem_free(in_the_way);
}

static void
test_opened(void)
{
	static const struct {
		const char *name, *text, *lines;
	} cases[] = {
		{"a file that is empty", "", "+"},
		{"whose last line is whole", "{}\n", "++"},
		{"whose last line has no end", "{}\n{\"time\"", "+-+"},
		{"which is one byte", "{", "-+"},
	};
	struct audit *audit;
	size_t i;

	for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		unit_file("audit.log", cases[i].text, strlen(cases[i].text));
		audit = open_audit(1 << 20);
		write_line(audit);
		is_str(lines(), cases[i].lines, cases[i].name);
		audit_free(audit);
	}
}

int
main(void)
{
	unit_begin();
	snprintf(path, sizeof path, "%s/audit.log", unit_dir);
	signal(SIGXFSZ, SIG_IGN);
	test_full();
	test_opened();
	test_another();
	test_stuck();
	return done();
}

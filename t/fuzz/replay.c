/* replay.c - a harness's seeds as tests, without a fuzzer
 *
 *   t/fuzz/NAME             every file of t/fuzz/seeds/NAME
 *   t/fuzz/NAME FILE...     these */
#include "config.h"

#include "../unit/tap.h"
#include "fuzz.h"

#include <dirent.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the seeds are, from the build tree, where tests run, as the compiler
 * found this file. */
static char *
seeds_of(const char *program)
{
	const char *name = strrchr(program, '/');
	const char *top = getenv("LATCHKEY_TOP");

	name = name == NULL ? program : name + 1;
	if (top != NULL)
		return mem_printf("%s/t/fuzz/seeds/%s", top, name);
	return mem_printf("%.*sseeds/%s",
		(int)(sizeof __FILE__ - sizeof "replay.c"), __FILE__, name);
}

/* An input that ends the process is the one after the last that is ok. */
static void
replay(const char *path)
{
	FILE *file = fopen(path, "re");
	uint8_t *data = NULL;
	size_t size = 0, got = 1;

	while (file != NULL && got > 0) {
		data = mem_resize(data, size + 65536);
		got = fread(data + size, 1, 65536, file);
		size += got;
	}
	if (file != NULL)
		fclose(file);
	/* To the byte, for AddressSanitizer. */
	data = mem_resize(data, size > 0 ? size : 1);
	printf("# %s\n", path);
	fflush(stdout);
	ok(file != NULL && LLVMFuzzerTestOneInput(data, size) == 0, "%s", path);
	mem_free(data);
}

static int
is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void
replay_all(const char *program)
{
	char *dir = seeds_of(program), *path;
	struct dirent **entries;
	int i, count = scandir(dir, &entries, is_visible, alphasort);

	ok(count > 0, "there are seeds in %s", dir);
	for (i = 0; i < count; i++) {
		path = mem_printf("%s/%s", dir, entries[i]->d_name);
		replay(path);
		mem_free(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	mem_free(dir);
}

/* What the sanitizers and asserts have said. */
static void
show(FILE *log)
{
	char line[1024];

	rewind(log);
	while (fgets(line, sizeof line, log) != NULL)
		diag("%.*s", (int)strcspn(line, "\n"), line);
}

/* Weak, as libFuzzer brings its own. */
int __attribute__((weak)) main(int count, char **arguments)
{
	FILE *log = tmpfile();
	int i, how = -1;
	pid_t pid = log == NULL ? -1 : fork();

	if (pid == 0) {
		dup2(fileno(log), STDERR_FILENO);
		setenv("VERBOSE", "1", 1); /* unit_begin() leaves it so */
		for (i = 1; i < count; i++)
			replay(arguments[i]);
		if (count == 1)
			replay_all(arguments[0]);
		return done();
	}
	if (pid > 0)
		waitpid(pid, &how, 0);
	if (how != 0 && log != NULL)
		show(log);
	return how == 0 ? 0 : 1;
}

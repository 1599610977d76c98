/* conf.c - a file of settings that is accepted says the same when it is
 * printed and read again */
#include "config.h"

#include "site/conf.h"

#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static struct conf *
read_text(const void *text, size_t size)
{
	int fd = memfd_create("conf", MFD_CLOEXEC);
	char path[64];
	struct conf *conf;

	assert(fd >= 0 && write(fd, text, size) == (ssize_t)size);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	conf = conf_read(path);
	close(fd);
	return conf;
}

/* What is printed, without the comments: where each setting is from. */
static char *
printed(const struct conf *conf)
{
	char *text, *line, *next;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	conf_print(conf, out);
	fclose(out);
	for (line = text; *line != '\0'; line = next) {
		next = strchr(line, '\n') + 1;
		if (*line == '#') {
			memmove(line, next, strlen(next) + 1);
			next = line;
		}
	}
	return text;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf *again, *conf = read_text(data, size);
	char *first, *second;

	if (conf == NULL)
		return 0;
	first = printed(conf);
	again = read_text(first, strlen(first));
	assert(again != NULL);
	second = printed(again);
	assert(strcmp(first, second) == 0);
	free(first);
	free(second);
	conf_free(again);
	conf_free(conf);
	return 0;
}

/* no-yescrypt.c - crypt(3) as a build of libxcrypt without yescrypt has it;
 * preloaded by t/no-yescrypt.t */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

static int
is_yescrypt(const char *setting)
{
	return setting == NULL || strncmp(setting, "$y$", 3) == 0 ||
	       strncmp(setting, "$gy$", 4) == 0;
}

char *crypt_rn(const char *text, const char *setting, void *data, int size);
char *
crypt_rn(const char *text, const char *setting, void *data, int size)
{
	char *(*real)(const char *, const char *, void *, int);

	if (is_yescrypt(setting)) {
		errno = EINVAL;
		return NULL;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "crypt_rn");
	return real(text, setting, data, size);
}

char *crypt_gensalt_rn(const char *prefix, unsigned long count,
	const char *bytes, int length, char *out, int size);
char *
crypt_gensalt_rn(const char *prefix, unsigned long count, const char *bytes,
	int length, char *out, int size)
{
	char *(*real)(
		const char *, unsigned long, const char *, int, char *, int);

	if (is_yescrypt(prefix)) {
		errno = EINVAL;
		return NULL;
	}
	*(void **)&real = dlsym(RTLD_NEXT, "crypt_gensalt_rn");
	return real(prefix, count, bytes, length, out, size);
}

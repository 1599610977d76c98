/* keys-environment.c - the JWT secret that the operator has set */
#include "config.h"

#include "site/keys-environment.h"

#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const variables[] = {
	"ACTIAN_VECTORAI_JWT_SECRET", "LATCHKEY_JWT_SECRET"};

/* The variable that systemd sets for a service with
 * LoadCredential=jwt_secret:FILE. */
static const char credentials[] = "CREDENTIALS_DIRECTORY";
static const char credential[] = "jwt_secret";

/* What is being taken. In memory that is locked and wiped. */
struct taking {
	struct jwt_key *given;
	char *given_by; /* the source of that; NULL: nothing yet */
	const struct filter *leaked;
	size_t length; /* of the secret at hand */
	/* With a byte order mark, the end of a line, and one byte too many. */
	unsigned char text[JWT_SECRET_MAX + 3 + 2 + 1];
};

/* Takes the secret at hand, which came from `name`. Refuses it if it may not
 * sign, or if another came from elsewhere. */
static bool
take(struct taking *taking, const char *name)
{
	struct jwt_key *given = taking->given;
	unsigned char key[FILTER_KEY];

	if (taking->length > JWT_SECRET_MAX) {
		log_error("%s: longer than %d bytes", name, JWT_SECRET_MAX);
		return false;
	}
	if (taking->length < JWT_SECRET_MIN) {
		log_error("%s: shorter than %d bytes", name, JWT_SECRET_MIN);
		return false;
	}
	/* With a secret that anyone can read somewhere, anyone can sign. */
	filter_key(taking->text, taking->length, key);
	if (taking->leaked != NULL && filter_has(taking->leaked, key)) {
		log_error(
			"%s: its value is on the list of leaked secrets", name);
		return false;
	}
	if (given->length > 0 &&
		(given->length != taking->length ||
			sodium_memcmp(given->secret, taking->text,
				given->length) != 0)) {
		log_error("%s and %s are both set and differ", taking->given_by,
			name);
		return false;
	}
	if (given->length == 0) {
		memcpy(given->secret, taking->text, taking->length);
		given->length = taking->length;
		mem_free(taking->given_by);
		taking->given_by = mem_copy(name);
	}
	return true;
}

/* --- the variables ------------------------------------------------------ */

/* Whether the value is a path in place of a secret: how it shows, or NULL. Of
 * 64 secrets in base64 one begins with a slash. It is refused as well, since a
 * path is no secret, and yet would sign. */
static const char *
as_path(const char *value)
{
	static const char *const beginnings[] = {
		"/", "./", "../", "~/", "file:"};
	struct stat file;
	size_t i;

	for (i = 0; i < sizeof beginnings / sizeof beginnings[0]; i++)
		if (strncasecmp(value, beginnings[i], strlen(beginnings[i])) ==
			0)
			return "begins like a path";
	return stat(value, &file) == 0 ? "is the name of a file" : NULL;
}

/* Copies the value and overwrites it where it stood. */
static bool
take_variable(struct taking *taking, const char *name)
{
	char *value = getenv(name);
	size_t length = value == NULL ? 0 : strlen(value);
	const char *path = length > 0 ? as_path(value) : NULL;

	taking->length = length;
	if (length <= JWT_SECRET_MAX && length > 0)
		memcpy(taking->text, value, length);
	if (value != NULL) {
		sodium_memzero(value, length);
		unsetenv(name);
	}
	if (path != NULL)
		log_error("%s: %s: set %s_FILE to the path of a file that "
			  "holds the secret",
			name, path, name);
	return length == 0 || (path == NULL && take(taking, name));
}

/* --- files -------------------------------------------------------------- */

static bool
refuse_file(const char *name, const char *path, const char *why)
{
	log_error("%s: %s: %s", name, path, why);
	return false;
}

/* Removes what editors add to a text of one line: a byte order mark, and the
 * one end of the line, "\r\n" from Windows. */
static void
trim(struct taking *taking)
{
	static const char mark[] = "\xef\xbb\xbf";
	const size_t skip = sizeof mark - 1;
	unsigned char *text = taking->text;

	if (taking->length >= skip && memcmp(text, mark, skip) == 0) {
		taking->length -= skip;
		memmove(text, text + skip, taking->length);
	}
	if (taking->length == 0 || text[taking->length - 1] != '\n')
		return;
	taking->length--;
	if (taking->length > 0 && text[taking->length - 1] == '\r')
		taking->length--;
}

static bool
read_secret(struct taking *taking, int fd)
{
	ssize_t got = 1;

	taking->length = 0;
	while (taking->length < sizeof taking->text && got != 0) {
		got = read(fd, taking->text + taking->length,
			sizeof taking->text - taking->length);
		if (got < 0 && errno != EINTR)
			return false;
		if (got > 0)
			taking->length += (size_t)got;
	}
	trim(taking);
	return true;
}

static bool
take_file(struct taking *taking, const char *name, const char *path)
{
	/* Opening a pipe would wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat file;
	bool good = fd >= 0 && fstat(fd, &file) == 0;

	if (good && !S_ISREG(file.st_mode)) {
		good = refuse_file(name, path, "no regular file");
	} else if (!good || !read_secret(taking, fd)) {
		good = refuse_file(name, path, strerror(errno));
	} else {
		good = take(taking, name);
	}
	if (fd >= 0)
		close(fd);
	return good;
}

static bool
take_named_file(struct taking *taking, const char *variable)
{
	char *name = mem_printf("%s_FILE", variable);
	const char *path = getenv(name);
	bool good = path == NULL || path[0] == '\0' ||
		    take_file(taking, name, path);

	mem_free(name);
	return good;
}

static bool
take_credential(struct taking *taking)
{
	const char *dir = getenv(credentials);
	char *path;
	bool good = true;

	if (dir == NULL || dir[0] == '\0')
		return true;
	path = mem_printf("%s/%s", dir, credential);
	/* Other credentials may have been loaded, and this one not. */
	if (access(path, F_OK) == 0 || errno != ENOENT)
		good = take_file(taking, "the credential jwt_secret", path);
	mem_free(path);
	return good;
}

/* Takes all of them, so that the variables are overwritten even if one is
 * wrong. */
static bool
take_all(struct taking *taking)
{
	bool good = true;
	size_t i;

	for (i = 0; i < sizeof variables / sizeof variables[0]; i++) {
		good = take_variable(taking, variables[i]) && good;
		good = take_named_file(taking, variables[i]) && good;
	}
	return take_credential(taking) && good;
}

bool
keys_environment_take(struct jwt_key *given, const struct filter *leaked)
{
	struct taking *taking = mem_check(sodium_malloc(sizeof *taking));
	bool good;

	memset(given, 0, sizeof *given);
	memset(taking, 0, sizeof *taking);
	taking->given = given;
	taking->leaked = leaked;
	good = take_all(taking);
	mem_free(taking->given_by);
	sodium_free(taking);
	return good;
}

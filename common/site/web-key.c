/* web-key.c - the key by which the web server proves that a request is its
 * own */
#include "config.h"

#include "site/web-key.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGITS = WEB_KEY_SIZE - 1, OTHERS = 07177, SAY_SECONDS = 60 };

struct web_key {
	struct web_keys keys;
	char *path;
	uid_t owner;           /* of the file, or WEB_KEY_CREDENTIAL */
	struct stat file;      /* as it was when read; zero: it was not good */
	int64_t tried;         /* when it was read last */
	int64_t said;          /* when the log last had a line on refusals */
	unsigned long refused; /* since that line */
};

/* --- the file's text --------------------------------------------------- */

void
web_keys_rotate(struct web_keys *keys, int64_t until)
{
	unsigned char drawn[DIGITS / 2];

	memcpy(keys->before, keys->key, sizeof keys->before);
	keys->until = keys->before[0] == '\0' ? 0 : until;
	randombytes_buf(drawn, sizeof drawn);
	sodium_bin2hex(keys->key, sizeof keys->key, drawn, sizeof drawn);
	sodium_memzero(drawn, sizeof drawn);
}

/* Reads a key from the text. Returns what follows, or NULL if there is no
 * key. */
static const char *
take_key(const char *text, char key[WEB_KEY_SIZE])
{
	if (text == NULL || strspn(text, "0123456789abcdef") != DIGITS)
		return NULL;
	memcpy(key, text, DIGITS);
	key[DIGITS] = '\0';
	return text + DIGITS;
}

/* Reads the blank, the number and the end of the second line. */
static const char *
take_end(const char *text, int64_t *until)
{
	char *end;

	if (text == NULL || text[0] != ' ' || text[1] < '1' || text[1] > '9')
		return NULL;
	errno = 0;
	*until = strtoll(text + 1, &end, 10);
	return errno == 0 && end[0] == '\n' ? end + 1 : NULL;
}

static bool
parse(const char *text, struct web_keys *keys)
{
	text = take_key(text, keys->key);
	if (text == NULL || text[0] != '\n')
		return false;
	if (*++text == '\0')
		return true;
	text = take_end(take_key(text, keys->before), &keys->until);
	return text != NULL && text[0] == '\0';
}

size_t
web_keys_write(const struct web_keys *keys, char text[WEB_KEY_TEXT_SIZE])
{
	int length = snprintf(text, WEB_KEY_TEXT_SIZE, "%s\n", keys->key);

	if (keys->before[0] != '\0')
		length += snprintf(text + length,
			WEB_KEY_TEXT_SIZE - (size_t)length, "%s %" PRId64 "\n",
			keys->before, keys->until);
	return (size_t)length;
}

/* --- the file ---------------------------------------------------------- */

/* What is wrong with the file, in words; NULL if nothing is. */
static const char *
flaw_of(const struct stat *file, uid_t owner)
{
	if (!S_ISREG(file->st_mode))
		return "is no regular file";
	if (owner == WEB_KEY_CREDENTIAL)
		return NULL;
	if (file->st_nlink != 1)
		return "has a second name (a hard link)";
	if (file->st_uid != owner)
		return "belongs to another user than the programs run as";
	if ((file->st_mode & OTHERS) != 0)
		return "has another mode than 0400 or 0600";
	return NULL;
}

static const char *
read_open(int fd, uid_t owner, struct web_keys *keys)
{
	char text[WEB_KEY_TEXT_SIZE];
	struct stat file;
	const char *flaw;
	ssize_t length;

	if (fstat(fd, &file) != 0)
		return strerror(errno);
	flaw = flaw_of(&file, owner);
	if (flaw != NULL)
		return flaw;
	length = file_read(fd, text, sizeof text - 1);
	if (length < 0)
		return strerror(errno);
	text[length] = '\0';
	if (strlen(text) != (size_t)length || !parse(text, keys))
		flaw = "does not say what `latchkey web-key` writes";
	sodium_memzero(text, sizeof text);
	return flaw;
}

bool
web_keys_read(const char *path, uid_t owner, struct web_keys *keys)
{
	/* The file may be a pipe, and opening that would wait. */
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	const char *flaw;

	memset(keys, 0, sizeof *keys);
	if (fd < 0 && errno == ELOOP)
		flaw = "is a link";
	else if (fd < 0)
		flaw = strerror(errno);
	else
		flaw = read_open(fd, owner, keys);
	file_close(fd);
	if (flaw != NULL)
		log_error("%s: %s: %s",
			owner == WEB_KEY_CREDENTIAL ? "the credential web_key"
						    : "web_key_file",
			path, flaw);
	return flaw == NULL;
}

/* --- a request --------------------------------------------------------- */

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       memcmp(&a->st_mtim, &b->st_mtim, sizeof a->st_mtim) == 0 &&
	       memcmp(&a->st_ctim, &b->st_ctim, sizeof a->st_ctim) == 0;
}

/* Reads the file again if it has changed since. A file that is not good is
 * tried once a second: the cause may be this process's own trouble, such as no
 * free descriptor. */
static void
look(struct web_key *key, int64_t now)
{
	struct stat file = {0};

	if (lstat(key->path, &file) == 0 && is_same(&file, &key->file))
		return;
	if (key->file.st_ino == 0 && key->tried == now)
		return;
	key->tried = now;
	key->file = file;
	if (web_keys_read(key->path, key->owner, &key->keys))
		return;
	memset(&key->file, 0, sizeof key->file);
	sodium_memzero(&key->keys, sizeof key->keys);
}

struct web_key *
web_key_open(const char *path, uid_t owner)
{
	struct web_key *key = mem_check(sodium_malloc(sizeof *key));

	memset(key, 0, sizeof *key);
	key->path = mem_copy(path);
	key->owner = owner;
	look(key, -1);
	if (key->keys.key[0] != '\0')
		return key;
	web_key_close(key);
	return NULL;
}

void
web_key_close(struct web_key *key)
{
	if (key == NULL)
		return;
	mem_free(key->path);
	sodium_free(key); /* which wipes it */
}

const char *
web_key_path(const struct web_key *key)
{
	return key->path;
}

static void
say_refused(struct web_key *key, bool sent, int64_t now)
{
	key->refused++;
	if (key->said != 0 && now >= key->said && now - key->said < SAY_SECONDS)
		return;
	log_warning("web key: refused, %s; %lu in all since the last such line",
		sent ? "LATCHKEY_PROOF is not the key (has the web server "
		       "read its configuration since?)"
		     : "there is no LATCHKEY_PROOF",
		key->refused);
	key->said = now;
	key->refused = 0;
}

static bool
is_key(const char *key, const char *proof)
{
	return key[0] != '\0' && sodium_memcmp(key, proof, DIGITS) == 0;
}

bool
web_key_proves(struct web_key *key, char *proof, int64_t now)
{
	bool proves = false;

	look(key, now);
	/* Both are compared, so that the time does not tell which. */
	if (proof != NULL && strlen(proof) == DIGITS) {
		bool before = is_key(key->keys.before, proof);

		proves = is_key(key->keys.key, proof) ||
			 (before && now < key->keys.until);
	}
	if (!proves)
		say_refused(key, proof != NULL, now);
	if (proof != NULL)
		sodium_memzero(proof, strlen(proof));
	return proves;
}

/* manifest.c - what a backup says of itself */
#include "config.h"

#include "manifest.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What the format of the manifest itself is called. */
enum { FORMAT = 1, BLOCK = 64 << 10 };

#define MEMBER(member) RECORD_MEMBER(struct manifest, member)

static const struct record_member members[] = {
	{"version", false, MEMBER(version)},
	{"format", false, MEMBER(format)},
	{"installation", false, MEMBER(installation)},
	{"made", false, MEMBER(made)},
	{"secrets", true, MEMBER(secrets)},
	{.name = NULL},
};

/* --- which installation ------------------------------------------------- */

static bool
make_installation(const char *path, char id[UUID_SIZE])
{
	char text[UUID_SIZE + 1];

	uuid_random(id);
	snprintf(text, sizeof text, "%s\n", id);
	return file_replace(
		path, text, strlen(text), 0600, geteuid(), getegid());
}

static bool
read_installation(int fd, const char *path, char id[UUID_SIZE])
{
	char text[UUID_SIZE + 2] = "";
	ssize_t length = file_read(fd, text, sizeof text - 1);

	text[strcspn(text, "\n")] = '\0';
	snprintf(id, UUID_SIZE, "%.*s", UUID_SIZE - 1, text);
	if (length == UUID_SIZE && uuid_valid(id))
		return true;
	log_error("%s: no UUID", path);
	return false;
}

bool
manifest_installation(const struct site *site, bool make, char id[UUID_SIZE])
{
	char *path = conf_in_state(site->conf, "installation");
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool good = fd >= 0 || errno == ENOENT;

	id[0] = '\0';
	if (fd >= 0)
		good = read_installation(fd, path, id);
	else if (!good)
		log_error("%s: %s", path, strerror(errno));
	else if (make)
		good = make_installation(path, id);
	file_close(fd);
	mem_free(path);
	return good;
}

/* --- writing ------------------------------------------------------------ */

bool
manifest_begin(const struct site *site, struct manifest *manifest)
{
	char *format = store_format();

	memset(manifest, 0, sizeof *manifest);
	snprintf(manifest->version, sizeof manifest->version, "%s",
		PACKAGE_VERSION);
	snprintf(manifest->format, sizeof manifest->format, "%s", format);
	mem_free(format);
	manifest->secrets = store_is_shared(site->store);
	return manifest_installation(site, true, manifest->installation);
}

bool
manifest_measure(int fd, struct manifest_file *file)
{
	unsigned char digest[crypto_hash_sha256_BYTES];
	crypto_hash_sha256_state state;
	char *block = mem_zero(BLOCK);
	ssize_t length;

	file->size = 0;
	crypto_hash_sha256_init(&state);
	while ((length = pread(fd, block, BLOCK, (off_t)file->size)) > 0) {
		crypto_hash_sha256_update(&state, (unsigned char *)block,
			(unsigned long long)length);
		file->size += length;
	}
	crypto_hash_sha256_final(&state, digest);
	sodium_bin2hex(
		file->sha256, sizeof file->sha256, digest, sizeof digest);
	sodium_memzero(block, BLOCK);
	mem_free(block);
	return length == 0;
}

/* Takes in the file of that name. */
static bool
add_file(struct manifest *manifest, int dir, const char *name)
{
	struct manifest_file *file = &manifest->files[manifest->count];
	bool good;
	int fd;

	errno = EFBIG;
	if (manifest->count == MANIFEST_FILES)
		return false;
	snprintf(file->name, sizeof file->name, "%.*s", STORE_FILE_SIZE - 1,
		name);
	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	good = fd >= 0 && manifest_measure(fd, file);
	file_close(fd);
	manifest->count += good;
	return good;
}

static int
by_name(const void *a, const void *b)
{
	const struct manifest_file *one = a, *other = b;

	return strcmp(one->name, other->name);
}

static bool
add_files(struct manifest *manifest, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool good = dir != NULL;

	while (good && (entry = readdir(dir)) != NULL)
		if (store_copy_has(entry->d_name))
			good = add_file(manifest, dirfd(dir), entry->d_name);
	if (dir != NULL)
		closedir(dir);
	if (good)
		qsort(manifest->files, manifest->count, sizeof *manifest->files,
			by_name);
	return good;
}

static struct json_object *
files_array(const struct manifest *manifest)
{
	struct json_object *list = json_new_array(), *item;
	size_t i;

	for (i = 0; i < manifest->count; i++) {
		item = json_new_object();
		json_add_string(item, "name", manifest->files[i].name);
		json_add_int(item, "size", manifest->files[i].size);
		json_add_string(item, "sha256", manifest->files[i].sha256);
		json_append(list, item);
	}
	return list;
}

static char *
make_text(const struct manifest *manifest)
{
	struct json_object *object = json_new_object();
	char *text;
	size_t length;

	json_add_int(object, "backup", FORMAT);
	json_add_string(object, "version", manifest->version);
	json_add_string(object, "format", manifest->format);
	json_add_string(object, "installation", manifest->installation);
	json_add_int(object, "made", manifest->made);
	if (manifest->secrets)
		json_add_bool(object, "secrets", true);
	json_add(object, "files", files_array(manifest));
	text = mem_printf("%s\n", json_text(object, &length));
	json_object_put(object);
	return text;
}

bool
manifest_write(struct manifest *manifest, const char *dir)
{
	char *path, *text;
	bool good;

	if (!add_files(manifest, dir)) {
		log_error("%s: %s", dir, strerror(errno));
		return false;
	}
	path = mem_printf("%s/%s", dir, MANIFEST_FILE);
	text = make_text(manifest);
	good = file_replace(
		path, text, strlen(text), 0600, geteuid(), getegid());
	mem_free(text);
	mem_free(path);
	return good;
}

/* --- reading ------------------------------------------------------------ */

static bool
read_file(const struct json_object *item, struct manifest_file *file)
{
	return json_copy(item, "name", file->name, sizeof file->name) &&
	       store_copy_has(file->name) &&
	       json_natural(item, "size", &file->size) &&
	       json_copy(item, "sha256", file->sha256, sizeof file->sha256) &&
	       strlen(file->sha256) == MANIFEST_SHA256_SIZE - 1;
}

/* They are sorted, so none is there twice. */
static bool
read_files(const struct json_object *object, struct manifest *manifest)
{
	size_t i, count;
	const struct json_object *list = json_array(object, "files", &count);
	struct manifest_file *files = manifest->files;
	bool good = count > 0 && count <= MANIFEST_FILES;

	for (i = 0; i < count && good; i++)
		good = read_file(
			       json_object_array_get_idx(list, i), &files[i]) &&
		       (i == 0 || by_name(&files[i - 1], &files[i]) < 0);
	manifest->count = count;
	return good;
}

static const char *
read_object(const struct json_object *object, struct manifest *manifest)
{
	int64_t format;

	if (!json_natural(object, "backup", &format))
		return "its manifest is none";
	if (format != FORMAT)
		return "a newer latchkey has made it";
	return record_read(members, object, manifest) == NULL &&
			       uuid_valid(manifest->installation) &&
			       read_files(object, manifest)
		       ? NULL
		       : "its manifest is none";
}

const char *
manifest_read(int dir, struct manifest *manifest)
{
	int fd = openat(dir, MANIFEST_FILE,
		O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = mem_zero(MANIFEST_SIZE);
	ssize_t length = fd < 0 ? -1 : file_read(fd, text, MANIFEST_SIZE);
	struct json_object *object = NULL;
	const char *flaw;

	memset(manifest, 0, sizeof *manifest);
	if (length >= 0)
		object = json_parse_object(text, (size_t)length, NULL, NULL);
	flaw = length < 0 ? "it has no manifest: it is no backup, or is cut"
	       : object == NULL ? "its manifest is cut"
				: read_object(object, manifest);
	json_object_put(object);
	file_close(fd);
	mem_free(text);
	return flaw;
}

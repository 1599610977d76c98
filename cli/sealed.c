/* sealed.c - a text that a passphrase alone opens */
#include "config.h"

#include "sealed.h"

#include "base/json.h"
#include "base/mem.h"

#include <sodium.h>
#include <string.h>

enum {
	FORM = 1,
	PASSES = 3,
	KIB = 64 << 10,
	/* the most that a line may ask for */
	MOST_PASSES = 16,
	MOST_KIB = 1 << 20,
	KEY = crypto_secretbox_KEYBYTES,
	NONCE = crypto_secretbox_NONCEBYTES,
	MAC = crypto_secretbox_MACBYTES,
	SALT = crypto_pwhash_SALTBYTES
};

static const char kind[] = "keys";
static const char no_memory[] = "there is no memory for Argon2id";

static bool
derive(const struct password *passphrase, const unsigned char salt[SALT],
	int64_t passes, int64_t kib, unsigned char key[KEY])
{
	return crypto_pwhash(key, KEY, passphrase->text,
		       strlen(passphrase->text), salt,
		       (unsigned long long)passes, (size_t)kib << 10,
		       crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static void
add_bytes(struct json_object *line, const char *name,
	const unsigned char *bytes, size_t length)
{
	size_t size = sodium_base64_encoded_len(
		length, sodium_base64_VARIANT_ORIGINAL);
	char *text = mem_zero(size);

	sodium_bin2base64(
		text, size, bytes, length, sodium_base64_VARIANT_ORIGINAL);
	json_add_string(line, name, text);
	mem_free(text);
}

char *
sealed_write(const struct password *passphrase, const char *text, size_t length)
{
	unsigned char key[KEY], salt[SALT], nonce[NONCE];
	unsigned char *box = mem_zero(MAC + length);
	struct json_object *line = json_new_object();
	char *sealed = NULL;
	size_t unused;

	randombytes_buf(salt, sizeof salt);
	randombytes_buf(nonce, sizeof nonce);
	if (derive(passphrase, salt, PASSES, KIB, key)) {
		crypto_secretbox_easy(
			box, (const unsigned char *)text, length, nonce, key);
		json_add_string(line, "latchkey", kind);
		json_add_int(line, "version", FORM);
		json_add_int(line, "passes", PASSES);
		json_add_int(line, "kib", KIB);
		add_bytes(line, "salt", salt, sizeof salt);
		add_bytes(line, "nonce", nonce, sizeof nonce);
		add_bytes(line, "box", box, MAC + length);
		sealed = mem_printf("%s\n", json_text(line, &unused));
	}
	sodium_memzero(key, sizeof key);
	json_object_put(line);
	mem_free(box);
	return sealed;
}

/* Reads exactly so many bytes. */
static bool
take_bytes(const struct json_object *line, const char *name,
	unsigned char *bytes, size_t wanted)
{
	const char *text = json_string(line, name);
	size_t length;

	return text != NULL &&
	       sodium_base642bin(bytes, wanted, text, strlen(text), NULL,
		       &length, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	       length == wanted;
}

/* The box, which the caller frees; NULL if there is none, or if the text would
 * not fit. */
static unsigned char *
take_box(const struct json_object *line, size_t size, size_t *length)
{
	const char *text = json_string(line, "box");
	unsigned char *box = mem_zero(MAC + size);

	if (text != NULL &&
		sodium_base642bin(box, MAC + size - 1, text, strlen(text), NULL,
			length, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
		*length > MAC)
		return box;
	mem_free(box);
	return NULL;
}

struct sealed {
	int64_t version, passes, kib;
	unsigned char salt[SALT], nonce[NONCE];
};

/* NULL, or what is wrong with what a line says of itself. */
static const char *
read_header(const struct json_object *line, struct sealed *sealed)
{
	const char *what = json_string(line, "latchkey");

	if (line == NULL)
		return "it is cut, or no file of `latchkey key export`";
	if (what == NULL || strcmp(what, kind) != 0 ||
		!json_natural(line, "version", &sealed->version))
		return "it is no file of `latchkey key export`";
	if (sealed->version != FORM)
		return "a later version of latchkey has made it";
	if (!json_natural(line, "passes", &sealed->passes) ||
		!json_natural(line, "kib", &sealed->kib) ||
		sealed->passes < 1 || sealed->passes > MOST_PASSES ||
		sealed->kib < 8 || sealed->kib > MOST_KIB ||
		!take_bytes(line, "salt", sealed->salt, SALT) ||
		!take_bytes(line, "nonce", sealed->nonce, NONCE))
		return "it was changed";
	return NULL;
}

static const char *
open_box(const struct password *passphrase, const struct sealed *sealed,
	const unsigned char *box, size_t length, char *text)
{
	unsigned char key[KEY];
	const char *flaw = NULL;

	if (!derive(passphrase, sealed->salt, sealed->passes, sealed->kib, key))
		flaw = no_memory;
	else if (crypto_secretbox_open_easy((unsigned char *)text, box, length,
			 sealed->nonce, key) != 0)
		flaw = "the passphrase is another one, or the file was changed";
	else
		text[length - MAC] = '\0';
	sodium_memzero(key, sizeof key);
	return flaw;
}

const char *
sealed_open(const struct password *passphrase, const char *line, size_t length,
	char *text, size_t size)
{
	struct json_object *object =
		json_parse_object(line, length, NULL, NULL);
	struct sealed sealed;
	const char *flaw = read_header(object, &sealed);
	unsigned char *box = NULL;
	size_t box_length;

	text[0] = '\0';
	if (flaw == NULL) {
		box = take_box(object, size, &box_length);
		flaw = box == NULL ? "it was changed"
				   : open_box(passphrase, &sealed, box,
					     box_length, text);
	}
	mem_free(box);
	json_object_put(object);
	return flaw;
}

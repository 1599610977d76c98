/* jwt.c - latchkey's JSON Web Tokens: HS256 and nothing else */
#include "config.h"

#include "site/jwt.h"

#include "base/json.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

enum {
	URLSAFE = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
	MAC_BYTES = crypto_auth_hmacsha256_BYTES
};

static void
mac(const struct jwt_key *key, const char *text, size_t length,
	unsigned char out[MAC_BYTES])
{
	crypto_auth_hmacsha256_state state;

	/* Not the form in one call, which takes keys of 32 bytes only. */
	crypto_auth_hmacsha256_init(&state, key->secret, key->length);
	crypto_auth_hmacsha256_update(
		&state, (const unsigned char *)text, length);
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof state);
}

/* Appends base64url of `length` bytes at token + used; returns the new end. */
static size_t
append(char token[JWT_SIZE], size_t used, const void *data, size_t length)
{
	size_t size = sodium_base64_encoded_len(length, URLSAFE);

	assert(used + size < JWT_SIZE);
	sodium_bin2base64(token + used, size, data, length, URLSAFE);
	return used + size - 1;
}

static size_t
append_json(char token[JWT_SIZE], size_t used, struct json_object *object)
{
	size_t length;
	const char *text = json_text(object, &length);

	used = append(token, used, text, length);
	json_object_put(object);
	return used;
}

static const struct {
	unsigned bit;
	const char *name;
} amrs[] = {{JWT_AMR_PWD, "pwd"}, {JWT_AMR_OTP, "otp"}};
enum { AMRS = sizeof amrs / sizeof amrs[0] };

void
jwt_add_amr(struct json_object *object, const char *member, unsigned amr)
{
	struct json_object *names = json_new_array();
	int i;

	for (i = 0; i < AMRS; i++)
		if ((amr & amrs[i].bit) != 0)
			json_append(
				names, json_object_new_string(amrs[i].name));
	json_add(object, member, names);
}

void
jwt_write_amr(unsigned amr, char text[JWT_AMR_SIZE])
{
	int i;

	text[0] = '\0';
	for (i = 0; i < AMRS; i++)
		if ((amr & amrs[i].bit) != 0)
			sprintf(text + strlen(text), "%s%s",
				text[0] == '\0' ? "" : ",", amrs[i].name);
}

void
jwt_sign(const struct jwt_key *key, const char *issuer,
	const struct jwt_claims *claims, char token[JWT_SIZE])
{
	struct json_object *header = json_new_object();
	struct json_object *payload = json_new_object();
	unsigned char tag[MAC_BYTES];
	size_t used;

	json_add_string(header, "alg", "HS256");
	json_add_string(header, "typ", "JWT");
	json_add_string(header, "kid", key->kid);
	json_add_string(payload, "iss", issuer);
	json_add_string(payload, "sub", claims->sub);
	json_add_int(payload, "iat", claims->iat);
	json_add_int(payload, "exp", claims->exp);
	json_add_string(payload, "jti", claims->jti);
	json_add_string(payload, "role", claims->role);
	json_add_int(payload, "epoch", claims->epoch);
	if (claims->sid[0] != '\0' || claims->amr > JWT_AMR_PWD)
		jwt_add_amr(payload, "amr", claims->amr);
	if (claims->sid[0] != '\0') {
		json_add_string(payload, "sid", claims->sid);
		json_add_int(payload, "auth_time", claims->auth_time);
	}
	used = append_json(token, 0, header);
	token[used++] = '.';
	used = append_json(token, used, payload);
	mac(key, token, used, tag);
	token[used++] = '.';
	append(token, used, tag, sizeof tag);
}

/* Whether the text has only letters of base64url, and dots. libsodium takes
 * some bytes over 127 for letters. */
static bool
is_base64url(const char *token, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		if (!(token[i] >= 'A' && token[i] <= 'Z') &&
			!(token[i] >= 'a' && token[i] <= 'z') &&
			!(token[i] >= '0' && token[i] <= '9') &&
			token[i] != '-' && token[i] != '_' && token[i] != '.')
			return false;
	return true;
}

/* Decodes one part to the letter: no padding, no blanks, no stray bits. */
static struct json_object *
decode_json(const char *part, size_t length)
{
	unsigned char text[JWT_LENGTH_MAX];
	size_t decoded;

	if (sodium_base642bin(text, sizeof text, part, length, NULL, &decoded,
		    NULL, URLSAFE) != 0)
		return NULL;
	return json_parse_object((const char *)text, decoded, NULL, NULL);
}

static bool
is(const struct json_object *object, const char *name, const char *wanted)
{
	const char *text = json_string(object, name);

	return text != NULL && strcmp(text, wanted) == 0;
}

static bool
has(const struct json_object *object, const char *name)
{
	return json_object_object_get_ex(object, name, NULL);
}

/* The key that the header names; NULL unless the header is as latchkey writes
 * it. */
static const struct jwt_key *
key_of_header(
	jwt_find_key *find, void *context, const char *part, size_t length)
{
	struct json_object *header = decode_json(part, length);
	const struct jwt_key *key = NULL;
	const char *kid;

	if (header != NULL && is(header, "alg", "HS256") &&
		is(header, "typ", "JWT") && !has(header, "crit")) {
		kid = json_string(header, "kid");
		key = kid == NULL ? NULL : find(context, kid);
	}
	json_object_put(header);
	return key;
}

/* Copies a text; false if it is missing, or does not fit. */
static bool
copy(const struct json_object *object, const char *name, char *out, size_t size)
{
	return json_copy(object, name, out, size) && out[0] != '\0';
}

static void
read_amr(const struct json_object *payload, struct jwt_claims *claims)
{
	size_t i, count;
	const struct json_object *amr = json_array(payload, "amr", &count);
	int j;

	for (i = 0; i < count; i++)
		for (j = 0; j < AMRS; j++)
			if (strcmp(json_string_at(amr, i), amrs[j].name) == 0)
				claims->amr |= amrs[j].bit;
}

/* What only a browser's session has. */
static bool
read_session(struct json_object *payload, struct jwt_claims *claims)
{
	return !has(payload, "sid") ||
	       (copy(payload, "sid", claims->sid, sizeof claims->sid) &&
		       json_natural(payload, "auth_time", &claims->auth_time));
}

static bool
read_claims(struct json_object *payload, const char *issuer, int64_t now,
	struct jwt_claims *claims)
{
	int64_t nbf;

	if (!is(payload, "iss", issuer) || has(payload, "aud"))
		return false;
	if (has(payload, "nbf") &&
		(!json_natural(payload, "nbf", &nbf) || nbf > now))
		return false;
	read_amr(payload, claims);
	return json_natural(payload, "iat", &claims->iat) &&
	       json_natural(payload, "exp", &claims->exp) &&
	       json_natural(payload, "epoch", &claims->epoch) &&
	       claims->exp > now &&
	       copy(payload, "sub", claims->sub, sizeof claims->sub) &&
	       copy(payload, "jti", claims->jti, sizeof claims->jti) &&
	       copy(payload, "role", claims->role, sizeof claims->role) &&
	       read_session(payload, claims);
}

bool
jwt_verify(jwt_find_key *find, void *context, const char *issuer, int64_t now,
	const char *token, size_t length, struct jwt_claims *claims)
{
	const char *end = token + length;
	const char *dot1 = memchr(token, '.', length);
	const char *dot2 =
		dot1 == NULL ? NULL
			     : memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1));
	unsigned char sent[MAC_BYTES], computed[MAC_BYTES];
	struct json_object *payload;
	const struct jwt_key *key;
	size_t decoded;
	bool good;

	memset(claims, 0, sizeof *claims);
	if (length > JWT_LENGTH_MAX || dot2 == NULL ||
		!is_base64url(token, length))
		return false;
	key = key_of_header(find, context, token, (size_t)(dot1 - token));
	if (key == NULL || sodium_base642bin(sent, sizeof sent, dot2 + 1,
				   (size_t)(end - dot2 - 1), NULL, &decoded,
				   NULL, URLSAFE) != 0)
		return false;
	mac(key, token, (size_t)(dot2 - token), computed);
	if (decoded != sizeof sent ||
		sodium_memcmp(sent, computed, sizeof sent) != 0)
		return false;
	payload = decode_json(dot1 + 1, (size_t)(dot2 - dot1 - 1));
	good = payload != NULL && read_claims(payload, issuer, now, claims);
	json_object_put(payload);
	if (good)
		strcpy(claims->kid, key->kid);
	else
		memset(claims, 0, sizeof *claims);
	return good;
}

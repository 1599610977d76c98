/* jwt.c - no token verifies but those that were signed, and of those only
 * what is to the letter. The input: a token; or a header and a payload, a line
 * each, which are then rightly signed. */
#include "config.h"

#include "site/jwt.h"

#include "base/json.h"
#include "fuzz.h"

#include <sodium.h>

enum {
	NOW = 1300815780,
	URLSAFE = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
	MAC_BYTES = crypto_auth_hmacsha256_BYTES
};

static const struct jwt_key key = {"a1b2", 11, "fuzzing key"};
static const struct jwt_claims known = {
	.sub = "0190a2b4-0000-7000-8000-000000000001",
	.jti = "77",
	.role = "admin",
	.iat = NOW,
	.exp = NOW + 1,
	.epoch = 3};

static const struct jwt_key *
find(void *context, const char *kid)
{
	(void)context;
	return strcmp(kid, key.kid) == 0 ? &key : NULL;
}

static bool
verify(const char *token, size_t length, struct jwt_claims *claims)
{
	return jwt_verify(find, NULL, "joe", NOW, token, length, claims);
}

static char *
encode(const void *data, size_t length)
{
	size_t size = sodium_base64_encoded_len(length, URLSAFE);

	return sodium_bin2base64(mem_zero(size), size, data, length, URLSAFE);
}

/* A token of that header and payload. */
static char *
sign(const char *header, const uint8_t *payload, size_t size)
{
	char *parts[3] = {
		encode(header, strlen(header)), encode(payload, size)};
	char *signed_part = mem_printf("%s.%s", parts[0], parts[1]), *token;
	crypto_auth_hmacsha256_state state;
	unsigned char mac[MAC_BYTES];

	crypto_auth_hmacsha256_init(&state, key.secret, key.length);
	crypto_auth_hmacsha256_update(&state,
		(const unsigned char *)signed_part, strlen(signed_part));
	crypto_auth_hmacsha256_final(&state, mac);
	parts[2] = encode(mac, sizeof mac);
	token = mem_printf("%s.%s", signed_part, parts[2]);
	mem_free(parts[0]);
	mem_free(parts[1]);
	mem_free(parts[2]);
	mem_free(signed_part);
	return token;
}

/* A token that is one bit off is none. */
static void
check_flipped(char *token)
{
	size_t i, length = strlen(token);
	struct jwt_claims claims;

	for (i = 0; i < length; i++) {
		token[i] = (char)(token[i] ^ (1 << i % 8));
		assert(!verify(token, length, &claims));
		token[i] = (char)(token[i] ^ (1 << i % 8));
	}
	assert(!verify(token, length - 1, &claims));
}

/* What was accepted can be said by nothing but this. */
static void
check_claims(const char *header, const uint8_t *payload, size_t size,
	const struct jwt_claims *claims)
{
	struct json_object *head =
		json_parse_object(header, strlen(header), NULL, NULL);
	struct json_object *body =
		json_parse_object((const char *)payload, size, NULL, NULL);

	assert(strcmp(json_string(head, "alg"), "HS256") == 0);
	assert(strcmp(json_string(head, "typ"), "JWT") == 0);
	assert(strcmp(json_string(head, "kid"), key.kid) == 0);
	assert(json_object_object_get(head, "crit") == NULL);
	assert(strcmp(json_string(body, "iss"), "joe") == 0);
	assert(strcmp(json_string(body, "sub"), claims->sub) == 0);
	assert(strcmp(json_string(body, "jti"), claims->jti) == 0);
	assert(strcmp(json_string(body, "role"), claims->role) == 0);
	assert(json_object_object_get(body, "aud") == NULL);
	assert(claims->exp > NOW && claims->iat >= 0 && claims->epoch >= 0);
	json_object_put(head);
	json_object_put(body);
}

static void
try_signed(const uint8_t *data, size_t size)
{
	char *header = fuzz_line(&data, &size);
	char *token = sign(header, data, size);
	struct jwt_claims claims;

	if (verify(token, strlen(token), &claims)) {
		check_claims(header, data, size, &claims);
		check_flipped(token);
	}
	mem_free(token);
	mem_free(header);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char good[JWT_SIZE];
	struct jwt_claims claims;

	if (good[0] == '\0')
		jwt_sign(&key, "joe", &known, good);
	if (memchr(data, '\n', size) != NULL)
		try_signed(data, size);
	else if (verify((const char *)data, size, &claims))
		assert(size == strlen(good) && memcmp(data, good, size) == 0);
	return 0;
}

/* jwt.h - latchkey's JSON Web Tokens: HS256 and nothing else (RFC 7519, RFC
 * 8725) */
#ifndef LATCHKEY_JWT_H
#define LATCHKEY_JWT_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JWT_SIZE = 1024,       /* of a token made here, its end included */
	JWT_LENGTH_MAX = 4096, /* the longest token that is looked at */
	JWT_SECRET_MIN = 32,   /* of a configured secret: RFC 7518, 3.2 */
	JWT_SECRET_MAX = 512,
	JWT_KID_SIZE = 17,
	JWT_JTI_SIZE = 40
};

/* How the client has shown whose it is (RFC 8176). */
enum jwt_amr { JWT_AMR_PWD = 1, JWT_AMR_OTP = 2 };

/* A secret as its own bytes, and the name by which tokens refer to it. */
struct jwt_key {
	char kid[JWT_KID_SIZE];
	size_t length;
	unsigned char secret[JWT_SECRET_MAX];
};

struct jwt_claims {
	char sub[40]; /* account id */
	char jti[JWT_JTI_SIZE];
	char role[8];
	int64_t iat; /* seconds since 1970 */
	int64_t exp;
	int64_t epoch;
	unsigned amr; /* jwt_amr's bits; 0: a password, of no browser's session
		       */
	/* of a browser's session alone; `sid` is "" elsewhere */
	char sid[JWT_JTI_SIZE];
	int64_t auth_time; /* when a secret was last given */
	/* of the key that has verified it */
	char kid[JWT_KID_SIZE];
};

/* Adds how the client has shown whose the session is, as that member. */
void jwt_add_amr(struct json_object *object, const char *member, unsigned amr);

/* The same as a text: "pwd,otp". */
enum { JWT_AMR_SIZE = 8 };
void jwt_write_amr(unsigned amr, char text[JWT_AMR_SIZE]);

/* Makes a token. `issuer` becomes `iss`. */
void jwt_sign(const struct jwt_key *key, const char *issuer,
	const struct jwt_claims *claims, char token[JWT_SIZE]);

/* The key whose kid is `kid`, or NULL. */
typedef const struct jwt_key *jwt_find_key(void *context, const char *kid);

/* Whether latchkey made the token and it holds at `now`: base64url to the
 * letter, `alg` HS256, `typ` JWT, a known `kid`, no `crit`, no member twice,
 * the MAC, then `iss`, `exp`, `nbf` if it is there, and no `aud`. False leaves
 * `claims` empty. */
bool jwt_verify(jwt_find_key *find, void *context, const char *issuer,
	int64_t now, const char *token, size_t length,
	struct jwt_claims *claims);

#endif

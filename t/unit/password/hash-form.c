/* hash-form.c - hashes as other systems write them: in which form each is kept,
 * that its password fits then, and what is refused */
#include "config.h"

#include "password/hash-form.h"
#include "password/password.h"
#include "unit.h"

/* clang-format off */
#define SALT "AAECAwQFBgcICQoLDA0ODw"
#define KEYCLOAK(value, salt, data) \
	"{\"id\":\"x\",\"type\":\"password\",\"secretData\":\"{\\\"value\\\":\\\"" value "\\\",\\\"salt\\\":\\\"" salt \
	"\\\",\\\"additionalParameters\\\":{}}\",\"credentialData\":\"" data "\"}"
#define ARGON2(type, version, memory) \
	"{\\\"hashIterations\\\":2,\\\"algorithm\\\":\\\"argon2\\\",\\\"additionalParameters\\\":{\\\"hashLength\\\":[\\\"32\\\"]," \
	"\\\"memory\\\":" memory ",\\\"type\\\":[\\\"" type "\\\"],\\\"version\\\":[\\\"" version "\\\"],\\\"parallelism\\\":[\\\"2\\\"]}}"
#define PBKDF2(algorithm, rounds) "{\\\"hashIterations\\\":" rounds ",\\\"algorithm\\\":\\\"" algorithm "\\\"}"
#define SHA1_64 "0sh00yVQGZZAlzieeG/szupTTzJQLlbpELlgU+abr7y3rWcFt4DyQ+blkoaYhDZbDJH/SV5qXlHkHmKZ5SwhNw"
#define SHA256_32 "Nz6wyjLrUUqtz6aADK2URv08hRxa5xieDaDw0in5Hbk"
#define SHA512_64 "ty2pTf0nsFyuql+dkwWLQhb11bpi5pQgOc08S3ghpywigIwnr+0l9nStIcer8iOWXE04sKyoAUOUfu1r0Hufag"

/* Each of "Correct Horse 9!". From passlib, Django and OpenLDAP's argon2; by
 * hashlib, in the form that is documented, where Debian has no such program. */
static const struct {
	const char *name, *text, *kept;
} forms[] = {
	{"crypt(3)'s", "$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0", "$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0"},
	{"one behind {CRYPT}", "{CRYPT}$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0", "$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0"},
	{"in lower case", "{crypt}$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0", "$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0"},
	{"Dovecot's bcrypt", "{BLF-CRYPT}$2y$05$abcdefghijklmnopqrstuuut4gnuBpgod8LJBYwd0MuYUsKfKQZfi", "$2y$05$abcdefghijklmnopqrstuuut4gnuBpgod8LJBYwd0MuYUsKfKQZfi"},
	{"OpenLDAP's Argon2", "{ARGON2}$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0$iPKcsNFSp9ddE3RQ/FfcRDBxdf1yotD6rJFwKHdhdoE", "$argon2i$v=19$m=64,t=3,p=1$c2FsdHNhbHRzYWx0$iPKcsNFSp9ddE3RQ/FfcRDBxdf1yotD6rJFwKHdhdoE"},
	{"OpenLDAP's PBKDF2", "{PBKDF2-SHA256}1000$L.W8V2pt7T2HsFYKAaBUqg$XoioBr7H9o4bUbYDQDHhB.tIucnqPG0Efnru64mCmGE", "$pbkdf2-sha256$1000$L.W8V2pt7T2HsFYKAaBUqg$XoioBr7H9o4bUbYDQDHhB.tIucnqPG0Efnru64mCmGE"},
	{"its PBKDF2 by SHA-1", "{PBKDF2}1000$KiXE.N87B2AshVBKKeU8Bw$f24ucMk/BhCZ6YpidMk6FDBmhxQ", "$pbkdf2$1000$KiXE.N87B2AshVBKKeU8Bw$f24ucMk/BhCZ6YpidMk6FDBmhxQ"},
	{"a salted digest in lower case", "{ssha}E8dLNs3ZuFIbO32RJhWFdZr+CILvCbcv", "{SSHA}E8dLNs3ZuFIbO32RJhWFdZr+CILvCbcv"},
	{"Django's PBKDF2", "pbkdf2_sha1$1000$wN3LcPjKq8Zt$jFQog5EFbfQDHo//+12rAOt9G78=", "pbkdf2_sha1$1000$wN3LcPjKq8Zt$jFQog5EFbfQDHo//+12rAOt9G78="},
	{"Django's bcrypt", "bcrypt$$2b$04$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm", "$2b$04$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm"},
	{"Django's Argon2", "argon2$argon2id$v=19$m=256,t=2,p=2$d04zTGNQaktxOFp0NXZSeUhiMmRUcw$F+oP7F5vBmUrcgLdBybyPw", "$argon2id$v=19$m=256,t=2,p=2$d04zTGNQaktxOFp0NXZSeUhiMmRUcw$F+oP7F5vBmUrcgLdBybyPw"},
	{"Django's scrypt", "scrypt$16$VenNiuCY0zdrk3Rn$8$1$UQJSSqkV1rhL3+sk6nkDn/Hh84Et/aJjF9SGBIkPQWvYqZVRfcFZyBpbLVTuVsrrx3CaU+vFtRWdRIJvIdcS6A==", "scrypt:16:8:1$VenNiuCY0zdrk3Rn$5102524aa915d6b84bdfeb24ea79039ff1e1f3812dfda26317d48604890f416bd8a995517dc159c81a5b2d54ee56caebc7709a53ebc5b5159d44826f21d712e8"},
	{"ASP.NET's, by SHA-1", "AQAAAAAAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg/SyHTTJVAZlkCXOJ54b+zO6lNPMlAuVukQuWBT5puvvA==", "$pbkdf2$1000$" SALT "$0sh00yVQGZZAlzieeG/szupTTzJQLlbpELlgU.abr7w"},
	{"ASP.NET's, by SHA-256", "AQAAAAEAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg83PrDKMutRSq3PpoAMrZRG/TyFHFrnGJ4NoPDSKfkduQ==", "$pbkdf2-sha256$1000$" SALT "$" SHA256_32},
	{"ASP.NET's, by SHA-512", "AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg+3LalN/SewXK6qX52TBYtCFvXVumLmlCA5zTxLeCGnLA==", "$pbkdf2-sha512$1000$" SALT "$ty2pTf0nsFyuql.dkwWLQhb11bpi5pQgOc08S3ghpyw"},
	{"ASP.NET's of version 2", "AAABAgMEBQYHCAkKCwwNDg/SyHTTJVAZlkCXOJ54b+zO6lNPMlAuVukQuWBT5puvvA==", "$pbkdf2$1000$" SALT "$0sh00yVQGZZAlzieeG/szupTTzJQLlbpELlgU.abr7w"},
	{"Keycloak's, by SHA-1", KEYCLOAK(SHA1_64 "==", SALT "==", PBKDF2("pbkdf2", "1000")), "$pbkdf2$1000$" SALT "$0sh00yVQGZZAlzieeG/szupTTzJQLlbpELlgU.abr7y3rWcFt4DyQ.blkoaYhDZbDJH/SV5qXlHkHmKZ5SwhNw"},
	{"Keycloak's, by SHA-256", KEYCLOAK(SHA256_32 "=", SALT "==", PBKDF2("pbkdf2-sha256", "1000")), "$pbkdf2-sha256$1000$" SALT "$" SHA256_32},
	{"Keycloak's, by SHA-512", KEYCLOAK(SHA512_64 "==", SALT "==", PBKDF2("pbkdf2-sha512", "1000")), "$pbkdf2-sha512$1000$" SALT "$ty2pTf0nsFyuql.dkwWLQhb11bpi5pQgOc08S3ghpywigIwnr.0l9nStIcer8iOWXE04sKyoAUOUfu1r0Hufag"},
	{"Keycloak's Argon2", KEYCLOAK("F+oP7F5vBmUrcgLdBybyPw==", "d04zTGNQaktxOFp0NXZSeUhiMmRUcw==", ARGON2("id", "1.3", "[\\\"256\\\"]")), "$argon2id$v=19$m=256,t=2,p=2$d04zTGNQaktxOFp0NXZSeUhiMmRUcw$F+oP7F5vBmUrcgLdBybyPw"},
};

/* What is refused here, and why; and what is handed on, for hash-text.c to
 * refuse. */
static const struct {
	const char *name, *text, *reason;
} refused[] = {
	{"Keycloak's without data", "{\"type\":\"password\"}", "Keycloak"},
	{"cut short", "{\"type\":\"password\",\"secretData\":\"{", "Keycloak"},
	{"whose data are no text", "{\"secretData\":{},\"credentialData\":{}}", "Keycloak"},
	{"of a code", "{\"secretData\":\"{\\\"value\\\":\\\"JBSWY3DP\\\"}\",\"credentialData\":\"{\\\"algorithm\\\":\\\"HmacSHA1\\\"}\"}", "Keycloak"},
	{"whose salt is no base64", KEYCLOAK(SHA256_32 "=", "salt!", PBKDF2("pbkdf2-sha256", "1000")), "Keycloak"},
	{"without padding", KEYCLOAK(SHA256_32, SALT "==", PBKDF2("pbkdf2-sha256", "1000")), "Keycloak"},
	{"of fewer than no rounds", KEYCLOAK(SHA256_32 "=", SALT "==", PBKDF2("pbkdf2-sha256", "-1")), "Keycloak"},
	{"of another algorithm", KEYCLOAK(SHA256_32 "=", SALT "==", PBKDF2("pbkdf2-md5", "1000")), "algorithm"},
	{"Django's scrypt cut short", "scrypt$16$VenNiuCY0zdrk3Rn$8$1$UQJSSqkV1rhL3+sk6nkDn/Hh84Et/aJjF9SG", "damaged"},
	{"with its parts in another order", "scrypt$VenNiuCY0zdrk3Rn$16$8$1$UQJSSqkV1rhL3+sk6nkDn/Hh84Et/aJjF9SGBIkPQWvYqZVRfcFZyBpbLVTuVsrrx3CaU+vFtRWdRIJvIdcS6A==", "damaged"},
};

/* No hash, though it begins like one. */
static const struct {
	const char *name, *text;
} handed_on[] = {
	{"nothing", ""},
	{"a prefix alone", "{CRYPT}"},
	{"two prefixes", "{CRYPT}{crypt}$1$Sfg6yHkv$7ccyi/iegxy/JHQZWtROM0"},
	{"an unknown prefix", "{MD5}X03MO1qnZdYdgyfeuILPmQ=="},
	{"ASP.NET's of another digest", "AQAAAAMAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg+3LalN/SewXK6qX52TBYtCFvXVumLmlCA5zTxLeCGnLA=="},
	{"whose salt is longer than all", "AQAAAAIAAAPo//////ABAgMEBQYHCAkKCwwNDg+3LalN/SewXK6qX52TBYtCFvXVumLmlCA5zTxLeCGnLA=="},
	{"of no round", "AQAAAAIAAAAAAAAAEAABAgMEBQYHCAkKCwwNDg+3LalN/SewXK6qX52TBYtCFvXVumLmlCA5zTxLeCGnLA=="},
	{"cut short", "AQAAAAIAAAPoAAAAEAAB"},
	{"version 2, a byte short", "AAABAgMEBQYHCAkKCwwNDg/SyHTTJVAZlkCXOJ54b+zO6lNPMlAuVukQuWBT5puv"},
	{"of another version", "AgAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg+3LalN/SewXK6qX52TBYtCFvXVumLmlCA5zTxLeCGnLA=="},
	{"Keycloak's Argon2 without its memory", KEYCLOAK("F+oP7F5vBmUrcgLdBybyPw==", "d04zTGNQaktxOFp0NXZSeUhiMmRUcw==", ARGON2("id", "1.3", "[]"))},
	{"Keycloak's argon2d", KEYCLOAK("F+oP7F5vBmUrcgLdBybyPw==", "d04zTGNQaktxOFp0NXZSeUhiMmRUcw==", ARGON2("d", "1.3", "[\\\"256\\\"]"))},
	{"Keycloak's Argon2 of version 16", KEYCLOAK("F+oP7F5vBmUrcgLdBybyPw==", "d04zTGNQaktxOFp0NXZSeUhiMmRUcw==", ARGON2("id", "1.0", "[\\\"256\\\"]"))},
};
/* clang-format on */

static void
test_forms(void)
{
	struct password password = unit_password("Correct Horse 9!");
	char kept[HASH_TEXT_SIZE], again[HASH_TEXT_SIZE];
	size_t i;

	for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		ok(hash_form(forms[i].text, kept) == NULL, "%s", forms[i].name);
		is_str(kept, forms[i].kept, "is kept so");
		is_int(password_test(&password, PASSWORD_NFC, kept), STATUS_OK,
			"and its password fits");
		ok(hash_form(kept, again) == NULL && strcmp(again, kept) == 0,
			"what is kept stays as it is");
	}
}

static void
test_refused(void)
{
	char kept[HASH_TEXT_SIZE], text[HASH_FORM_LONGEST + 1];
	struct hash_text scheme;
	const char *flaw;
	size_t i;

	for (i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		flaw = hash_form(refused[i].text, kept);
		ok(flaw != NULL && strstr(flaw, refused[i].reason) != NULL &&
				kept[0] == '\0',
			"refused: %s: %s", refused[i].name,
			flaw == NULL ? "" : flaw);
	}
	for (i = 0; i < sizeof handed_on / sizeof handed_on[0]; i++)
		ok(hash_form(handed_on[i].text, kept) == NULL &&
				!hash_text_read(kept, &scheme),
			"no hash: %s", handed_on[i].name);
	memset(text, 'A', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	ok(hash_form(text, kept) != NULL && kept[0] == '\0',
		"longer than any hash");
	text[HASH_TEXT_SIZE - 1] = '\0';
	ok(hash_form(text, kept) == NULL, "as long as one may be");
}

int
main(void)
{
	unit_begin();
	test_forms();
	test_refused();
	return done();
}

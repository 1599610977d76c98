/* jwt.c - tokens that are ours, and all those that only look so */
#include "config.h"

#include "base/mem.h"
#include "site/jwt.h"
#include "tap.h"

#include <sodium.h>

enum { IAT = 1300815780, EXP = 1300819380 };

#define ID "0190a2b4-0000-7000-8000-000000000001"

/* The key of RFC 7515, A.1, and a token that another program made with it. */
static const struct jwt_key key = {"a1b2", 64,
	{0x03, 0x23, 0x35, 0x4b, 0x2b, 0x0f, 0xa5, 0xbc, 0x83, 0x7e, 0x06, 0x65,
		0x77, 0x7b, 0xa6, 0x8f, 0x5a, 0xb3, 0x28, 0xe6, 0xf0, 0x54,
		0xc9, 0x28, 0xa9, 0x0f, 0x84, 0xb2, 0xd2, 0x50, 0x2e, 0xbf,
		0xd3, 0xfb, 0x5a, 0x92, 0xd2, 0x06, 0x47, 0xef, 0x96, 0x8a,
		0xb4, 0xc3, 0x77, 0x62, 0x3d, 0x22, 0x3d, 0x2e, 0x21, 0x72,
		0x05, 0x2e, 0x4f, 0x08, 0xc0, 0xcd, 0x9a, 0xf5, 0x67, 0xd0,
		0x80, 0xa3}};
#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImExYjIifQ"
#define PAYLOAD                                                                \
	"eyJpc3MiOiJqb2UiLCJzdWIiOiIwMTkwYTJiNC0wMDAwLTcwMDAtODAwMC0wMDAw"     \
	"MDAwMDAwMDEiLCJpYXQiOjEzMDA4MTU3ODAsImV4cCI6MTMwMDgxOTM4MCwianRp"     \
	"IjoiNzciLCJyb2xlIjoiYWRtaW4iLCJlcG9jaCI6M30"
#define MAC "T4tRXFAbf7B66aoms_jcufeors2IRANzaJ-n1ewLGJE"
static const char known[] = HEADER "." PAYLOAD "." MAC;

/* clang-format off */
#define GOOD_HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"a1b2\"}"
#define CLAIMS "\"iss\":\"joe\",\"sub\":\"" ID "\",\"jti\":\"77\",\"role\":\"admin\",\"iat\":1300815780,\"epoch\":3"
#define GOOD_PAYLOAD "{" CLAIMS ",\"exp\":1300819380}"

/* All rightly signed; NULL is the good one. */
static const struct {
	const char *name, *header, *payload;
	bool good;
} forged[] = {
	{"what is good", NULL, NULL, true},
	{"blanks in the JSON", " {\"kid\" : \"a1b2\", \"typ\":\"JWT\",\r\n\"alg\":\"HS256\"} ", NULL, true},
	{"a header member that means nothing", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"a1b2\",\"x\":1}", NULL, true},
	{"alg none", "{\"alg\":\"none\",\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"alg hs256", "{\"alg\":\"hs256\",\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"alg HS512", "{\"alg\":\"HS512\",\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"alg RS256", "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"alg in a list", "{\"alg\":[\"HS256\"],\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"no alg", "{\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"alg twice", "{\"alg\":\"none\",\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"alg twice by an escape", "{\"\\u0061lg\":\"none\",\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"a1b2\"}", NULL, false},
	{"typ at+jwt", "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"a1b2\"}", NULL, false},
	{"no typ", "{\"alg\":\"HS256\",\"kid\":\"a1b2\"}", NULL, false},
	{"no kid", "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", NULL, false},
	{"an unknown kid", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"a1b3\"}", NULL, false},
	{"a kid that is a number", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":1}", NULL, false},
	{"a crit", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"a1b2\",\"crit\":[\"exp\"]}", NULL, false},
	{"a crit that is null", "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"a1b2\",\"crit\":null}", NULL, false},
	{"a header that is a list", "[]", NULL, false},
	{"a header that is not JSON", "x", NULL, false},
	{"a payload that is not an object", NULL, "1", false},
	{"an empty payload object", NULL, "{}", false},
	{"iss of another", NULL, "{\"iss\":\"jane\",\"sub\":\"" ID "\",\"jti\":\"77\",\"role\":\"admin\",\"iat\":1,\"epoch\":3,\"exp\":1300819380}", false},
	{"a claim twice", NULL, "{" CLAIMS ",\"exp\":1300819380,\"exp\":1300819380}", false},
	{"an aud", NULL, "{" CLAIMS ",\"exp\":1300819380,\"aud\":\"joe\"}", false},
	{"an aud that is null", NULL, "{" CLAIMS ",\"exp\":1300819380,\"aud\":null}", false},
	{"exp now", NULL, "{" CLAIMS ",\"exp\":1300815780}", false},
	{"exp in a second", NULL, "{" CLAIMS ",\"exp\":1300815781}", true},
	{"no exp", NULL, "{" CLAIMS "}", false},
	{"exp null", NULL, "{" CLAIMS ",\"exp\":null}", false},
	{"exp in a string", NULL, "{" CLAIMS ",\"exp\":\"1300819380\"}", false},
	{"exp a float", NULL, "{" CLAIMS ",\"exp\":1300819380.5}", false},
	{"exp with an exponent", NULL, "{" CLAIMS ",\"exp\":13e8}", false},
	{"exp negative", NULL, "{" CLAIMS ",\"exp\":-1}", false},
	{"exp very far", NULL, "{" CLAIMS ",\"exp\":9223372036854775806}", true},
	{"exp too big for us", NULL, "{" CLAIMS ",\"exp\":9223372036854775808}", false},
	{"exp too big for anyone", NULL, "{" CLAIMS ",\"exp\":99999999999999999999999}", false},
	{"nbf now", NULL, "{" CLAIMS ",\"exp\":1300819380,\"nbf\":1300815780}", true},
	{"nbf in a second", NULL, "{" CLAIMS ",\"exp\":1300819380,\"nbf\":1300815781}", false},
	{"nbf in a string", NULL, "{" CLAIMS ",\"exp\":1300819380,\"nbf\":\"1\"}", false},
	{"epoch negative", NULL, "{\"iss\":\"joe\",\"sub\":\"" ID "\",\"jti\":\"77\",\"role\":\"admin\",\"iat\":1,\"epoch\":-3,\"exp\":1300819380}", false},
	{"a sub that is too long", NULL, "{\"iss\":\"joe\",\"sub\":\"" ID ID "\",\"jti\":\"77\",\"role\":\"admin\",\"iat\":1,\"epoch\":3,\"exp\":1300819380}", false},
	{"U+0000 in a claim", NULL, "{" CLAIMS ",\"exp\":1300819380,\"x\":\"\\u0000\"}", false},
};

/* The known token, written otherwise. */
static const struct {
	const char *name, *token;
} spoiled[] = {
	{"nothing", ""},
	{"one dot", "."},
	{"two dots", ".."},
	{"three dots", "..."},
	{"no header", "." PAYLOAD "." MAC},
	{"no payload", HEADER ".." MAC},
	{"no signature", HEADER "." PAYLOAD "."},
	{"no third part", HEADER "." PAYLOAD},
	{"a fourth part", HEADER "." PAYLOAD "." MAC "." MAC},
	{"a dot at the end", HEADER "." PAYLOAD "." MAC "."},
	{"a dot at the beginning", "." HEADER "." PAYLOAD "." MAC},
	{"padding", HEADER "." PAYLOAD "." MAC "="},
	{"padding of the header", HEADER "==." PAYLOAD "." MAC},
	{"a blank before", " " HEADER "." PAYLOAD "." MAC},
	{"a blank after", HEADER "." PAYLOAD "." MAC " "},
	{"a newline after", HEADER "." PAYLOAD "." MAC "\n"},
	{"a newline inside", HEADER ".\n" PAYLOAD "." MAC},
	{"stray bits in the last symbol", HEADER "." PAYLOAD ".T4tRXFAbf7B66aoms_jcufeors2IRANzaJ-n1ewLGJF"},
	{"base64 that is not base64url", HEADER "." PAYLOAD ".T4tRXFAbf7B66aoms/jcufeors2IRANzaJ+n1ewLGJE"},
	{"half a signature", HEADER "." PAYLOAD ".T4tRXFAbf7B66aoms_jcug"},
	{"a longer signature", HEADER "." PAYLOAD "." MAC "AA"},
	{"header and payload swapped", PAYLOAD "." HEADER "." MAC},
};
/* clang-format on */

static const struct jwt_key *
find(void *context, const char *kid)
{
	const struct jwt_key *only = context;

	return strcmp(only->kid, kid) == 0 ? only : NULL;
}

/* Whether a token of exactly that length is taken at IAT. */
static bool
takes(const char *token, size_t length)
{
	static const struct jwt_claims none;
	struct jwt_key mine = key;
	struct jwt_claims claims;
	char *exact = mem_zero(length == 0 ? 1 : length);
	bool good;

	memcpy(exact, token, length);
	memset(&claims, 'x', sizeof claims);
	good = jwt_verify(find, &mine, "joe", IAT, exact, length, &claims);
	mem_free(exact);
	if (!good && memcmp(&claims, &none, sizeof none) != 0)
		ok(false, "a refused token leaves no claims");
	return good;
}

static size_t
encode(char *out, size_t size, const void *data, size_t length)
{
	sodium_bin2base64(out, size, data, length,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	return strlen(out);
}

/* Signs whatever it is given. */
static size_t
forge(const char *header, const char *payload, char *token, size_t size)
{
	crypto_auth_hmacsha256_state state;
	unsigned char tag[32];
	size_t used = encode(token, size, header, strlen(header));

	token[used++] = '.';
	used += encode(token + used, size - used, payload, strlen(payload));
	crypto_auth_hmacsha256_init(&state, key.secret, key.length);
	crypto_auth_hmacsha256_update(
		&state, (const unsigned char *)token, used);
	crypto_auth_hmacsha256_final(&state, tag);
	token[used++] = '.';
	return used + encode(token + used, size - used, tag, sizeof tag);
}

static void
test_forged(void)
{
	char token[2048];
	size_t i, length;

	for (i = 0; i < sizeof forged / sizeof forged[0]; i++) {
		length = forge(forged[i].header == NULL ? GOOD_HEADER
							: forged[i].header,
			forged[i].payload == NULL ? GOOD_PAYLOAD
						  : forged[i].payload,
			token, sizeof token);
		ok(takes(token, length) == forged[i].good, "%s: %s",
			forged[i].good ? "takes" : "refuses", forged[i].name);
	}
	for (i = 0; i < sizeof spoiled / sizeof spoiled[0]; i++)
		ok(!takes(spoiled[i].token, strlen(spoiled[i].token)),
			"refuses: %s", spoiled[i].name);
}

/* A good token as long as asked for, by a header that says little. */
static void
test_lengths(void)
{
	char header[4096] = "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":"
			    "\"a1b2\"}";
	char token[8192];
	size_t length = 0, blanks = strlen(header);

	for (; length < JWT_LENGTH_MAX - 1; blanks++) {
		header[blanks] = ' ';
		length = forge(header, GOOD_PAYLOAD, token, sizeof token);
	}
	ok(takes(token, length), "takes %zu bytes", length);
	header[blanks] = header[blanks + 1] = ' ';
	length = forge(header, GOOD_PAYLOAD, token, sizeof token);
	ok(!takes(token, length), "refuses %zu", length);
}

static void
test_damage(void)
{
	static const char others[] = "AbZ9-_.=+/ \n\x80\xff";
	char token[sizeof known];
	size_t i, j, taken = 0;

	strcpy(token, known);
	for (i = 0; i < sizeof known - 1; i++) {
		for (j = 0; j < sizeof others; j++) {
			token[i] = others[j];
			if (others[j] != known[i])
				taken += takes(token, strlen(known)) ? 1 : 0;
		}
		token[i] = known[i];
	}
	is_int((long long)taken, 0, "no byte can be another");
	taken = 0;
	for (i = 0; i < sizeof known - 1; i++)
		taken += takes(known, i) ? 1 : 0;
	is_int((long long)taken, 0, "no prefix is taken");
	ok(!takes(known, sizeof known), "nor a NUL byte after it");
}

static void
test_round_trip(void)
{
	struct jwt_claims got, claims = {.sub = ID,
				       .jti = "77",
				       .role = "admin",
				       .iat = IAT,
				       .exp = EXP,
				       .epoch = 3};
	struct jwt_key mine = key;
	char token[JWT_SIZE];

	ok(takes(known, strlen(known)), "takes what another program signed");
	jwt_sign(&key, "joe", &claims, token);
	is_str(token, known, "signs it to the same byte");
	ok(jwt_verify(find, &mine, "joe", EXP - 1, token, strlen(token), &got),
		"takes its own, up to its last second");
	is_str(got.sub, claims.sub, "sub");
	is_str(got.jti, claims.jti, "jti");
	is_str(got.role, claims.role, "role");
	is_int(got.iat, claims.iat, "iat");
	is_int(got.exp, claims.exp, "exp");
	is_int(got.epoch, claims.epoch, "epoch");
	ok(!jwt_verify(find, &mine, "joe", EXP, token, strlen(token), &got),
		"and not at it");
	mine.secret[63] ^= 1;
	ok(!jwt_verify(find, &mine, "joe", IAT, token, strlen(token), &got),
		"not with another secret");
}

int
main(void)
{
	if (sodium_init() < 0)
		return 2;
	test_round_trip();
	test_forged();
	test_lengths();
	test_damage();
	return done();
}

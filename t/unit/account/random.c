/* random.c - what nobody may guess is as random as it looks
 *
 * A pattern sees how a value looks, not where it comes from: 16 random bits,
 * padded or repeated, look like 128. So 64 of each are drawn. In 64 random
 * ones every position takes many values, no two positions agree throughout,
 * and no value comes twice. */
#include "config.h"

#include "account/code.h"
#include "account/factor.h"
#include "account/session.h"
#include "account/token.h"
#include "base/uuid.h"
#include "site/keys.h"
#include "unit.h"

#include <sodium.h>

enum {
	DRAWS = 64,
	VALUE_SIZE = 160,
	NOW = 1000000,
	LEAST_OF_64 = 20, /* of 32 or more symbols: 1 in 10^12 has fewer */
	LEAST_OF_16 = 8,  /* of 16 symbols: as rare */
	LEAST_OF_10 = 5,
	LEAST_OF_4 = 2 /* what is left over for a last position */
};

static char drawn[DRAWS][VALUE_SIZE];

/* Positions that are the same in all, such as dashes and versions. */
static bool
is_fixed(const char *fixed, size_t at)
{
	return fixed[at] == '-';
}

static int
symbols_at(size_t at)
{
	bool seen[256] = {false};
	int i, count = 0;

	for (i = 0; i < DRAWS; i++)
		seen[(unsigned char)drawn[i][at]] = true;
	for (i = 0; i < 256; i++)
		count += seen[i] ? 1 : 0;
	return count;
}

static bool
agree(size_t a, size_t b)
{
	int i;

	for (i = 0; i < DRAWS; i++)
		if (drawn[i][a] != drawn[i][b])
			return false;
	return true;
}

static bool
comes_twice(void)
{
	int i, j;

	for (i = 0; i < DRAWS; i++)
		for (j = 0; j < i; j++)
			if (strcmp(drawn[i], drawn[j]) == 0)
				return true;
	return false;
}

/* `form` has a sign for each position: '-' for one that is fixed, '.' for one
 * that has to take `least` values of 64, '2' for one that has fewer bits. */
static void
test_drawn(const char *form, int least, const char *name)
{
	size_t length = strlen(form), at, other;
	bool long_enough = true, vary = true, apart = true;
	int i;

	for (i = 0; i < DRAWS; i++)
		long_enough = long_enough && strlen(drawn[i]) == length;
	for (at = 0; at < length && long_enough; at++) {
		if (is_fixed(form, at))
			continue;
		vary = vary &&
		       symbols_at(at) >= (form[at] == '2' ? LEAST_OF_4 : least);
		for (other = 0; other < at; other++)
			apart = apart &&
				(is_fixed(form, other) || !agree(at, other));
	}
	ok(long_enough, "%s: so many positions", name);
	ok(vary, "%s: each position varies", name);
	ok(apart, "%s: no two positions are the same", name);
	ok(!comes_twice(), "%s: none comes twice", name);
}

static void
put(int i, const char *text)
{
	snprintf(drawn[i], sizeof drawn[i], "%s", text);
}

static void
put_bytes(int i, const unsigned char *bytes, size_t size)
{
	sodium_bin2hex(drawn[i], sizeof drawn[i], bytes, size);
}

/* 64 hexadecimal digits. */
#define HEX_16 "................"
#define HEX_64 HEX_16 HEX_16 HEX_16 HEX_16

/* The last part but one of each hash. */
static void
draw_salts(const char *prefix, unsigned long cost)
{
	const struct password_scheme scheme = {prefix, cost};
	struct password password = unit_password("the same each time");
	char hash[PASSWORD_HASH_SIZE];
	int i;

	for (i = 0; i < DRAWS; i++) {
		put(i, "");
		if (password_hash(&scheme, &password, hash) != STATUS_OK)
			continue;
		*strrchr(hash, '$') = '\0';
		put(i, strrchr(hash, '$') + 1);
	}
}

static void
test_salts(void)
{
	/* 128 bits in base 64. */
	if (unit_knows("$y$")) {
		draw_salts("$y$", 1);
		test_drawn(".....................2", LEAST_OF_64, "6: a salt");
	}
	draw_salts("$argon2id$v=19$m=7168,t=5,p=1$", 0);
	test_drawn(".....................2", LEAST_OF_64, "6: Argon2id's salt");
}

static void
draw_codes(struct site *site, const char *form)
{
	char code[CODE_SIZE];
	int i;

	mem_free(site->conf->code_form);
	site->conf->code_form = mem_copy(form);
	for (i = 0; i < DRAWS; i++) {
		code_draw(site, code);
		put(i, code);
	}
}

static void
test_codes(struct site *site)
{
	char code[SYMBOLS_SIZE];
	int i;

	draw_codes(site, "digits:10");
	test_drawn("..........", LEAST_OF_10, "16: a code of digits");
	draw_codes(site, "symbols");
	test_drawn("....-....-....", LEAST_OF_64, "16: a code");
	for (i = 0; i < DRAWS; i++) {
		symbols_draw(FACTOR_SYMBOLS, code);
		put(i, code);
	}
	test_drawn("....-....-.....", LEAST_OF_64, "26: a recovery code");
}

static void
test_app_secrets(void)
{
	char text[TOTP_BASE32_SIZE];
	struct totp_secret secret;
	int i;

	for (i = 0; i < DRAWS; i++) {
		totp_draw(&secret);
		totp_write(&secret, text);
		put(i, text);
	}
	test_drawn("................................", LEAST_OF_64,
		"28: an app's secret");
}

/* The payload of a token, decoded. */
static void
put_jti(int i, const char *token)
{
	char payload[JWT_SIZE], *jti;
	const char *begin = strchr(token, '.') + 1;
	size_t length = 0;

	if (sodium_base642bin((unsigned char *)payload, sizeof payload - 1,
		    begin, strcspn(begin, "."), NULL, &length, NULL,
		    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		length = 0;
	payload[length] = '\0';
	jti = strstr(payload, "\"jti\":\"");
	put(i, jti == NULL ? "" : jti + strlen("\"jti\":\""));
	drawn[i][strcspn(drawn[i], "\"")] = '\0';
}

static void
test_sessions(struct site *site)
{
	struct account account;
	char token[JWT_SIZE];
	int i;

	unit_find(site, "admin", &account);
	for (i = 0; i < DRAWS; i++) {
		put(i, "");
		if (session_issue(site, &account, NULL, NOW, token) ==
			STATUS_OK)
			put_jti(i, token);
	}
	test_drawn(HEX_16 HEX_16, LEAST_OF_16, "29: a jti");
}

static void
test_access_tokens(struct site *site)
{
	char secret[TOKEN_SECRET_SIZE];
	struct account account;
	int i;

	unit_find(site, "admin", &account);
	for (i = 0; i < DRAWS; i++) {
		struct token token = {.permission = TOKEN_READ};

		secret[0] = '\0';
		strcpy(token.maker, account.id);
		put(i, token_create(site, NULL, &token, NOW, secret) ==
					STATUS_OK
				? secret
				: "");
	}
	/* lk_, and 256 bits in base 64. */
	test_drawn("---......................................"
		   "....2",
		LEAST_OF_64, "29: an access token");
}

static void
test_keys(const struct site *site)
{
	enum keys_refusal refusal;
	char kid[JWT_KID_SIZE];
	int i;

	for (i = 0; i < DRAWS; i++) {
		put(i, "");
		/* The one before is over at once, and makes room. */
		if (keys_rotate(site->keys, site->store, NOW, 0, false, kid,
			    &refusal) == STATUS_OK &&
			site_keys(site, NOW) == STATUS_OK)
			put_bytes(i, keys_signing(site->keys)->secret,
				keys_signing(site->keys)->length);
	}
	test_drawn(HEX_64, LEAST_OF_16, "34: the key of JWTs");
}

/* Those of codes, access tokens and counts, by turns: each store has its
 * own. */
static void
test_hmac_keys(void)
{
	struct site site;
	char path[300];
	int i;

	for (i = 0; i < DRAWS; i++) {
		unit_site(&site, UNIT_FAST);
		snprintf(path, sizeof path, "%s/store.%d", unit_dir, i);
		store_close(site.store);
		site.store = store_new(path, 0);
		put(i, "");
		if (site_keys(&site, NOW) == STATUS_OK)
			put_bytes(i,
				keys_of(site.keys,
					(enum keys_use)(i % KEYS_USES)),
				KEYS_HMAC_BYTES);
		site_close(&site);
	}
	test_drawn(HEX_64, LEAST_OF_16, "34: the keys of HMACs");
}

static void
test_uuids(void)
{
	int i;

	for (i = 0; i < DRAWS; i++)
		uuid_random(drawn[i]);
	test_drawn("........-....--...-2...-............", LEAST_OF_16,
		"29: a service token");
	/* After the time. */
	for (i = 0; i < DRAWS; i++)
		uuid_ordered(drawn[i]);
	test_drawn("---------------...-2...-............", LEAST_OF_16,
		"an account's id");
}

int
main(void)
{
	struct site site;

	unit_begin();
	unit_site(&site, UNIT_FAST);
	unit_account(&site, "admin", "admin@example.com", true);
	test_salts();
	test_codes(&site);
	test_app_secrets();
	test_sessions(&site);
	test_access_tokens(&site);
	test_keys(&site);
	test_hmac_keys();
	test_uuids();
	site_close(&site);
	return done();
}

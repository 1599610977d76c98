/* account-sign-in.c - what a sign-in hashes: the same for everyone it refuses.
 *
 * crypt(3) and libsodium's verifier are looked at on their way: this program
 * defines them, notes what they were called with, and calls the real ones. */
#include "config.h"

#include "account/account.h"
#include "base/counters.h"
#include "password/hash-text.h"
#include "unit.h"

#include "account/integrity.h"

#include <crypt.h>
#include <dlfcn.h>
#include <sodium.h>

#define SHA512                                                                 \
	"$6$rounds=1000$saltstring$NnFtg9ryFmoccYLZpQBgK/IMtPgxOYmtAXT3g0DoQ1" \
	"IWYc3hhjROtzrEpDe4.pdRxSjFBky87XiXtcYaraGt8."
#define BCRYPT "$2b$04$CCCCCCCCCCCCCCCCCCCCC.sJhkO71lytMb6qqzkMdnCqqDfhCBNrm"
#define ARGON2                                                                 \
	"$argon2id$v=19$m=256,t=2,p=2$c2FsdHNhbHRzYWx0$lKBFfkonprQXAzQw"       \
	"ZDqrXcwZtTQK3b16m07yP0XBb5E"

/* Whose password is "Correct Horse 9!". With no hash: by the setting. */
static const struct {
	const char *name, *hash;
	bool disabled, unproved, right_fails;
} accounts[] = {
	{"ours", NULL, false, false, false},
	{"disabled", NULL, true, false, true},
	{"unproved", NULL, false, true, true},
	{"sha512", SHA512, false, false, false},
	{"sha512 disabled", SHA512, true, false, true},
	{"bcrypt", BCRYPT, false, false, false},
	{"bcrypt unproved", BCRYPT, false, true, true},
	{"argon2", ARGON2, false, false, false},
	{"argon2 disabled", ARGON2, true, false, true},
	{"without a hash", "", false, false, true},
	{"without a hash disabled", "", true, false, true},
	{"malformed", "$6$rounds=1000$saltstring$NnFtg9", false, false, true},
};
enum { ACCOUNTS = sizeof accounts / sizeof accounts[0] };

static struct site site;
static const char *ours; /* the class of new hashes, and a blank */

/* The classes hashed since, one after the other. */
static struct {
	char class[32][HASH_TEXT_SIZE];
	int count;
} work;

static void
note(const char *setting)
{
	struct hash_text scheme;

	if (!hash_text_read_setting(setting, &scheme))
		strcpy(scheme.class, "malformed");
	strcpy(work.class[work.count++], scheme.class);
}

char *
crypt_rn(const char *phrase, const char *setting, void *data, int size)
{
	char *(*real)(const char *, const char *, void *, int);

	*(void **)&real = dlsym(RTLD_NEXT, "crypt_rn");
	note(setting);
	return real(phrase, setting, data, size);
}

int
crypto_pwhash_str_verify(const char str[crypto_pwhash_STRBYTES],
	const char *const passwd, unsigned long long passwdlen)
{
	int (*real)(const char *, const char *, unsigned long long);

	*(void **)&real = dlsym(RTLD_NEXT, "crypto_pwhash_str_verify");
	note(str);
	return real(str, passwd, passwdlen);
}

/* Our own class, and what follows it; good until the next call. */
static const char *
ours_and(const char *others)
{
	static char line[32 * HASH_TEXT_SIZE];

	snprintf(line, sizeof line, "%s%s", ours, others);
	return line;
}

/* What was hashed, as one line. */
static const char *
worked(void)
{
	static char line[32 * HASH_TEXT_SIZE];
	char *at = line;
	int i;

	*at = '\0';
	for (i = 0; i < work.count; i++)
		at += sprintf(at, "%s ", work.class[i]);
	work.count = 0;
	return line;
}

static enum status
sign_in(const char *name, const char *text, const char **did)
{
	struct password password = unit_password(text);
	struct account account;
	enum status status;

	worked();
	status = account_sign_in(
		&site, name, &password, unit_attempt("n", 1000), &account);
	*did = worked();
	return status;
}

static enum status
change_state(struct account *account, const void *index)
{
	size_t i = *(const size_t *)index;

	account->enabled = !accounts[i].disabled;
	account->unproved = accounts[i].unproved;
	return STATUS_OK;
}

static void
make(size_t i)
{
	struct password password = unit_password("Correct Horse 9!");
	struct account account = {.verified = true};

	strcpy(account.username, accounts[i].name);
	if (accounts[i].hash != NULL)
		strcpy(account.hash, accounts[i].hash);
	ok(account_add(&site, &account,
		   accounts[i].hash == NULL ? &password : NULL, ACCOUNT_ALWAYS,
		   false) == STATUS_OK &&
			account_update(&site, accounts[i].name, change_state,
				&i) == STATUS_OK,
		"made: %s", accounts[i].name);
}

static void
test_refusals(void)
{
	char nobody[32 * HASH_TEXT_SIZE];
	const char *did;
	size_t i;

	is_int(sign_in("nobody", "wrong", &did), STATUS_NO_ACCOUNT, "nobody");
	strcpy(nobody, did);
	is_str(nobody,
		ours_and("$6$rounds=1000$.......... "
			 "$2b$04$...................... "
			 "$argon2id$v=19$m=256,t=2,p=2$AAAAAAAAAAAAAAAA$"
			 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "),
		"costs a hash of each kind, ours first");
	for (i = 0; i < ACCOUNTS; i++) {
		is_int(sign_in(accounts[i].name, "wrong", &did),
			STATUS_BAD_CREDENTIALS, accounts[i].name);
		is_str(did, nobody, "as a wrong password, in the same order");
		is_int(sign_in(accounts[i].name, "", &did),
			STATUS_BAD_CREDENTIALS, "none at all");
		is_str(did, nobody, "costs the same");
		if (!accounts[i].right_fails)
			continue;
		is_int(sign_in(accounts[i].name, "Correct Horse 9!", &did),
			STATUS_BAD_CREDENTIALS, "the right one");
		is_str(did, nobody, "tells nothing where it does not help");
	}
}

/* Of an account without a hash no password is right. */
static void
test_reasons(void)
{
	static const struct {
		const char *name, *password, *reason;
	} rows[] = {
		{"nobody", "wrong", NULL},
		{"ours", "wrong", NULL},
		{"disabled", "wrong", NULL},
		{"disabled", "Correct Horse 9!", "disabled"},
		{"unproved", "Correct Horse 9!", "unproved"},
		{"without a hash", "wrong", NULL},
		{"without a hash disabled", "wrong", "disabled"},
	};
	struct account account;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct password password = unit_password(rows[i].password);
		struct attempt *attempt = unit_attempt("n", 1000);

		account_sign_in(
			&site, rows[i].name, &password, attempt, &account);
		is_str(attempt->reason == NULL ? "none" : attempt->reason,
			rows[i].reason == NULL ? "none" : rows[i].reason,
			rows[i].name);
		worked();
	}
}

static void
test_change(void)
{
	struct password old = unit_password("Correct Horse 9!");
	struct password new = unit_password("another");
	struct account account;
	char nobody[32 * HASH_TEXT_SIZE], wanted[32 * HASH_TEXT_SIZE];
	const char *did;

	sign_in("nobody", "wrong", &did);
	strcpy(nobody, did);
	snprintf(wanted, sizeof wanted,
		"%s$6$rounds=1000$.......... $2b$04$...................... %s",
		ours, ours);
	unit_find(&site, "bcrypt", &account);
	is_int(account_change_password(&site, account.id, &account.epoch, NULL,
		       &new, &new, unit_attempt("n", 1000)),
		STATUS_WRONG_PASSWORD, "a change with a wrong password");
	is_str(worked(), nobody, "costs the same, too");
	is_int(account_change_password(&site, account.id, &account.epoch, NULL,
		       &old, &old, unit_attempt("n", 1000)),
		STATUS_OK, "with the right one");
	is_str(worked(), wanted, "hashes up to his own, and the new one");
}

/* A user who knows the password learns nothing from its time. */
static void
test_renewal(void)
{
	struct account before, after;
	const char *did;
	size_t i;

	for (i = 0; i < ACCOUNTS; i++) {
		if (accounts[i].hash == NULL || accounts[i].right_fails)
			continue;
		unit_find(&site, accounts[i].name, &before);
		is_int(sign_in(accounts[i].name, "Correct Horse 9!", &did),
			STATUS_OK, accounts[i].name);
		unit_find(&site, accounts[i].name, &after);
		ok(strncmp(after.hash, ours, strcspn(ours, ".")) == 0,
			"has ours then");
		is_int(after.epoch, before.epoch, "and the same epoch");
		is_int(sign_in(accounts[i].name, "Correct Horse 9!", &did),
			STATUS_OK, "signs in again");
		is_str(did, ours, "and costs one hash");
	}
}

/* Of what is not in NFC: each kind twice, for a name that is known and one that
 * is not, and for a right password that does not help. */
static void
test_forms(void)
{
	/* "Cafe\u0301 99", as it is typed on a Mac, by SHA-512. */
	static const char nfd[] =
		"$6$rounds=1000$saltstring$BFdXWf0AlYGcFyXw8k1kXCIE84Cvm4Sm08"
		"ZeWgFMQ.rtICdnRVulY2n9NWR88UO9FCFC8y68ZF5Vo3U7e9QW81";
	static const char typed[] = "Cafe\xcc\x81 99",
			  other[] = "Cafe\xcc\x81 98", nfc[] = "Caf\xc3\xa9 99";
	struct account account = {.username = "mac", .verified = true};
	static const bool off = false, on = true;
	char once[32 * HASH_TEXT_SIZE], twice[64 * HASH_TEXT_SIZE];
	const char *did;

	strcpy(account.hash, nfd);
	account_add(&site, &account, NULL, ACCOUNT_ALWAYS, ACCOUNT_HIDES_NONE);
	sign_in("nobody", nfc, &did);
	strcpy(once, did);
	snprintf(twice, sizeof twice, "%s%s", once, once);
	is_int(sign_in("nobody", typed, &did), STATUS_NO_ACCOUNT,
		"not in NFC: nobody");
	is_str(did, twice, "costs each kind for both forms");
	is_int(sign_in("mac", other, &did), STATUS_BAD_CREDENTIALS,
		"not in NFC: a wrong one");
	is_str(did, twice, "costs the same");
	is_int(sign_in("ours", other, &did), STATUS_BAD_CREDENTIALS,
		"not in NFC: a wrong one for our own hash");
	is_str(did, twice, "costs the same");
	account_update(&site, "mac", account_set_enabled, &off);
	is_int(sign_in("mac", typed, &did), STATUS_BAD_CREDENTIALS,
		"not in NFC: the right one of a disabled account");
	is_str(did, twice, "costs the same");
	account_update(&site, "mac", account_set_enabled, &on);
	is_int(sign_in("mac", nfc, &did), STATUS_BAD_CREDENTIALS,
		"not the hash of its NFC");
	is_str(did, once, "costs each kind once");
	is_int(sign_in("mac", typed, &did), STATUS_OK, "as it was typed it is");
	is_int(sign_in("mac", nfc, &did), STATUS_OK,
		"and in any form from then on");
	is_int(sign_in("mac", typed, &did), STATUS_OK, "the old one, too");
}

static void
report_none(
	void *context, const char *kind, const char *key, const char *problem)
{
	(void)context;
	ok(false, "%s %s: %s", kind, key, problem);
}

/* When nobody has a kind any more, a look at all accounts takes it out. */
static void
test_settle(void)
{
	struct integrity check = {.site = &site, .report = report_none};
	struct account gone;
	const char *did;
	size_t i;

	sign_in("nobody", "wrong", &did);
	ok(strstr(did, "$2b$") != NULL, "what was somebody's costs a hash");
	for (i = 0; i < ACCOUNTS; i++)
		if (accounts[i].hash != NULL && accounts[i].right_fails)
			account_delete(&site, accounts[i].name, &gone);
	is_int(integrity_check(&check), STATUS_OK,
		"all accounts are looked at");
	sign_in("nobody", "wrong", &did);
	is_str(did, ours, "now there is one kind, and one hash");
}

/* How often the store has waited for its database since. */
static int
trips_since(uint64_t *before)
{
	uint64_t now = counters_get(COUNTER_DATABASE_TRIPS);
	int trips = (int)(now - *before);

	*before = now;
	return trips;
}

/* What stays under the lock, or is done often, waits as little as it can. */
static void
test_trips(void)
{
	bool shared = store_is_shared(site.store);
	struct account account;
	uint64_t before = 0;

	trips_since(&before);
	account_look_up(&site, "ours", &account);
	is_int(trips_since(&before), shared ? 1 : 0,
		"trips: an account by its name");
	account_update(&site, "ours", account_set_hash, account.hash);
	is_int(trips_since(&before), shared ? 2 : 0,
		"trips: a change of it, on disk");
}

int
main(void)
{
	size_t i;

	unit_begin();
	unit_site(&site, UNIT_FAST);
	site_count(&site, NULL);
	ours = unit_knows("$y$") ? "$y$j75$...................... "
				 : "$5$rounds=1000$................ ";
	for (i = 0; i < ACCOUNTS; i++)
		make(i);
	test_refusals();
	test_reasons();
	test_change();
	test_forms();
	test_renewal();
	test_settle();
	test_trips();
	site_close(&site);
	return done();
}

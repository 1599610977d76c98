/* name.c - what a name is (RFC 8265, IDNA), and names from before the rules */
#include "config.h"

#include "base/name.h"

#include "account/account-import.h"
#include "account/mail.h"
#include "account/names.h"
#include "base/domain.h"
#include "base/json.h"
#include "base/precis.h"
#include "unit.h"

#include <unistr.h>

/* clang-format off */
static const struct {
	const char *text;
	const char *mapped; /* UsernameCaseMapped's; NULL: none */
	const char *preserved;
} userparts[] = {
	/* RFC 8265, 3.5: table 1, what conforms */
	{"juliet@example.com", "juliet@example.com", "juliet@example.com"},
	{"fussball", "fussball", "fussball"},
	{"fu\u00dfball", "fu\u00dfball", "fu\u00dfball"},
	{"\u03c0", "\u03c0", "\u03c0"},
	{"\u03a3", "\u03c3", "\u03a3"},
	{"\u03c3", "\u03c3", "\u03c3"},
	{"\u03c2", "\u03c2", "\u03c2"},
	/* and table 2, what does not */
	{"foo bar", NULL, NULL},
	{"", NULL, NULL},
	{"henry\u2163", NULL, NULL},
	{"\u265a", NULL, NULL},

	/* RFC 8265, 3.3: width, then case, then NFC */
	{"\uff21\uff44\uff4d\uff29\uff4e", "admin", "AdmIn"},
	{"\uff71", "\u30a2", "\u30a2"},
	{"\u0418\u0432\u0430\u043d\u043e\u0432", "\u0438\u0432\u0430\u043d\u043e\u0432",
		"\u0418\u0432\u0430\u043d\u043e\u0432"},
	{"mu\u0308ller", "m\u00fcller", "m\u00fcller"},
	{"MU\u0308LLER", "m\u00fcller", "M\u00dcLLER"},
	{"\u1112\u1161\u11ab", "\ud55c", "\ud55c"},
	{"\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3",
		"\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c2",
		"\u039f\u0394\u03a5\u03a3\u03a3\u0395\u03a5\u03a3"},
	{"\u0130", "i\u0307", "\u0130"},
	{"\u13a0", "\uab70", "\u13a0"},
	{"\u212a", "k", "K"},
	{"\u212b", "\u00e5", "\u00c5"},

	/* RFC 8264, 8: the class */
	{"a!#$%&'*+-/=?^_`{|}~", "a!#$%&'*+-/=?^_`{|}~", "a!#$%&'*+-/=?^_`{|}~"},
	{"a\u00a0b", NULL, NULL},
	{"a\u200bb", NULL, NULL}, /* zero-width space */
	{"a\u2060b", NULL, NULL}, /* word joiner */
	{"a\u00adb", NULL, NULL}, /* soft hyphen */
	{"a\ufe0f", NULL, NULL},  /* variation selector */
	{"\ufeff" "a", NULL, NULL},
	{"a\u202eb", NULL, NULL}, /* bidi marks */
	{"a\u200eb", NULL, NULL},
	{"a\u2066b", NULL, NULL},
	{"a\x01", NULL, NULL},  /* controls */
	{"a\x7f", NULL, NULL},
	{"a\xc2\x9b", NULL, NULL},
	{"\ufb01", NULL, NULL},   /* a ligature */
	{"\u00bd", NULL, NULL},   /* symbols, numbers, punctuation */
	{"\u20ac", NULL, NULL},
	{"\u2014", NULL, NULL},
	{"\u1100", NULL, NULL},   /* half a syllable */
	{"\u0378", NULL, NULL},   /* unassigned */
	{"\ue000", NULL, NULL},   /* private */
	{"\ufffe", NULL, NULL},   /* no character */
	{"\u0640", NULL, NULL},   /* exceptions (9.6) */
	{"\u3031", NULL, NULL},
	{"\u3007", "\u3007", "\u3007"},
	{"\u0f0b", "\u0f0b", "\u0f0b"},
	{"\u03f4", "\u03b8", NULL}, /* of another form, mapped */

	/* RFC 5892, A: contexts */
	{"\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"},
	{"\u0915\u200d\u0937", NULL, NULL},
	{"a\u200db", NULL, NULL},
	{"\u200da", NULL, NULL},
	{"\u0915\u094d\u200c\u0937", "\u0915\u094d\u200c\u0937", "\u0915\u094d\u200c\u0937"},
	{"\u0646\u0627\u0645\u0647\u200c\u0627\u06cc", "\u0646\u0627\u0645\u0647\u200c\u0627\u06cc",
		"\u0646\u0627\u0645\u0647\u200c\u0627\u06cc"},
	{"\u0647\u064e\u200c\u064e\u06cc", "\u0647\u064e\u200c\u064e\u06cc",
		"\u0647\u064e\u200c\u064e\u06cc"}, /* past marks */
	{"\u0627\u200c\u0628", NULL, NULL}, /* alef joins nothing after it */
	{"\u0628\u200c", NULL, NULL},
	{"a\u200cb", NULL, NULL},
	{"l\u00b7l", "l\u00b7l", "l\u00b7l"},
	{"L\u00b7L", "l\u00b7l", NULL},
	{"l\u00b7a", NULL, NULL},
	{"\u00b7l", NULL, NULL},
	{"\u0375\u03b1", "\u0375\u03b1", "\u0375\u03b1"},
	{"\u0375a", NULL, NULL},
	{"\u03b1\u0375", NULL, NULL},
	{"\u05d0\u05f3", "\u05d0\u05f3", "\u05d0\u05f3"},
	{"\u05f4\u05d0", NULL, NULL},
	{"\u30a2\u30fb", "\u30a2\u30fb", "\u30a2\u30fb"},
	{"\u6f22\uff65", "\u6f22\u30fb", "\u6f22\u30fb"},
	{"a\u30fb", NULL, NULL},
	{"\u0661", NULL, NULL}, /* for 5893 */
	{"\u0627\u0661\u0662", "\u0627\u0661\u0662", "\u0627\u0661\u0662"},
	{"\u0627\u06f1", "\u0627\u06f1", "\u0627\u06f1"},
	{"\u0627\u0661\u06f2", NULL, NULL},

	/* RFC 5893, 2: the six conditions */
	{"\u05d0\u05d1", "\u05d0\u05d1", "\u05d0\u05d1"},
	{"\u05d0" "1", "\u05d0" "1", "\u05d0" "1"},
	{"1\u05d0", NULL, NULL},                 /* 1 */
	{"\u05d0a\u05d1", NULL, NULL},           /* 2 */
	{"\u05d0-", NULL, NULL},                 /* 3 */
	{"\u05d0-\u05d1", "\u05d0-\u05d1", "\u05d0-\u05d1"},
	{"\u05d0\u05b0", "\u05d0\u05b0", "\u05d0\u05b0"},
	{"\u05d0\u0661" "1", NULL, NULL},        /* 4 */
	{"a\u05d0", NULL, NULL},                 /* 5 */
	{"a\u0661", NULL, NULL},
};

static const struct {
	const char *name;
	bool username, email;
} names[] = {
	{"alice", true, false},
	{"a", true, false},
	{"Alice Smith", true, false},
	{"Alice  Smith", false, false},
	{"\u0418\u0432\u0430\u043d \u0418\u0432\u0430\u043d\u043e\u0432", true, false},
	{"\u05d0\u05d1 \u05d2", true, false},
	{"a\u3000b", true, false},
	{"alice@example.com", false, true},
	{"a@b", false, true},
	{"", false, false},
	{" ", false, false},
	{" alice", false, false},
	{"alice ", false, false},
	{"\u00a0alice", false, false},
	{"alice\u3000", false, false},
	{"\talice", false, false},
	{"al\nice", false, false},
	{"al\x7f" "ice", false, false},
	{"al\xffice", false, false},
	{"al\xc2\x9b" "ice", false, false},
	{"al\u202eice", false, false},
	{"m\u00fcller", true, false},
	{"token:5", false, false},
	{"token\uff1a5", false, false},
	{":", false, false},
	{"0190a5b6-3c4d-7e8f-9a0b-1c2d3e4f5061", false, false},
	{"0190A5B6-3C4D-7E8F-9A0B-1C2D3E4F5061", false, false},
	{"\uff10190a5b6-3c4d-7e8f-9a0b-1c2d3e4f5061", false, false},
	{"0190a5b6-3c4d-7e8f-9a0b-1c2d3e4f506", true, false},
	{"@", false, false},
	{"@b", false, false},
	{"a@", false, false},
	{"a@b@c", false, false},
	{"a b@c", false, false},
	{"a@b c", false, false},
	{"a,b@c", false, false},
	{"a@b;c", false, false},
	{"<a@b>", false, false},
	{"\"a\"@b", false, false},
	{"a@b\r\nBcc: c@d", false, false},
	{"a@b.", false, false},
	{"a@.b", false, false},
	{"a@b..c", false, false},
	{"a@-b", false, false},
	{"a@b-.c", false, false},
	{"a@b_c", false, false},
	{"a@b.c/d", false, false},
	{"a@b\u00fccher.example", false, true},
	{"a@b_\u00fc", false, false},
	{"a@\u2100.example", false, false}, /* a/c to IDNA */
	{"a@b\u202e\u00fc.example", false, false},
	{"\u00fc@b.example", false, false},
	{"\uff41@b.example", false, true},
	{"a\u200b@b.example", false, false},
};

/* How names are typed, and their keys; NULL for none. */
static const struct {
	const char *typed, *key;
} keys[] = {
	{"alice", "alice"},
	{"ALICE", "alice"},
	{" alice\n", "alice"},
	{"\u00a0\u3000alice\u2003", "alice"},
	{"\uff41\uff2c\uff49\uff43\uff45", "alice"},
	{"ali\u200bce", NULL},
	{"ADMIN", "admin"},
	{"\u0130", "i\u0307"},
	{"Alice Smith", "alice smith"},
	{"Alice  Smith", NULL},
	{"token:5", NULL},
	{"", NULL},
	{"  ", NULL},
	{"\xff", NULL},
	{"Ann@Example.ORG", "ann@example.org"},
	{" Ann@Example.ORG ", "ann@example.org"},
	{"ann\uff20example.org", "ann@example.org"},
	{"ann@B\u00dcCHER.example", "ann@xn--bcher-kva.example"},
	{"ann@bu\u0308cher.example", "ann@xn--bcher-kva.example"},
	{"ann@XN--BCHER-KVA.example", "ann@xn--bcher-kva.example"},
	{"ann@ex\u00adample.org", "ann@example.org"},
	{"ann@example\u3002org", "ann@example.org"},
	{"ann@fa\u00df.example", "ann@xn--fa-hia.example"},
	{"ann@example.org.", NULL},
	{"\u00fc@example.org", NULL},
};

/* What is accepted, and how it is kept. */
static const struct {
	const char *name, *kept;
} accepted[] = {
	{"Alice", "Alice"},
	{"\uff21lice", "Alice"},
	{"Mu\u0308ller", "M\u00fcller"},
	{"\u0418\u0432\u0430\u043d", "\u0418\u0432\u0430\u043d"},
	{"a\u3000b", "a b"},
	{"Ann@Example.ORG", "Ann@Example.ORG"},
	{"Ann@B\u00dcCHER.Example", "Ann@b\u00fccher.example"},
	{"Ann@ex\u00adample.org", "Ann@example.org"},
	{"ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example"},
};

static const struct {
	const char *domain, *ascii, *unicode; /* NULL: none */
} domains[] = {
	{"Example.ORG", "example.org", "Example.ORG"},
	{"localhost", "localhost", "localhost"},
	{"B\u00dccher.Example", "xn--bcher-kva.example", "b\u00fccher.example"},
	{"\u043f\u043e\u0447\u0442\u0430.\u0440\u0444", "xn--80a1acny.xn--p1ai",
		"\u043f\u043e\u0447\u0442\u0430.\u0440\u0444"},
	{"1\u05d0.example", NULL, NULL},
	{"a\u200d.example", NULL, NULL},
	{"\u2665.example", NULL, NULL},
	{"a_b", NULL, NULL},
	{"a_b.\u00fc", NULL, NULL}, /* and not ab */
	{"", NULL, NULL},
	{".", NULL, NULL},
	{"a.", NULL, NULL},
};
/* clang-format on */

static struct site site;

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static const char *
or_none(bool good, const char *text)
{
	return good ? text : "none";
}

/* --- what a name is ---------------------------------------------------- */

static void
test_userparts(void)
{
	char out[PRECIS_SIZE];
	const char *text;
	size_t i;

	for (i = 0; i < COUNT(userparts); i++) {
		text = userparts[i].text;
		is_str(or_none(precis_userpart(
				       text, strlen(text), PRECIS_MAPPED, out),
			       out),
			or_none(userparts[i].mapped != NULL,
				userparts[i].mapped),
			"a userpart, mapped");
		is_str(or_none(precis_userpart(text, strlen(text),
				       PRECIS_PRESERVED, out),
			       out),
			or_none(userparts[i].preserved != NULL,
				userparts[i].preserved),
			"and in its own case");
	}
}

static void
test_names(void)
{
	char name[NAME_BYTES + 2];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		ok(name_is_username(names[i].name) == names[i].username,
			"%zu: username or not", i);
		ok(name_is_email(names[i].name) == names[i].email,
			"%zu: email or not", i);
	}
	memset(name, 'a', sizeof name);
	name[NAME_BYTES + 1] = '\0';
	ok(!name_is_username(name), "255 bytes");
	name[NAME_BYTES] = '\0';
	ok(name_is_username(name), "254 bytes");
	name[100] = ' ';
	ok(name_is_username(name), "in two parts");
	name[NAME_BYTES - 1] = ' ';
	ok(!name_is_username(name), "the last of them a blank");
	name[100] = '@';
	name[NAME_BYTES - 1] = 'a';
	ok(!name_is_email(name), "a label of 153 bytes");
	ok(name_needs_smtputf8("\u00fc@example.org"), "an UTF-8 address");
	ok(!name_needs_smtputf8("u@example.org") &&
			!name_needs_smtputf8("\u00fc@") &&
			!name_needs_smtputf8("\u00fc"),
		"and none");
}

static void
test_keys(void)
{
	char key[NAME_SIZE], again[NAME_SIZE];
	size_t i;

	for (i = 0; i < COUNT(keys); i++) {
		is_str(or_none(name_key(keys[i].typed, key), key),
			or_none(keys[i].key != NULL, keys[i].key),
			keys[i].typed);
		if (keys[i].key != NULL)
			ok(name_key(keys[i].key, again) &&
					strcmp(again, keys[i].key) == 0,
				"and its own key");
	}
	ok(name_same("ALICE ", "alice") && name_same("", "") &&
			!name_same("alice", "alise"),
		"the same, or not");
	ok(name_counted("\uff21lice", key) && strcmp(key, "alice") == 0,
		"a name is counted by its key");
	ok(name_counted(" Token:5", key) && strcmp(key, "token:5") == 0,
		"an old one by its own");
	ok(!name_counted("\xff"
			 "a",
		   key) &&
			strcmp(key, "\xff"
				    "a") == 0,
		"what nobody has as it was typed");
}

static void
test_accepted(void)
{
	char name[NAME_SIZE];
	size_t i;

	for (i = 0; i < COUNT(accepted); i++) {
		strcpy(name, accepted[i].name);
		ok((strchr(name, '@') != NULL
				   ? name_accept_email
				   : name_accept_username)(name) == NULL,
			"%s is accepted", accepted[i].name);
		is_str(name, accepted[i].kept, "as it is kept");
	}
	strcpy(name, "\uff21:");
	is_str(name_accept_username(name),
		"a username has no @ and no :", "why not");
	is_str(name, "\uff21:", "and it is as it was");
}

static void
test_domains(void)
{
	char ascii[DOMAIN_SIZE], unicode[NAME_SIZE];
	size_t i;

	for (i = 0; i < COUNT(domains); i++) {
		is_str(or_none(domain_to_ascii(domains[i].domain, ascii),
			       ascii),
			or_none(domains[i].ascii != NULL, domains[i].ascii),
			"a domain in A-labels");
		is_str(or_none(domain_to_unicode(domains[i].domain, unicode,
				       sizeof unicode),
			       unicode),
			or_none(domains[i].unicode != NULL, domains[i].unicode),
			"and as its owner writes it");
	}
	ok(!domain_to_unicode("b\u00fccher.example", unicode, 15) &&
			domain_to_unicode("b\u00fccher.example", unicode, 16),
		"where it fits");
}

/* --- names from before the rules --------------------------------------- */

/* An account as it was made then: its name records under byte-wise keys. */
static void
old_account(const char *id, const char *username, const char *email)
{
	struct password password = unit_password("secret");
	struct account account = {.enabled = true, .epoch = 1, .created = 1};
	const char *const both[] = {username, email};
	struct json_object *record = json_new_object();
	char key[NAME_SIZE];
	int i;

	strcpy(account.id, id);
	strcpy(account.username, username);
	strcpy(account.email, email);
	account_hash(&site, &password, account.hash);
	json_add_string(record, "account", id);
	store_begin(site.store, STORE_WRITE);
	account_put(site.store, &account);
	for (i = 0; i < 2; i++)
		if (both[i][0] != '\0') {
			name_old_key(both[i], key);
			store_put(site.store, STORE_NAME, key, record);
		}
	json_object_put(record);
	is_int(store_commit(site.store, STORE_DURABLE), STATUS_OK, username);
}

static void
finds(const char *typed, const char *id, const char *why)
{
	struct account account = {.id = ""};

	unit_find(&site, typed, &account);
	is_str(account.id, id, why);
}

static enum status
sign_in(const char *name, struct account *account)
{
	struct password password = unit_password("secret");

	return account_sign_in(
		&site, name, &password, unit_attempt("n", 1000), account);
}

static void
signs_in(const char *typed, const char *id, const char *why)
{
	struct account account = {.id = ""};

	is_int(sign_in(typed, &account), STATUS_OK, why);
	is_str(account.id, id, "and it is the one");
}

static const char ivan[] = "00000000-0000-7000-8000-000000000001";
static const char token[] = "00000000-0000-7000-8000-000000000002";
static const char twin[] = "00000000-0000-7000-8000-000000000003";
static const char anna[] = "00000000-0000-7000-8000-000000000004";
static const char anna2[] = "00000000-0000-7000-8000-000000000005";
static const char fake[] = "00000000-0000-7000-8000-000000000006";
static const char idn[] = "00000000-0000-7000-8000-000000000007";
static const char hidden[] = "00000000-0000-7000-8000-000000000008";
static const char local[] = "00000000-0000-7000-8000-000000000009";

static void
make_old_accounts(void)
{
	/* Иванов alone; a name that no rule allows; one that is another's id */
	old_account(ivan, "\u0418\u0432\u0430\u043d\u043e\u0432", "");
	old_account(token, "Token:5", "");
	old_account(twin, ivan, "");
	/* Анна and АННА; a fullwidth admin; an IDN; a zero-width space */
	old_account(anna, "\u0410\u043d\u043d\u0430", "");
	old_account(anna2, "\u0410\u041d\u041d\u0410", "");
	old_account(fake, "\uff41dmin", "");
	old_account(idn, "", "Ann@b\u00fccher.example");
	old_account(hidden, "ad\u200bmin", "");
	old_account(local, "", "\u00fc@Example.org");
}

static void
test_old_sign_ins(void)
{
	struct account account;

	signs_in("\u0418\u0432\u0430\u043d\u043e\u0432", ivan, "an old name");
	is_int(sign_in("\u0438\u0432\u0430\u043d\u043e\u0432", &account),
		STATUS_NO_ACCOUNT, "as it was only");
	signs_in(" TOKEN:5 ", token, "one that is none today");
	signs_in("\u0410\u043d\u043d\u0430", anna, "one of two");
	signs_in("\u0410\u041d\u041d\u0410", anna2, "the other of two");
	signs_in("\uff41dmin", fake, "one that reads like admin");
	signs_in("ad\u200bmin", hidden, "and the other");
	signs_in("ANN@b\u00fccher.example", idn, "an IDN's");
	signs_in("\u00fc@example.ORG", local, "an address that needs UTF-8");
	signs_in(ivan, twin, "one that is another's id");
}

static enum status
set_username(struct account *account, const void *name)
{
	strcpy(account->username, name);
	return STATUS_OK;
}

static enum status
set_email(struct account *account, const void *name)
{
	strcpy(account->email, name);
	return STATUS_OK;
}

/* Nobody gets what an old name would be. */
static void
test_new_names(void)
{
	static const struct {
		const char *username, *email;
		enum status status;
	} new[] = {
		{"\u0438\u0432\u0430\u043d\u043e\u0432", "", STATUS_NAME_TAKEN},
		{"\u0418\u0412\u0410\u041d\u041e\u0412", "", STATUS_NAME_TAKEN},
		{"\u0430\u043d\u043d\u0430", "", STATUS_NAME_TAKEN},
		{"Admin", "", STATUS_NAME_TAKEN},
		{"", "ann@xn--bcher-kva.example", STATUS_NAME_TAKEN},
		{"", "\u00fc@example.org", STATUS_BAD_NAME},
		{"token:6", "", STATUS_BAD_NAME},
		{"\u0438\u0432\u0430\u043d", "", STATUS_OK},
		{"\u0418\u0432\u0430\u043d", "", STATUS_NAME_TAKEN},
	};
	struct account account;
	size_t i;

	for (i = 0; i < COUNT(new); i++)
		is_int(unit_account(
			       &site, new[i].username, new[i].email, i == 3),
			new[i].status, "a new name beside old ones");
	finds("\uff29\u0412\u0410\u041d", "", "no one of mixed scripts");
	unit_find(&site, "\u0418\u0412\u0410\u041d ", &account);
	is_str(account.username, "\u0438\u0432\u0430\u043d",
		"a new one in any case");
	is_int(unit_count(&site, STORE_OLD_NAME), 4, "keys that are kept");
}

/* Whom the operator means: an id is never a name. */
static void
test_ids(void)
{
	static const bool no = false;
	struct account account;

	is_int(account_update(&site, ivan, account_set_enabled, &no), STATUS_OK,
		"disabled by id");
	finds(ivan, twin, "a name that looks like it is another's");
	is_int(sign_in("\u0418\u0432\u0430\u043d\u043e\u0432", &account),
		STATUS_BAD_CREDENTIALS, "who has that id is disabled");
	is_int(sign_in(ivan, &account), STATUS_OK, "who is called so is not");
	is_int(account_update(&site, "00000000-0000-7000-8000-0000000000FF",
		       account_set_enabled, &no),
		STATUS_NO_ACCOUNT, "an id that nobody has");
	is_int(account_delete(&site, ivan, &account), STATUS_OK,
		"deleted by id");
	is_str(account.id, ivan, "and nobody else");
	finds("\u0418\u0432\u0430\u043d\u043e\u0432", "", "the name is free");
	is_int(unit_account(&site, "\u0438\u0432\u0430\u043d\u043e\u0432", "",
		       false),
		STATUS_OK, "in today's rules, too");
}

static void
test_changes(void)
{
	struct account account;

	is_int(account_update(&site, token, set_email, "t@example.org"),
		STATUS_OK, "an old account gets an address");
	signs_in("token:5", token, "and keeps its name");
	is_int(account_update(&site, token, set_username, "token:7"),
		STATUS_BAD_NAME, "it gets no other of that sort");
	is_int(account_update(&site, token, set_username, "Token"), STATUS_OK,
		"but a good one");
	finds("token:5", "", "the old one leads nowhere");
	finds("tOKEN", token, "the new one there");
	is_int(account_update(
		       &site, token, set_username, "\u0430\u043d\u043d\u0430"),
		STATUS_NAME_TAKEN, "what two old ones would be");
	is_int(account_update(
		       &site, anna2, set_username, "\u0430\u043d\u043d\u0430"),
		STATUS_NAME_TAKEN, "neither of which gets it");
	unit_find(&site, "\u0410\u041d\u041d\u0410", &account);
	is_str(account.id, anna2, "nor loses its own");
}

/* Whether that account has the mail that its address is taken. */
static bool
is_told(const char *id)
{
	struct store_walk walk;
	struct mail mail;
	bool told = false;

	mail_walk_begin(&walk, site.store, 0);
	while (mail_walk_next(&walk, &mail))
		told = told || (mail.kind == MAIL_TAKEN &&
				       strcmp(mail.account, id) == 0);
	store_walk_end(&walk);
	return told;
}

/* A stranger learns of no old address: the other form of it looks as free as
 * any, and its owner is told. */
static void
test_hidden(void)
{
	struct password password = unit_password("secret");
	struct account account = {
		.email = "ann@xn--bcher-kva.example", .unproved = true};

	is_int(account_add(&site, &account, &password, ACCOUNT_ALWAYS,
		       ACCOUNT_HIDES_EMAIL),
		STATUS_OK, "12: an old address is registered");
	ok(is_told(idn), "and its owner told");
	finds("ann@xn--bcher-kva.example", "", "which it is not");
}

static void
test_import(void)
{
	static struct account two[3] = {
		{.username = "\u0430\u043d\u043d\u0430", .enabled = true},
		{.username = "zoe", .enabled = true},
		{.username = "\u0410\u043d\u043d\u0430", .enabled = true},
	};
	enum import_outcome outcomes[3];

	is_int(account_import(
		       &site, two, NULL, 3, NULL, STORE_DURABLE, outcomes),
		STATUS_OK, "an import");
	is_int(outcomes[0], IMPORT_TAKEN, "reads like an old name");
	is_int(outcomes[1], IMPORT_MADE, "does not");
	is_int(outcomes[2], IMPORT_CHANGED, "is an old name");
}

/* --- mending ----------------------------------------------------------- */

static const struct {
	const char *key;
	enum name_fate fate;
} fates[] = {
	{"00000000-0000-7000-8000-000000000001", NAME_INVALID},
	{"ad\u200bmin", NAME_INVALID},
	{"ann@b\u00fccher.example", NAME_FREE},
	{"\u00fc@example.org", NAME_INVALID},
	{"\u0410\u041d\u041d\u0410", NAME_SHARED},
	{"\u0410\u043d\u043d\u0430", NAME_SHARED},
	{"\uff41dmin", NAME_RESERVED},
};

static bool
see(void *context, const struct old_name *name)
{
	size_t *i = context;

	if (*i < COUNT(fates)) {
		is_str(name->key, fates[*i].key, "an old name");
		is_int(name->fate, fates[*i].fate, "and its fate");
	}
	++*i;
	return true;
}

static void
test_mending(void)
{
	struct account account;
	size_t seen = 0;

	is_int(names_settle(site.store, true), STATUS_OK, "settled again");
	is_int(names_each_old(&site, see, &seen), STATUS_OK, "each");
	is_int((int)seen, COUNT(fates), "all of them");
	is_int(names_mend(&site, "\u0410\u043d\u043d\u0430"), STATUS_NAME_TAKEN,
		"never one of two");
	is_int(names_mend(&site, "\uff41dmin"), STATUS_NAME_TAKEN,
		"nor what is reserved");
	is_int(names_mend(&site, "ad\u200bmin"), STATUS_NAME_TAKEN,
		"nor what is none");
	is_int(names_mend(&site, "zoe"), STATUS_NO_ACCOUNT, "nor a good one");
	is_int(names_mend(&site, "ann@b\u00fccher.example"), STATUS_OK,
		"the address");
	signs_in("Ann@B\u00dcCHER.example", idn, "which is found now");
	signs_in("ann@xn--bcher-kva.example", idn, "in any form");
	is_int(names_mend(&site, "ann@b\u00fccher.example"), STATUS_NO_ACCOUNT,
		"once");
	is_int(account_delete(&site, anna, &account), STATUS_OK,
		"one of two goes");
	is_int(names_mend(&site, "\u0410\u041d\u041d\u0410"), STATUS_OK,
		"and the other can be mended");
	signs_in("\u0430\u043d\u043d\u0430", anna2, "by any case");
	is_int(account_delete(&site, anna2, &account), STATUS_OK, "it goes");
	is_int(unit_account(&site, "\u0410\u043d\u043d\u0430", "", false),
		STATUS_OK, "and the name is free");
}

/* Made by a program of before, while ours were running. */
static void
test_late(void)
{
	static const char late[] = "00000000-0000-7000-8000-00000000000a";
	struct old_name name;

	old_account(late, "\u0417\u043e\u044f", "");
	is_int(unit_account(&site, "\u0437\u043e\u044f", "", false), STATUS_OK,
		"nobody has looked since");
	is_int(names_settle(site.store, true), STATUS_OK, "but now");
	store_begin(site.store, STORE_READ);
	is_int(names_judge(site.store, "\u0417\u043e\u044f", &name), STATUS_OK,
		"it is judged");
	store_abort(site.store);
	is_int(name.fate, NAME_TAKEN, "as one whose place is taken");
	ok(strcmp(name.other, late) > 0, "by another");
	signs_in("\u0417\u043e\u044f", late, "and keeps its sign-in");
}

/* For t/names.t: each code point that is a userpart by itself, and as what. */
static int
print_points(void)
{
	char out[PRECIS_SIZE], text[8];
	uint32_t point;
	int length;

	for (point = 1; point < 0x110000; point++) {
		if (point >= 0xd800 && point < 0xe000)
			continue;
		length = u8_uctomb((uint8_t *)text, point, sizeof text);
		if (length > 0 && precis_userpart(text, (size_t)length,
					  PRECIS_MAPPED, out))
			printf("%X %s\n", (unsigned)point, out);
	}
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "--points") == 0)
		return print_points();
	test_userparts();
	test_names();
	test_keys();
	test_accepted();
	test_domains();
	unit_begin();
	unit_site(&site, UNIT_FAST "mail_command = /bin/true\n");
	make_old_accounts();
	test_old_sign_ins();
	test_new_names();
	test_ids();
	test_changes();
	test_hidden();
	test_import();
	test_mending();
	test_late();
	site_close(&site);
	return done();
}

/* blocklist.c - common passwords, and names in the place of passwords */
#include "config.h"

#include "account/blocklist.h"
#include "unit.h"

/* What the list has: one as a list of passwords has it, folded; two as a list
 * of hashes does, as they are. */
static const char *const common[] = {"dragon and fly", "Dragonfly",
	"stra\xc3\x9f"
	"e"};

static const struct account ann = {
	.username = "Ann.Lee", .email = "a.Lee-1@mail.example"};
static const struct account nameless = {.username = ""};

/* clang-format off */
static const struct {
	const char *site_url;
	const struct account *account;
	const char *password;
	unsigned flaws;
	const char *name;
} rows[] = {
	{"", &ann, "quiet harbour", 0, "nothing of it"},
	{"", NULL, "dragon and fly", POLICY_COMMON, "on the list"},
	{"", NULL, "DRAGON and Fly", POLICY_COMMON, "on the list, folded"},
	{"", NULL, "dragon and fly1", 0, "more than is on the list"},
	{"", NULL, "dragon and", 0, "less than is on the list"},
	{"", NULL, "Dragonfly", POLICY_COMMON, "a hash's password"},
	{"", NULL, "dragonfly", 0, "a hash's password in another case"},
	{"", NULL, "stra\xc3\x9f" "e", POLICY_COMMON, "a hash's, not folded"},

	{"", &ann, "ann.lee", POLICY_NAME, "the username"},
	{"", &ann, "ANN.LEE", POLICY_NAME, "the username, folded"},
	{"", &ann, "Ann.Lee2024!", POLICY_NAME, "with digits and signs"},
	{"", &ann, "ann.lee 1 - 2", POLICY_NAME, "with blanks, too"},
	{"", &ann, "ann.lee2024x", 0, "with a letter"},
	{"", &ann, "ann.lee\xc3\xa9", 0, "with a letter beyond ASCII"},
	{"", &ann, "ann.lee\xe2\x82\xac", 0, "with a sign beyond ASCII"},
	{"", &ann, "2024ann.lee", 0, "digits before it"},
	{"", &ann, "ann", 0, "a part of it"},
	{"", &ann, "a.lee-1@mail.example", POLICY_NAME, "the email"},
	{"", &ann, "a.lee-1@mail.example77", POLICY_NAME, "and digits"},
	{"", &ann, "A.Lee-1", POLICY_NAME, "its local part"},
	{"", &ann, "a.lee-1234567", POLICY_NAME, "its local part and more"},
	{"", &ann, "mail.example", 0, "its domain"},
	{"", NULL, "ann.lee", 0, "where it is not known whose"},
	{"", &nameless, "12345678", 0, "who has no name has no bad one"},

	{"https://www.Acme-42.co.uk:8443/x", NULL, "www.acme-42.co.uk",
		POLICY_NAME, "the host of site_url"},
	{"https://www.Acme-42.co.uk:8443/x", NULL, "www.acme-42.co.uk:8443",
		POLICY_NAME, "and its port"},
	{"https://www.acme-42.co.uk", NULL, "Acme-42!!", POLICY_NAME,
		"a label of it"},
	{"https://www.acme-42.co.uk", &ann, "WWW1", POLICY_NAME,
		"the first label"},
	{"https://www.acme-42.co.uk", NULL, "co-12345", 0,
		"a label of two letters"},
	{"https://acme.info/", NULL, "info2024", 0, "the last label"},
	{"https://acme.info/", NULL, "acmeinfo", 0, "two labels"},
	{"http://localhost:80", NULL, "Localhost1", POLICY_NAME,
		"a host of one label"},
	{"http://127.0.0.1:80", NULL, "127.0.0.1", POLICY_NAME, "an address"},
	{"http://127.0.0.1:80", NULL, "1274623", 0, "a part of an address"},
	{"http://[::1]:80", NULL, "[12345", 0, "not what a bracket begins"},
	{"", NULL, "Our Issuer 7", POLICY_NAME, "the issuer"},
	{"", NULL, "our issuers", 0, "the issuer and a letter"},
};
/* clang-format on */

static void
build_list(char *path, size_t size)
{
	struct filter *filter;
	unsigned char key[FILTER_KEY];
	size_t i, count = sizeof common / sizeof common[0];

	snprintf(path, size, "%s/common.filter", unit_dir);
	filter = filter_create(path, count);
	for (i = 0; i < count; i++) {
		filter_key(common[i], strlen(common[i]), key);
		filter_add(filter, key);
	}
	filter_finish(filter);
	filter_close(filter);
}

static void
test_rows(const char *list)
{
	struct password password;
	struct site site;
	char *settings;
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		settings = mem_printf(
			"issuer = Our Issuer\nsite_url = %s\ncommon_passwords "
			"= %s\n",
			rows[i].site_url, list);
		unit_site(&site, settings);
		password = unit_password(rows[i].password);
		is_int(blocklist_flaws(&site, rows[i].account, &password),
			rows[i].flaws, rows[i].name);
		site_close(&site);
		mem_free(settings);
	}
}

static void
test_no_list(void)
{
	struct password password = unit_password("dragon and fly");
	struct site site;

	unit_site(&site, "common_passwords =\n");
	is_int(blocklist_flaws(&site, NULL, &password), 0, "no list");
	password = unit_password("ann.lee1");
	is_int(blocklist_flaws(&site, &ann, &password), POLICY_NAME,
		"names are looked for all the same");
	site_close(&site);
}

static void
test_fold(void)
{
	struct password password, folded;
	char longest[PASSWORD_BYTES + 1];

	password = unit_password("STRA\xc3\x9f"
				 "E");
	ok(password_fold(&password, &folded), "a password is folded");
	is_str(folded.text, "strasse", "to more than lower case");
	is_int((long long)folded.points, 7, "and counted anew");
	memset(longest, 'A', sizeof longest);
	longest[PASSWORD_BYTES] = '\0';
	password = unit_password(longest);
	ok(password_fold(&password, &folded), "511 bytes");
	/* U+0149 has two bytes, and three folded. */
	memset(longest, '\0', sizeof longest);
	while (strlen(longest) + 2 <= PASSWORD_BYTES)
		strcat(longest, "\xc5\x89");
	password = unit_password(longest);
	ok(password.points > 0 && !password_fold(&password, &folded),
		"what does not fit when folded");
	is_str(folded.text, "", "leaves nothing");
	password = unit_password("");
	ok(!password_fold(&password, &folded), "nor does an empty one");
}

int
main(void)
{
	char list[300];

	unit_begin();
	build_list(list, sizeof list);
	test_rows(list);
	test_no_list();
	test_fold();
	return done();
}

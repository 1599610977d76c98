/* conf.c - the sample, the defaults, and every mistake by its line */
#include "config.h"

#include "site/conf.h"
#include "unit.h"

#include "paths.h"

#include <ctype.h>

/* clang-format off */

#define BCRYPT "hash = $2b$\nhash_cost = 10\n"

/* A file, and what of it is said on standard error. */
static const struct refused {
	const char *text, *said;
} refused[] = {
	{"nosuch = 1\n", ":1: nosuch: there is no such setting"},
	{"Issuer = a\n", ":1: Issuer: there is no such setting"},
	{"issuer = a\n\xef\xbb\xbf\xef\xbb\xbfissuer = a\n", ":2: \\xef\\xbb\\xbfissuer: there is no such setting"},
	{"\xff\xfei\0s\0", ": UTF-16; save it as UTF-8"},
	{"state_dir = /a\033[2Jb\n", ":1: a control character"},
	{"issuer = \x7f\n", ":1: a control character"},
	/* What has changed its meaning, and the two ways to write it. */
	{"issuer = \"a\"\n", ":1: issuer: quotes and what follows a # were a part of the value once: to have them, write issuer = \"\\\"a\\\"\"; to be without, issuer = a\n"},
	{"issuer = a = b # c\n", "write issuer = \"a = b \\# c\"; to be without, issuer = a = b\n"},
	{"issuer = \"a # b\"\n", "write issuer = \"\\\"a \\# b\\\"\"; to be without, issuer = \"a \\# b\"\n"},
	{"issuer = \"a\" b\n", "write issuer = \"\\\"a\\\" b\"\n"},
	{"issuer = \"a\n", "write issuer = \"\\\"a\"\n"},
	{"issuer = # a\n", "write issuer = \"\\# a\"; to be without, issuer = \n"},
	{"mail_command = /bin/x -t # a\n", "write mail_command = \"/bin/x -t \\# a\"; to be without, mail_command = /bin/x -t\n"},
	{"state_dir = /a # b\n", "write state_dir = \"/a \\# b\"; to be without, state_dir = /a\n"},
	{"audit = \"audit.log\"\n", "; to be without, audit = audit.log\n"},
	/* What was refused before has one meaning. */
	{"state_dir = \"/a\n", ":1: state_dir: the quotes have no end"},
	{"state_dir = \"/a\" b\n", ":1: state_dir: nothing but a comment may follow the quotes"},
	{"state_dir = \"/a\\b\"\n", ":1: state_dir: in quotes a "},
	{"state_dir = \"a\"\n", ":1: state_dir: 'a' is not an absolute path"},
	{"token_life = 59 # a\n", ":1: token_life: '59' is not"},
	{"token_life = # 60\n", ":1: token_life: '' is not"},
	{"# a\n\nissuer\n", ":3: not 'key = value'"},
	{"= a\n", ":1: : there is no such setting"},
	{"issuer = a\n\nissuer = a\n", ":3: issuer: set in line 1 already"},
	{"issuer =\n", ":1: issuer: '' is not a name"},
	{"token_life = 59\n", ":1: token_life: '59' is not a number from 60"},
	{"token_life = 31536001\n", "to 31536000"},
	{"token_life = 3600s\n", ":1: token_life: '3600s' is not"},
	{"token_life = 36 00\n", ":1: token_life: '36 00' is not"},
	{"token_life = -3600\n", ":1: token_life: '-3600' is not"},
	{"token_life = +3600\n", ":1: token_life: '+3600' is not"},
	{"token_life = 0x1000\n", ":1: token_life: '0x1000' is not"},
	{"token_life =\n", ":1: token_life: '' is not"},
	{"token_life = 18446744073709551716\n", ":1: token_life: "},
	{"code_life = 86401\n", ":1: code_life: "},
	{"max_body = 1023\n", ":1: max_body: "},
	{"max_body = 1048577\n", ":1: max_body: "},
	{"policy.length.min = 7\n", ":1: policy.length.min: "},
	{"policy.px0.min = 0\n", ":1: policy.px0.min: "},
	{"policy.px0.min = 257\n", ":1: policy.px0.min: "},
	{"policy.px0.require = upper, lower\n", ":1: policy.px0.require: 'upper, lower' is not any of: upper lower digit special nospace"},
	{"policy = nist\n", ":1: policy: 'nist' is not one of: dialect length"},
	{"self_hosted = true\n", ":1: self_hosted: 'true' is not one of: no yes"},
	{"admin_reset = LOCAL\n", "is not one of: local token off"},
	{"header_encoding = UTF-8\n", "is not one of: percent utf-8"},
	{"state_dir = var\n", ":1: state_dir: 'var' is not an absolute path"},
	{"store = postgresql://x\n", ":1: store: "},
	{"store = bdb:\n", ":1: store: "},
	{"site_url = example.com\n", ":1: site_url: "},
	{"site_url = ftp://example.com\n", ":1: site_url: "},
	{"site_url = https://\n", ":1: site_url: "},
	{"site_url = https:///x\n", ":1: site_url: "},
	{"site_url = https://a b\n", ":1: site_url: "},
	{"site_url = https://a?b\n", ":1: site_url: "},
	{"site_url = https://me@a\n", ":1: site_url: "},
	{"code_form = digits:5\n", ":1: code_form: 'digits:5' is not symbols, or digits:8 to digits:10"},
	{"code_form = digits:6\n", ":1: code_form: 'digits:6' is not long enough"},
	{"code_form = digits:7\n", "write code_form = digits:8"},
	{"code_form = digits:11\n", ":1: code_form: "},
	{"code_form = digits\n", ":1: code_form: "},
	{"hash = yescrypt\n", ":1: hash: 'yescrypt' is not one of: $y$ $gy$"},
	{"hash =\n", ":1: hash: "},
	{"hash = $y\n", ":1: hash: "},
	{"hash = $y$foo\n", ":1: hash: "}, /* every hash would be outdated */
	{"hash = $3$\nhash_cost = 0\n", ":1: hash: "},    /* without a salt */
	/* Argon2id: less than OWASP has, too much, in more lanes, with a salt. */
	{"hash = argon2i\n", ":1: hash: 'argon2i' is not one of: "},
	{"hash = $argon2i$v=19$m=19456,t=3,p=1$\n", ":1: hash: "},
	{"hash = $argon2id$\n", ":1: hash: "},
	{"hash = $argon2id$v=19$m=19456,t=1,p=1$\n", ":1: hash: "},
	{"hash = $argon2id$v=19$m=7167,t=6,p=1$\n", ":1: hash: "},
	{"hash = $argon2id$v=19$m=1048577,t=1,p=1$\n", ":1: hash: "},
	{"hash = $argon2id$v=19$m=65536,t=1001,p=1$\n", ":1: hash: "},
	{"hash = $argon2id$v=19$m=19456,t=2,p=2$\n", ":1: hash: "},
	{"hash = $argon2id$v=16$m=19456,t=2,p=1$\n", ":1: hash: "},
	{"hash = $argon2id$v=19$m=19456,t=2,p=1\n", ":1: hash: "},
	{"hash = $argon2id$v=19$m=19456,t=2,p=1$AAAA\n", ":1: hash: "},
	{"hash_memory = 1048575\n", ":1: hash_memory: "},
	{"hash_memory = 4294967297\n", ":1: hash_memory: "},
	{"hash = $7$\n", ":1: hash_cost: '5' is not a cost that hash $7$ takes"},
	{"hash = $2b$\nhash_cost = 9\n", ", which is from 10 to 31"},
	{"hash = $2b$\nhash_cost = 32\n", ", which is from 10 to 31"},
	{"hash = $7$\nhash_cost = 12\n", ", which is from 6 to 11"},
	{"hash = $6$\nhash_cost = 99999\n", ", which is from 100000 to 999999999"},
	{"hash = $1$\n", ":1: hash: '$1$' is not"},
	/* No password would be long enough and yet hashed whole. */
	{BCRYPT "policy = length\npolicy.length.min = 73\n", ":4: policy.length.min: '73' is more than hash $2b$ takes of a password, which is 72 bytes"},
	{BCRYPT "policy.actian.min = 73\n", ":3: policy.actian.min: '73' is more than hash $2b$"},
	{BCRYPT "policy.databrain.min = 73\n", ":3: policy.databrain.min: '73' is more than hash $2b$"},
	{BCRYPT "policy.px0.min = 73\n", ":3: policy.px0.min: '73' is more than hash $2b$"},
	{BCRYPT "policy.edge-impulse.min = 256\n", ":3: policy.edge-impulse.min: '256' is more than hash $2b$"},
	{BCRYPT "policy.px0.min = 73\npolicy.actian.min = 73\n", ":4: policy.actian.min: "}, /* both are said */
	{BCRYPT "policy.px0.min = 73\npolicy.actian.min = 73\n", ":3: policy.px0.min: "},
	{"nosuch = 1\ntoken_life = 1\n", ":2: token_life: "}, /* both are said */
};

static const struct refused refused_of_yescrypt[] = {
	{"\nhash_cost = 12\n", ":2: hash_cost: '12' is not a cost that hash $y$ takes, which is from 1 to 11"},
	{"hash = $gy$\nhash_cost = 12\n", ", which is from 1 to 11"},
};

/* A file, and a line of how it is printed; printed, it is read as the same. */
static const struct taken {
	const char *text, *printed;
} taken[] = {
	{"", "issuer = latchkey"},
	{"issuer=a", "issuer = a"},
	{" \t issuer\t=  a b \t\r\n", "issuer = a b"},
	{"issuer = a = b#c\n", "issuer = a = b#c"},
	{"# issuer = a\n  # b\n", "issuer = latchkey"},
	{"self_hosted = no\n", "self_hosted = no"},
	{"admin_reset = off\n", "admin_reset = off"},
	{"disk_reserve = 0\n", "disk_reserve = 0"},
	{"token_life = 60\n", "token_life = 60"},
	{"token_life = 31536000\n", "token_life = 31536000"},
	{"policy.px0.require = special\tupper  upper\n",
		"policy.px0.require = upper special"},
	{"policy.actian.require =\n", "policy.actian.require ="},
	{"site_url = http://[::1]:8080/x\n", "site_url = http://[::1]:8080/x"},
	{"hash = $7$\nhash_cost = 7\n", "hash = $7$"},
	{"hash = argon2id\nhash_cost = 999\n", "hash = argon2id"},
	{"hash = $argon2id$v=19$m=7168,t=5,p=1$\n", "hash = $argon2id$v=19$m=7168,t=5,p=1$"},
	{"hash = $argon2id$v=19$m=1048576,t=1,p=1$\n", "hash = $argon2id$v=19$m=1048576,t=1,p=1$"},
	{"hash_memory = 4294967296\n", "hash_memory = 4294967296"},
	{"hash = $2b$\nhash_cost = 12\n", "hash_cost = 12"},
	{"hash = $2b$\nhash_cost = 31\n", "hash_cost = 31"},
	{"hash = $7$\nhash_cost = 11\n", "hash_cost = 11"},
	{"hash = $5$\nhash_cost = 999999999\n", "hash_cost = 999999999"},
	{BCRYPT "policy = length\npolicy.length.min = 72\n", "policy.length.min = 72"},
	{BCRYPT "policy.px0.min = 72\n", "policy.px0.min = 72"},
	{BCRYPT "policy.length.min = 256\n", "policy.length.min = 256"}, /* not in force */
	{BCRYPT "policy = length\npolicy.px0.min = 256\n", "policy.px0.min = 256"},
	{"policy = length\npolicy.length.min = 256\n", "policy.length.min = 256"},
	{"hash = $6$\nhash_cost = 100000\n", "hash_cost = 100000"},
	{"\xef\xbb\xbfissuer = a\r\n", "issuer = a"},
	{"issuer = a\n\xef\xbb\xbftoken_life = 60", "token_life = 60"},
	{"token_life = 60 # a\n", "token_life = 60"},
	{"token_life = \"60\"\t# a\n", "token_life = 60"},
	{"site_url = # none\n", "site_url ="},
	{"self_hosted = no # a", "self_hosted = no"},
	{"policy.px0.require = \"upper lower\" # a\n", "policy.px0.require = upper lower"},
	{"issuer = \"\\\"a\\\"\" # b\n", "issuer = \"\\\"a\\\"\""},
	{"issuer = \"a \\# b \\\\\"\n", "issuer = \"a \\# b \\\\\""},
	{"issuer = a\"b\\\n", "issuer = a\"b\\"},
	{"state_dir = \"/a # b \" # c\n", "state_dir = \"/a \\# b \""},
	{"mail_command = \"/bin/x -t\" # a\n", "mail_command = /bin/x -t"},
	{"code_form = digits:10\n", "code_form = digits:10"},
};

static const struct taken taken_of_yescrypt[] = {
	{"hash_cost = 11\n", "hash_cost = 11"},
	{"hash = $gy$\nhash_cost = 11\n", "hash_cost = 11"},
};
/* clang-format on */

static struct conf *
read_text(const char *text, size_t length)
{
	return conf_read(unit_file("conf", text, length));
}

/* With an empty line first, so that every setting follows a newline. */
static char *
printed(const struct conf *conf)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	fputc('\n', out);
	conf_print(conf, out);
	fclose(out);
	return text;
}

/* The text itself, its comments taken out. */
static char *
without_comments(char *text)
{
	char *mark, *end;

	while ((mark = strstr(text, "\n#")) != NULL) {
		end = strchr(mark + 1, '\n');
		memmove(mark, end, strlen(end) + 1);
	}
	return text;
}

static void
test_refusals(const struct refused *row, size_t count)
{
	struct conf *conf;
	const char *said;

	for (; count-- > 0; row++) {
		conf = read_text(row->text, strlen(row->text));
		said = unit_log();
		if (!ok(conf == NULL && strstr(said, "/conf") != NULL &&
				    strstr(said, row->said) != NULL,
			    "%s", row->said))
			diag("of %s# it says: %s", row->text, said);
		conf_free(conf);
	}
}

static void
test_refused(void)
{
	test_refusals(refused, sizeof refused / sizeof refused[0]);
	if (unit_knows("$y$") && unit_knows("$gy$"))
		test_refusals(refused_of_yescrypt,
			sizeof refused_of_yescrypt /
				sizeof refused_of_yescrypt[0]);
	ok(read_text("# a\nissuer = a\0b\n", 17) == NULL &&
			strstr(unit_log(), ":2: a NUL byte") != NULL,
		"a NUL byte");
	ok(conf_read("/nonexistent/conf") == NULL &&
			strstr(unit_log(), "/nonexistent/conf: No such file"),
		"a file that is not there");
	ok(conf_read(unit_dir) == NULL && strstr(unit_log(), unit_dir),
		"a directory");
}

static void
test_issuer_length(void)
{
	char text[1024] = "issuer = ";
	struct conf *conf;

	memset(text + 9, 'a', 900);
	conf = read_text(text, strlen(text));
	ok(conf == NULL, "an issuer too long for a token");
	conf_free(conf);
	conf = read_text("issuer = \xff\n", 11);
	ok(conf == NULL, "an issuer that is not UTF-8");
	conf_free(conf);
	unit_log();
}

static void
test_takes(const struct taken *row, size_t count)
{
	struct conf *conf, *again;
	char *text, *line, *twice;

	for (; count-- > 0; row++) {
		conf = read_text(row->text, strlen(row->text));
		text = conf == NULL ? mem_copy(unit_log()) : printed(conf);
		line = mem_printf("\n%s\n", row->printed);
		if (!ok(conf != NULL && strstr(text, line) != NULL, "taken: %s",
			    row->printed))
			diag("%s", text);
		again = read_text(text, strlen(text));
		twice = again == NULL ? mem_copy(unit_log()) : printed(again);
		is_str(without_comments(twice), without_comments(text),
			"and read back it is the same");
		mem_free(twice);
		mem_free(line);
		mem_free(text);
		conf_free(again);
		conf_free(conf);
	}
}

static void
test_taken(void)
{
	test_takes(taken, sizeof taken / sizeof taken[0]);
	if (unit_knows("$y$") && unit_knows("$gy$"))
		test_takes(taken_of_yescrypt,
			sizeof taken_of_yescrypt / sizeof taken_of_yescrypt[0]);
}

/* Whether the sample's `#key = value` is printed so, and as a default. */
static bool
is_default(const char *line, const char *print)
{
	char *wanted = mem_printf(
		"\n# default\n%.*s\n", (int)strcspn(line, "\n") - 1, line + 1);
	bool is = strstr(print, wanted) != NULL;

	mem_free(wanted);
	return is;
}

static int
count_lines(const char *text)
{
	int count = 0;

	for (; (text = strchr(text, '\n')) != NULL; text++)
		count++;
	return count;
}

/* Where crypt(3) has no yescrypt, the default is another, as the sample says
 * above it. */
static void
put_default(char line[512])
{
	if (strcmp(line, "#hash = $y$\n") == 0 && !unit_knows("$y$"))
		strcpy(line, "#hash = argon2id\n");
}

/* Every line of the sample that is a setting, commented out. */
static void
test_sample(void)
{
	const char *top = getenv("LATCHKEY_TOP");
	struct conf *defaults = read_text("", 0), *conf;
	char *print = printed(defaults), *path, line[512];
	char *all = mem_copy("");
	int settings = 0;
	FILE *file;

	/* Else from the build tree, where tests run, as the compiler did. */
	path = top != NULL ? mem_printf("%s/conf/latchkey.conf", top)
			   : mem_printf("%.*sconf/latchkey.conf",
				     (int)(sizeof __FILE__ -
					     sizeof "t/unit/site/conf.c"),
				     __FILE__);
	file = fopen(path, "r");
	if (!ok(file != NULL, "the sample is there"))
		return;
	while (fgets(line, sizeof line, file) != NULL)
		if (line[0] == '#' && islower((unsigned char)line[1])) {
			char *longer;

			put_default(line);
			longer = mem_printf("%s%s", all, line + 1);
			ok(is_default(line, print), "the default: %.*s",
				(int)strcspn(line, "\n") - 1, line + 1);
			settings++;
			mem_free(all);
			all = longer;
		}
	fclose(file);
	is_int(settings, count_lines(without_comments(print)) - 1,
		"all settings, and no others");
	conf = read_text(all, strlen(all));
	ok(conf != NULL, "and can be uncommented");
	conf_free(conf);
	conf_free(defaults);
	mem_free(all);
	mem_free(path);
	mem_free(print);
}

static void
test_host(void)
{
	static const char *const rows[][2] = {
		{"http://a.example", "a.example"},
		{"https://a.example:8443/x:y", "a.example"},
		{"https://a.example/[x]:1", "a.example"},
		{"http://[::1]", "[::1]"},
		{"http://[::1]:8080/x", "[::1]"},
		{"http://[::1/x]", "[::1"},
	};
	struct conf *conf = read_text("", 0);
	const char *host;
	char *text;
	size_t i, length;

	ok(conf_host(conf, &length) == NULL, "no site has no host");
	conf_free(conf);
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		text = mem_printf("site_url = %s\n", rows[i][0]);
		conf = read_text(text, strlen(text));
		host = conf_host(conf, &length);
		ok(length == strlen(rows[i][1]) &&
				strncmp(host, rows[i][1], length) == 0,
			"the host of %s", rows[i][0]);
		mem_free(text);
		conf_free(conf);
	}
}

static void
test_together(void)
{
	static const char text[] = "site_url = https://a\npolicy = length\n"
				   "policy.length.min = 20\n"
				   "code_form = digits:8\n";
	struct conf *conf = read_text(text, strlen(text));
	struct policy policy = conf_policy_of(conf, POLICY_ACTIAN);

	ok(conf_https(conf), "an https site");
	is_int((long long)policy.min, 20, "`length` is the same for all");
	is_int(policy.require, 0, "and asks for no classes");
	is_int(conf_code_digits(conf), 8, "eight digits");
	conf_free(conf);
	conf = read_text("", 0);
	ok(!conf_https(conf), "no site is no https site");
	policy = conf_policy_of(conf, POLICY_ACTIAN);
	is_int((long long)policy.min, 12, "each dialect's own policy");
	is_int(conf_code_digits(conf), 0, "symbols");
	conf_free(conf);
	setenv("LATCHKEY_CONF", "/b", 1);
	is_str(conf_path("/a"), "/a", "the given file");
	is_str(conf_path(NULL), "/b", "the environment's");
	setenv("LATCHKEY_CONF", "", 1);
	is_str(conf_path(NULL), SYSCONFDIR "/latchkey.conf",
		"an empty one is none");
	unsetenv("LATCHKEY_CONF");
	is_str(conf_path(NULL), SYSCONFDIR "/latchkey.conf", "the system's");
}

int
main(void)
{
	unit_begin();
	test_refused();
	test_issuer_length();
	test_taken();
	test_sample();
	test_host();
	test_together();
	return done();
}

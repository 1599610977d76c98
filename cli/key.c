/* key.c - latchkey key ... */
#include "config.h"

#include "cli.h"

#include "base/file.h"
#include "base/lines.h"
#include "base/mem.h"
#include "base/utc.h"
#include "print.h"
#include "prompt.h"
#include "sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- which there are, and where ------------------------------------------ */

static bool
is_shared(const struct cli *cli)
{
	return store_is_shared(cli->site.store);
}

/* Reads the keys, also where some are missing. */
static enum status
look(const struct cli *cli)
{
	const struct site *site = &cli->site;

	return keys_look(site->keys, site->store, site_now(),
		(int64_t)site->conf->token_life);
}

/* Adds a name to a list of names. */
static char *
add_name(char *names, const char *name)
{
	return mem_append(names, "%s%s", names[0] == '\0' ? "" : ", ", name);
}

/* The names of the machines that lack the key, "" for none. The caller
 * frees. */
static char *
lacking(const struct cli *cli, const char *key)
{
	char *names = mem_copy("");
	struct store_walk walk;
	struct machine machine;

	store_walk_begin(&walk, cli->site.store, STORE_MACHINE, "");
	while (store_walk_next(&walk))
		if (machine_read(walk.key, walk.record, &machine) == NULL &&
			!machine_has(&machine, key))
			names = add_name(names, machine.name);
	store_walk_end(&walk);
	return names;
}

/* The keys that a machine lacks. The caller frees. */
static char *
lacked(const struct cli *cli, const struct machine *machine)
{
	char *names = mem_copy("");
	const char *name;
	size_t i;

	for (i = 0; (name = keys_name(cli->site.keys, i)) != NULL; i++)
		if (name[0] != '\0' && !machine_has(machine, name))
			names = add_name(names, name);
	return names;
}

static void
print_entry(const struct cli *cli, const struct keys_entry *entry, int64_t now)
{
	char state[UTC_SIZE + 16] = "signs", created[UTC_SIZE] = "";
	const char *from = entry->configured ? "environment" : "made";
	bool over = !entry->waits && entry->until != 0 && entry->until <= now;
	char *names = NULL;

	if (entry->waits)
		strcpy(state, "waits");
	else if (over)
		strcpy(state, "expired");
	else if (entry->until != 0)
		utc_text(entry->until, stpcpy(state, "verifies until "));
	if (entry->created != 0)
		utc_text(entry->created, created);
	if (is_shared(cli))
		names = over ? mem_copy("") : lacking(cli, entry->key.kid);
	print_row(entry->key.kid, state, created, from, names, NULL);
	mem_free(names);
}

static enum status
list(struct cli *cli)
{
	static const char *const columns[] = {
		"kid", "state", "created", "from", NULL};
	static const char *const shared[] = {
		"kid", "state", "created", "from", "lacking", NULL};
	const struct keys_entry *entry;
	int64_t now = site_now();
	enum status status = look(cli);
	size_t i;

	cli_list(cli, is_shared(cli) ? shared : columns);
	for (i = 0; status == STATUS_OK &&
		    (entry = keys_entry(cli->site.keys, i)) != NULL;
		i++)
		print_entry(cli, entry, now);
	return status;
}

static const char alone[] =
	"the store is this machine's alone, and no other one needs its keys";

static enum status
machines(struct cli *cli)
{
	static const char *const columns[] = {
		"machine", "id", "seen", "lacks", NULL};
	struct machine machine;
	struct store_walk walk;
	enum status status = look(cli);
	char seen[UTC_SIZE], *names;

	if (status == STATUS_OK && !is_shared(cli)) {
		cli->reason = alone;
		return STATUS_FORBIDDEN;
	}
	if (status != STATUS_OK)
		return status;
	cli_list(cli, columns);
	store_walk_begin(&walk, cli->site.store, STORE_MACHINE, "");
	while (store_walk_next(&walk)) {
		if (machine_read(walk.key, walk.record, &machine) != NULL)
			continue;
		names = lacked(cli, &machine);
		print_row(machine.name, machine.id,
			utc_text(machine.seen, seen), names, NULL);
		mem_free(names);
	}
	return store_walk_end(&walk);
}

/* --- changes ---------------------------------------------------------------
 */

/* Returns the status, and sets the reason if nothing was done. */
static enum status
refuse(struct cli *cli, enum status status, enum keys_refusal refusal)
{
	static const char *const reasons[KEYS_REFUSALS] = {
		[KEYS_CONFIGURED] =
			"the secret comes from the environment "
			"(ACTIAN_VECTORAI_JWT_SECRET or LATCHKEY_JWT_SECRET): "
			"set another one there, and start the programs again; "
			"the one before goes on verifying. If it is not set "
			"there any more: --force",
		[KEYS_FULL] =
			"too many keys verify still; see latchkey key list, "
			"wait, or retire one",
		[KEYS_SIGNS] = "this is the key that signs; rotate first",
		[KEYS_UNKNOWN] = "there is no such key",
		[KEYS_NO_MACHINE] = "there is no such machine",
		[KEYS_AMBIGUOUS] =
			"two machines have that name; give the id that "
			"latchkey key machines shows",
		[KEYS_OWN] = "this machine itself is in use",
		[KEYS_OTHERS] = "these are the keys of another site",
		[KEYS_FOREIGN] =
			"the keys that this machine has are another site's. "
			"They are lost with --force, where several machines "
			"share the store; another state_dir keeps them",
		[KEYS_UNREADABLE] =
			"it does not say what latchkey key export writes",
	};

	if (status != STATUS_OK || refusal == KEYS_ALLOWED)
		return status;
	cli->reason = reasons[refusal];
	return STATUS_FORBIDDEN;
}

/* Says for which machines the new key waits, if it does. */
static enum status
say_waiting(const struct cli *cli, const char *kid)
{
	enum status status = is_shared(cli) ? look(cli) : STATUS_OK;
	const struct keys_entry *entry;
	char *names;
	size_t i;

	for (i = 0; status == STATUS_OK &&
		    (entry = keys_entry(cli->site.keys, i)) != NULL;
		i++) {
		if (!entry->waits || strcmp(entry->key.kid, kid) != 0)
			continue;
		names = lacking(cli, kid);
		print_line(stderr,
			"latchkey key: %s signs once these machines have it "
			"(latchkey key export, import): %s",
			kid, names);
		mem_free(names);
	}
	return status;
}

static enum status
rotate(struct cli *cli)
{
	const struct site *site = &cli->site;
	enum keys_refusal refusal = KEYS_ALLOWED;
	char kid[JWT_KID_SIZE];
	enum status status = keys_rotate(site->keys, site->store, site_now(),
		(int64_t)site->conf->token_life,
		cli_option(cli, "--force") != NULL, kid, &refusal);

	status = refuse(cli, status, refusal);
	if (status != STATUS_OK)
		return status;
	snprintf(cli->target, sizeof cli->target, "key:%s", kid);
	print_line(stdout, "%s", kid);
	return say_waiting(cli, kid);
}

static enum status
retire(struct cli *cli)
{
	const struct site *site = &cli->site;
	enum keys_refusal refusal = KEYS_ALLOWED;
	enum status status = look(cli);

	if (status == STATUS_OK)
		status = keys_retire(
			site->keys, site->store, cli->words[0], &refusal);
	return refuse(cli, status, refusal);
}

static enum status
forget(struct cli *cli)
{
	const struct site *site = &cli->site;
	enum keys_refusal refusal = KEYS_ALLOWED;
	struct machine machine;
	enum status status = look(cli);

	if (status == STATUS_OK && !is_shared(cli)) {
		cli->reason = alone;
		return STATUS_FORBIDDEN;
	}
	if (status == STATUS_OK)
		status = keys_forget(site->keys, site->store, cli->words[0],
			&machine, &refusal);
	status = refuse(cli, status, refusal);
	if (status == STATUS_OK)
		snprintf(cli->target, sizeof cli->target, "machine:%s",
			machine.name);
	return status;
}

/* --- from one machine to another ---------------------------------------------
 */

/* The file and the passphrase are the caller's, who may be root: both are read
 * before the command becomes the owner of the state. */
static struct carried {
	const char *path;
	int fd;                     /* of the file that is written */
	struct password passphrase; /* in memory that is locked and wiped */
	struct lines lines;         /* of the file that is read */
	char text[KEYS_TEXT_SIZE];
} * carried;

static bool
refuse_file(const char *verb, const char *flaw)
{
	print_line(
		stderr, "latchkey key %s: %s: %s", verb, carried->path, flaw);
	return false;
}

static bool
is_standard(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* A file that is there is kept, unless it is empty. */
static bool
open_output(void)
{
	struct stat file;

	if (is_standard(carried->path)) {
		carried->fd = STDOUT_FILENO;
		return true;
	}
	carried->fd = open(carried->path,
		O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (carried->fd < 0 || fstat(carried->fd, &file) != 0)
		return refuse_file("export", strerror(errno));
	if (!S_ISREG(file.st_mode) || file.st_size > 0)
		return refuse_file("export", "there is such a file already");
	return true;
}

/* All or nothing: a file that could not be written is empty. */
static bool
write_output(const char *line)
{
	bool good = file_write(carried->fd, line, strlen(line));

	if (is_standard(carried->path))
		return good || refuse_file("export", strerror(errno));
	good = good && fsync(carried->fd) == 0;
	if (!good) {
		refuse_file("export", strerror(errno));
		if (ftruncate(carried->fd, 0) != 0)
			refuse_file("export", "and it is cut");
	}
	return good;
}

static enum status
export_keys(struct cli *cli)
{
	enum status status = site_keys(&cli->site, site_now());
	char *line;

	if (status != STATUS_OK)
		return status;
	line = sealed_write(&carried->passphrase, carried->text,
		keys_write(cli->site.keys, carried->text));
	if (line == NULL || !write_output(line)) {
		cli->reason = line == NULL ? "there is no memory for Argon2id"
					   : "the file could not be written";
		status = STATUS_INTERNAL;
	}
	mem_free(line);
	return status;
}

static bool
read_input(void)
{
	FILE *file = stdin;
	bool there;

	if (!is_standard(carried->path))
		file = fopen(carried->path, "re");
	if (file == NULL)
		return refuse_file("import", strerror(errno));
	/* The passphrase may be the next line. */
	setvbuf(file, NULL, _IONBF, 0);
	lines_begin(&carried->lines, file);
	there = lines_next(&carried->lines);
	if (file != stdin)
		fclose(file);
	if (carried->lines.flaw != NULL)
		return refuse_file("import", carried->lines.flaw);
	return there || refuse_file("import", "it is empty");
}

/* Says what is missing still, if anything is. */
static enum status
say_missing(struct cli *cli)
{
	enum status status = look(cli);

	if (status == STATUS_OK && keys_lack(cli->site.keys))
		cli->reason = "this machine lacks keys still, which the file "
			      "does not have; see latchkey key machines";
	return cli->reason == NULL ? status : STATUS_FORBIDDEN;
}

static enum status
import_keys(struct cli *cli)
{
	const struct site *site = &cli->site;
	enum keys_refusal refusal = KEYS_ALLOWED;
	enum status status;
	size_t taken;

	cli->reason = sealed_open(&carried->passphrase, carried->lines.text,
		carried->lines.length, carried->text, sizeof carried->text);
	if (cli->reason != NULL)
		return STATUS_FORBIDDEN;
	status = keys_take(site->keys, site->store, site_now(),
		(int64_t)site->conf->token_life, carried->text,
		cli_option(cli, "--force") != NULL, &taken, &refusal);
	status = refuse(cli, status, refusal);
	if (status != STATUS_OK)
		return status;
	print_line(stdout,
		taken == 0 ? "no key is new here"
			   : "keys that are new here: %zu",
		taken);
	return say_missing(cli);
}

static int
carry(struct cli *cli, bool export)
{
	const char *from = cli_option(cli, "--passphrase");
	int result = CLI_REFUSED;

	if (sodium_init() < 0)
		return CLI_REFUSED;
	carried = mem_check(sodium_malloc(sizeof *carried));
	memset(carried, 0, sizeof *carried);
	carried->path = cli->words[0];
	if ((export ? open_output() : read_input()) &&
		prompt_passphrase(&carried->passphrase, from, export)) {
		if (export && carried->passphrase.points < SEALED_LEAST)
			print_line(stderr,
				"latchkey key export: a passphrase has %d "
				"characters or more",
				SEALED_LEAST);
		/* An installation may begin with the keys of another. */
		else if (export || cli_open_site(cli))
			result = cli_act(cli);
	}
	if (carried->lines.text != NULL)
		lines_end(&carried->lines);
	sodium_free(carried);
	return result;
}

static int
run_export(struct cli *cli)
{
	return carry(cli, true);
}

static int
run_import(struct cli *cli)
{
	return carry(cli, false);
}

const struct cli_command cli_key_commands[] = {
	{"key", "list", "[--json]",
		"Lists the keys of sign-in tokens: name (kid), state, since "
		"when, where from; and\n      where machines share the store, "
		"which of them lack it.",
		cli_act, list, NULL},
	{"key", "rotate", "[--force]",
		"Signs with a new key from now on, and prints its kid; the one "
		"before verifies for\n      token_life. Where machines share "
		"the store, it signs once all of them have it.",
		cli_act, rotate, "key-rotate"},
	{"key", "retire", "KID",
		"Takes away a key that does not sign; its tokens are dead at "
		"once.",
		cli_act, retire, "key-retire"},
	{"key", "export", "[--passphrase FILE] FILE|-",
		"Writes all keys, sealed with a passphrase, for another "
		"machine or as a copy.",
		run_export, export_keys, "key-export"},
	{"key", "import", "[--force] [--passphrase FILE] FILE|-",
		"Takes what this machine lacks out of such a file.", run_import,
		import_keys, "key-import"},
	{"key", "machines", "[--json]",
		"Lists the machines that share the store, when they were seen, "
		"and the keys that they\n      lack.",
		cli_act, machines, NULL},
	{"key", "forget", "MACHINE",
		"Forgets a machine that is gone, by its name or id, so that no "
		"key waits for it.",
		cli_act, forget, "key-forget"},
	{NULL, NULL, NULL, NULL, NULL, NULL, NULL},
};

/* conf.h - the settings: a file of `key = value` lines, and those of the
 * directory conf.d beside it.
 *
 * conf.c has the only table of them. t/settings.t compares the sample
 * conf/latchkey.conf and the man page with it. */
#ifndef LATCHKEY_CONF_H
#define LATCHKEY_CONF_H

#include "password/password.h"
#include "password/policy.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum conf_admin_reset { ADMIN_RESET_LOCAL, ADMIN_RESET_TOKEN, ADMIN_RESET_OFF };
enum conf_registration {
	REGISTRATION_FIRST,
	REGISTRATION_CLOSED,
	REGISTRATION_OPEN
};
enum conf_tokens { TOKENS_ALL, TOKENS_ADMIN };
enum conf_proof { PROOF_PASSWORD, PROOF_CODE };
enum conf_factor { FACTOR_OPTIONAL, FACTOR_ADMIN, FACTOR_ALL };
enum conf_throttle { THROTTLE_OFF, THROTTLE_ON };
enum conf_header_encoding { HEADER_PERCENT, HEADER_UTF8 };
enum conf_policy { POLICY_OF_DIALECT, POLICY_LENGTH };

/* Rows of the policy table; the operator's command uses edge-impulse's. */
enum conf_policy_row {
	POLICY_ACTIAN,
	POLICY_DATABRAIN,
	POLICY_PX0,
	POLICY_EDGE_IMPULSE,
	POLICY_ROWS,
	POLICY_ACCOUNT = POLICY_ROWS /* has no row: length alone */
};

struct conf_place {
	const char *file;
	unsigned line; /* 0: no file has the setting, so it is the default */
};

struct conf {
	char *state_dir;
	char *store;           /* bdb:DIRECTORY, or postgresql://... */
	uint64_t disk_reserve; /* bytes */
	bool sandbox;
	char *site_url;      /* "" or http[s]://host[:port][/path] */
	char *cookie_domain; /* "": the host alone */
	char *issuer;
	unsigned long token_life; /* this and the next four: seconds */
	unsigned long session_idle, session_life, fresh_life;
	unsigned long remember_idle, remember_life;
	bool remember;
	unsigned factor; /* enum conf_factor: which accounts must have one */
	char *hash;
	unsigned long hash_cost;
	unsigned long hash_slots; /* 0: one a core */
	unsigned long hash_wait;  /* seconds */
	uint64_t hash_memory;     /* bytes, of a hash from elsewhere */
	unsigned long max_body;   /* bytes */
	bool self_hosted;
	unsigned registration;       /* enum conf_registration */
	unsigned proof;              /* enum conf_proof */
	unsigned long unproved_most; /* accounts */
	unsigned long unproved_life; /* seconds */
	unsigned tokens;             /* enum conf_tokens */
	bool self_delete;
	bool reveal_accounts;
	unsigned admin_reset; /* enum conf_admin_reset */
	char *web_key_file;   /* "": the web server needs no key */
	bool same_user_is_trusted;
	unsigned header_encoding;      /* enum conf_header_encoding */
	unsigned long code_life;       /* seconds */
	unsigned long invitation_life; /* seconds */
	char *code_form;               /* symbols, or digits:N */
	unsigned long code_mails;      /* a day and account */
	char *audit;                   /* syslog, stderr, off, or a file */
	uint64_t audit_size;           /* bytes of a file */
	unsigned long audit_lines;     /* an hour, of an account and event */
	char *event_command; /* a program and its arguments; "": no events */
	unsigned long event_most; /* that wait */
	bool event_sign_ins;
	char *mail_command;   /* a program and its arguments; "": no mail */
	char *mail_from;      /* sender.h's; "": latchkey@ and a host */
	char *mail_templates; /* directories, a `:` between two */
	char *language;
	char *site_name;                 /* "": the host of site_url */
	char *pages, *www;               /* directories, as those */
	char *common_passwords;          /* a filter; "": none */
	char *leaked_secrets;            /* the same */
	unsigned throttle;               /* enum conf_throttle */
	unsigned long throttle_free;     /* tries */
	unsigned long throttle_first;    /* seconds */
	unsigned long throttle_delay;    /* seconds */
	unsigned long throttle_account;  /* tries an hour */
	unsigned long throttle_network;  /* tries an hour */
	unsigned long throttle_asks;     /* mails and accounts an hour */
	unsigned long throttle_codes;    /* wrong ones, without an end */
	unsigned long throttle_right;    /* right passwords an hour */
	unsigned long throttle_remember; /* seconds */
	unsigned long throttle_homes;    /* of an account */
	unsigned long throttle_records;  /* of a sort */
	unsigned policy;                 /* enum conf_policy */
	struct policy policies[POLICY_ROWS];
	unsigned long policy_length_min;

	char *file;
	char **parts; /* the files of conf.d, as they were read, then NULL */
	struct conf_place *places; /* where each setting of the table is from */
};

/* Reads the file, then those of conf.d beside it, in the order of their names,
 * and checks every setting. A later file's value takes the place of an earlier
 * one's. NULL if anything is wrong, with the file, line and setting in the log.
 * The caller frees. */
struct conf *conf_read(const char *file);
void conf_free(struct conf *conf);

/* The file to read: `given` if not NULL, else LATCHKEY_CONF if not empty, else
 * the one under sysconfdir. */
const char *conf_path(const char *given);

/* Writes every setting in the form that conf_read() reads, each under a comment
 * that says where it comes from. */
void conf_print(const struct conf *conf, FILE *out);

/* Where the setting of that name, which must be one, is from. */
const struct conf_place *conf_place(const struct conf *conf, const char *key);

/* The scheme of new hashes, which several settings make up. */
struct password_scheme conf_scheme(const struct conf *conf);
struct policy conf_policy_of(const struct conf *conf, enum conf_policy_row row);
/* The longest password, in bytes, that the settings' hash takes in full. */
size_t conf_password_bytes(const struct conf *conf);
/* The path, beneath state_dir unless it is absolute. The caller frees. */
char *conf_in_state(const struct conf *conf, const char *path);
bool conf_https(const struct conf *conf);
/* The host in site_url, without its port; an IPv6 address with its brackets.
 * NULL without a site_url. */
const char *conf_host(const struct conf *conf, size_t *length);
/* The origin of site_url: the beginning of it, so many bytes long. */
size_t conf_origin_length(const struct conf *conf);
/* Whether a host without its port is cookie_domain or beneath it. */
bool conf_in_domain(const struct conf *conf, const char *host, size_t length);
/* The host in site_url, else this machine's name; what people know the site by.
 * The caller frees. */
char *conf_site_host(const struct conf *conf);
char *conf_site_name(const struct conf *conf);
bool conf_mails(const struct conf *conf);
bool conf_events(const struct conf *conf);
/* Whether such an account must have a second factor. */
bool conf_demands_factor(const struct conf *conf, bool admin);
/* Digits of a code, or 0 where codes are symbols. */
unsigned conf_code_digits(const struct conf *conf);

#endif

/* app.h - a program of the suite: FastCGI or plain CGI, by what fd 0 is.
 *
 * A program is a table of routes and one handler a route. app_run() does all
 * that they have in common: it takes requests one at a time, finds the route,
 * checks who calls and what the body holds, and answers in the dialect of the
 * path. */
#ifndef LATCHKEY_APP_H
#define LATCHKEY_APP_H

#include "account/factor.h"
#include "account/session.h"
#include "site/site.h"
#include "web/body.h"
#include "web/dialect.h"
#include "web/next.h"
#include "web/request.h"

enum {
	APP_ID_SIZE = 40,
	APP_REQUEST_ID_SIZE = 65,
	APP_FIELDS = 8 /* of a body, with the zeros after the last */
};

/* One request, as its handler sees it. It is in locked memory and is wiped
 * after the request, with the passwords in it. */
struct call {
	const struct site *site;
	const struct request *request;
	const struct dialect *dialect;
	struct json_object *body; /* checked against the route's fields */
	struct session caller;    /* whom the guard found, else empty */
	enum token_from token;    /* how the caller's token came */
	int guesses;              /* access tokens that came as cookies */
	bool enrols; /* set by a guard: a caller may lack the second factor
		      * that it must have */
	struct password password;     /* app_password()'s */
	struct password new_password; /* app_new_password()'s */
	struct attempt attempt;       /* from where, and when */
	uint64_t start;               /* by tick_us() */
	char id[APP_ID_SIZE];         /* the {id} of the path */
	const char *path;
	const char *event; /* the route's */
	char request_id[APP_REQUEST_ID_SIZE];
	/* whom the request is about, for the audit; "": whose secret was tried,
	 * else the caller */
	char account[NAME_ID_SIZE];
	char name[NAME_SIZE]; /* that account's; "": not known */
	/* what else the request is about, for the audit; NULL: nothing */
	const char *target;
	/* the refusal that the answer does not tell, for the audit; STATUS_OK:
	 * the answer tells all */
	enum status truth;

	/* the answer, which the handler fills in */
	struct json_object *data; /* an object to add members to */
	char *headers;            /* more lines, each with \r\n, or NULL */
	const char *lines;        /* those that every page has, or NULL */
	bool bare;                /* the data without the dialect's frame around
				   * it */
	char *text;               /* in place of the data: a page, or NULL */
	const char *type;         /* of the text; NULL: a page's */
	const char *page;         /* the page's name; NULL: by the path */
	const char *notice;       /* the key of a page's text; NULL: none */
	const char *field;        /* which one a refusal is about; NULL: as the
				   * status says */
	char challenge[64];       /* what a 401 says is missing of a token that
				   * is good; "": nothing */
	const char *reason;  /* for STATUS_BAD_FIELD, STATUS_BEYOND_TOKEN */
	const char *missing; /* for a handler's STATUS_MISSING_FIELD */
	unsigned flaws;      /* for STATUS_WEAK_PASSWORD */
	char ticket[TICKET_SIZE]; /* for STATUS_MUST_ENROL, STATUS_MUST_CHANGE
				   */
	bool left;                /* the caller is signed in no longer */
	/* set by a guard: what fills in a page that shows its form again with
	 * an error, and names the page if it is not the path's; NULL: nothing
	 */
	enum status (*again)(struct call *call);
};

/* A guard, or a handler. STATUS_OK lets the call go on; any other status is the
 * answer. */
typedef enum status app_step(struct call *call);

struct route {
	const char *method;
	const char *path; /* edge-impulse's also without its /v1 */
	app_step *guard;  /* checks who may call; NULL: all may */
	app_step *handle;
	const char *event; /* for the audit; NULL: a route that changes
			    * nothing */
	/* the members that are read of the body; zeros after the last */
	struct field body[APP_FIELDS];
};

/* clang-format off */
#define NO_BODY {{0}}
/* clang-format on */

struct program {
	const char *name;
	const struct route *routes; /* ends with one of zeros */
	app_step *all;        /* instead of routes: answers every request, */
	const char *all_path; /* which is at this path */
	bool hashes;          /* a program that hashes runs at a lower
			       * priority */
	bool keeps_memory;    /* of hashes, between requests */
	bool remembers;       /* tokens that were good */
};

/* Each file of cgi/ defines its own, and main.c runs it. */
extern const struct program app_program;

/* Runs the program until SIGTERM, which lets the request in hand finish. With
 * the argument --routes it prints its table of routes and does no more. Returns
 * main's exit status. */
int app_run(const struct program *program, int argc, char **argv);

/* --- for handlers ------------------------------------------------------ */

/* A string of the body; "" if the member is not there. */
const char *app_string(const struct call *call, const char *name);

/* Sets the call's password, which is to be checked, from that string of the
 * body. A password that no account can have is empty. */
void app_password(struct call *call, const char *name);

/* Sets the call's new password in the same way. STATUS_WEAK_PASSWORD sets its
 * flaws. The password is for that account (NULL: not known yet), or for the one
 * of that id or name, if there is one. */
enum status app_new_password(
	struct call *call, const char *name, const struct account *account);
enum status app_new_password_of(
	struct call *call, const char *name, const char *whose);

/* The flaw of the new password of an account whose own it cannot be, which only
 * the handler's work has found: it is a name, or the one that must be changed.
 */
void app_weak_for(struct call *call, const struct account *account);

/* Reads what the body says of an account's owner, `name` and `language`, NULL
 * where it has no such member. STATUS_BAD_FIELD. */
enum status app_profile(struct call *call, struct account_profile *profile);

/* The language of the caller's browser, for mails. Sets the attempt's, too. */
const char *app_language(struct call *call);

/* Says whom the request is about, for the audit. */
void app_about(struct call *call, const struct account *account);

/* Sets the reason, and returns STATUS_BAD_FIELD. */
enum status app_bad_field(struct call *call, const char *reason);

/* The same for that member, which is too long: a page says so beside it. */
enum status app_too_long(
	struct call *call, const char *name, const char *reason);

/* A member of the query, and where its text goes; "" if it is missing. Zeros
 * come after the last of a table. */
struct app_parameter {
	const char *name;
	char *out;
	size_t size;
};

/* Reads the query, which may have no other members. STATUS_BAD_QUERY. */
enum status app_query(
	struct call *call, const struct app_parameter parameters[]);

/* The same for one that cannot have that value. */
enum status app_bad_query(struct call *call, const char *reason);

/* Guards: a signed-in account; an administrator. An access token is neither:
 * STATUS_BAD_TOKEN. */
app_step app_guard_user, app_guard_admin;

/* Guard: an administrator, as actian has it: the token of any other account is
 * STATUS_BAD_TOKEN, too. */
app_step app_guard_admin_token;

/* Guard: from the machine itself. */
app_step app_guard_local;

/* Guard: the same, for a request that needs nothing else, no token and no
 * password. Where the web server may run as the programs' own user, being local
 * proves nothing: STATUS_FORBIDDEN, with the reason in the log, unless
 * same_user_is_trusted. */
app_step app_guard_local_alone;

/* Logs why a cookie does not count, if no page of this site has sent the
 * request; once an hour in all. The sender may be the site itself at an address
 * that site_url does not have, where people sign in again and again. */
void app_say_strange(const struct call *call);

/* Finds the caller if a token was sent; STATUS_NO_TOKEN if not. `method`
 * decides whether a cookie counts. Of several cookies any good one counts; if
 * they are good for different callers, none does: STATUS_BAD_TOKEN. */
enum status app_caller(struct call *call, const char *method);

/* Ends the session of each token that was sent, whosever it is; the caller is
 * then the last one. STATUS_NO_TOKEN if there was none to end. */
enum status app_end_sessions(struct call *call);

/* Guard: a browser's session; STATUS_NO_SESSION for any other token. */
app_step app_guard_session;

/* Guard: a browser's session in which a password or a code was given within
 * fresh_life; STATUS_NOT_FRESH for any other, and for any other token. With the
 * second, an administrator's; STATUS_FORBIDDEN comes first. */
app_step app_guard_fresh, app_guard_fresh_admin;

/* Goes on with the caller's session, whose idle time begins anew; sets its
 * cookie. Nothing for a caller who has none. STATUS_BAD_TOKEN if it has ended
 * meanwhile, or the account is not at the caller's epoch: a handler that has
 * raised the epoch raises the caller's, too. */
enum status app_renew_session(struct call *call);

/* Adds a header to the answer. */
void app_add_header(struct call *call, const char *name, const char *value);

/* Has the answer set that cookie of the site's. It is gone with the browser, or
 * lasts for `seconds`. */
void app_set_cookie(struct call *call, enum cookie cookie, const char *value,
	int64_t seconds);

/* Has the answer take away each cookie that the site has ever set, under every
 * name and for every domain, but for the kept one, as it is set today; COOKIES:
 * none. */
void app_clear_cookies(struct call *call, enum cookie kept);

/* Reads how many of a list the query asks for: APP_PAGE where the text is "",
 * from 1 to APP_PAGE_MOST. STATUS_BAD_QUERY. */
enum { APP_PAGE = 50, APP_PAGE_MOST = 100 };
enum status app_limit(struct call *call, const char *text, size_t *limit);

/* Answers by sending the browser on to that address; returns
 * STATUS_SEE_OTHER. */
enum status app_go_to(struct call *call, const char *address);

/* Adds a member that is a time: RFC 3339, in UTC. With the second, 0 is
 * null. */
void app_add_time(
	struct json_object *object, const char *name, int64_t seconds);
void app_add_time_or_null(
	struct json_object *object, const char *name, int64_t seconds);

/* The account with its factors, as latchkey's own API has it, for the caller to
 * add; and the same added to the answer. Not inside a unit of work. */
struct json_object *app_account(
	const struct site *site, const struct account *account);
void app_add_account(struct call *call, const struct account *account);

/* Adds the caller's session in the same way; null if it is no browser's. */
void app_add_session(struct call *call, const struct session_record *record);

/* --- for pages (app-page.c) -------------------------------------------- */

/* Turns the outcome into a page: sets the call's text, or sends the browser on.
 * A page is named after its path, /account/NAME/..., or by the handler. Its
 * template is filled in with the answer's data, and with words that all pages
 * have. A refused form is shown again, with the error beside its field. Returns
 * the status that is to be answered. */
enum status app_page(struct call *call, const struct outcome *outcome);

/* What the browser wants to see next, by the form or the query; `otherwise` if
 * it does not say, or would leave the site. */
void app_next(
	const struct call *call, const char *otherwise, char next[NEXT_SIZE]);

/* Sends the browser on to that page, with what comes next after it. */
enum status app_go_on(struct call *call, const char *path, const char *next);

/* The page where the caller gives a second factor, or gets one first. */
const char *app_factor_page(const struct call *call);

/* Adds `problems`, each with its text: every code with which the account's
 * dialect can refuse. */
void app_add_problems(struct call *call);

/* The language of the call's page. */
void app_page_language(
	const struct call *call, char language[NAME_LANGUAGE_SIZE]);

/* Shows a page in place of the path's own, with that text as its notice (NULL:
 * none); returns STATUS_OK. */
enum status app_show(struct call *call, const char *page, const char *notice);

/* What comes after a form. After success the browser sees that page, or goes on
 * to that address; any other status is returned as it is. */
enum status app_then_show(
	struct call *call, enum status status, const char *page);
enum status app_then_go(
	struct call *call, enum status status, const char *address);

/* Shows the sign-in page with a notice: the ticket of an earlier page is no
 * longer good. */
enum status app_too_late(struct call *call);

/* Shows the sign-in page with that notice, and with the name filled in that the
 * data has as that member, or as one of its `account`. */
enum status app_sign_in_next(
	struct call *call, const char *member, const char *notice);

/* Adds `known`: the name under which a password manager in this browser keeps
 * the account's password. Only for a caller who has proved to be its owner. */
void app_add_known(struct call *call, const struct account *account);

/* A page with a form and nothing else; one with the caller's account, and with
 * its `known`. */
app_step app_page_form, app_page_of_caller;

/* A cookie that says no more than that it is there, for so many seconds (0: as
 * long as the browser, negative: no longer); and whether it came along. */
void app_mark(struct call *call, const char *name, int64_t seconds);
bool app_is_marked(const struct call *call, const char *name);

/* The mark of a browser in which a username was typed, and no address. */
#define APP_BY_USERNAME "by-username"

/* px0's `user`. */
void app_add_user(struct json_object *object, const struct account *account);

#endif

/* factor.c - an account's second factor: an authenticator app, and recovery
 * codes */
#include "config.h"

#include "account/account.h"
#include "account/factor.h"
#include "base/json.h"
#include "base/mem.h"
#include "web/app.h"

#include <qrencode.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

/* A caller without the factor that it must have may get one. */
static enum status
guard(struct call *call)
{
	call->enrols = true;
	return app_guard_user(call);
}

/* The caller by a refused sign-in's ticket, else by a fresh session. */
static enum status
identify(struct call *call)
{
	const char *ticket = app_string(call, "ticket");

	if (ticket[0] != '\0')
		return session_check_ticket(call->site, TICKET_ENROL, ticket,
			&call->attempt, &call->caller);
	call->enrols = true;
	return app_guard_fresh(call);
}

/* --- what there is ------------------------------------------------------ */

static void
add_factor(struct json_object *data, const char *name, int64_t since, int left)
{
	struct json_object *object = NULL;

	if (since > 0) {
		object = json_new_object();
		app_add_time(object, "since", since);
		if (left >= 0)
			json_add_int(object, "left", left);
	}
	json_add(data, name, object);
}

static enum status
show(struct call *call)
{
	struct factor factor;
	enum status status =
		factor_look_up(call->site, call->caller.account, &factor);

	if (status != STATUS_OK)
		return status;
	add_factor(call->data, "totp", factor.since, -1);
	add_factor(call->data, "recovery_codes", factor.codes_since,
		factor_codes_left(&factor));
	return STATUS_OK;
}

/* --- a QR code ---------------------------------------------------------- */

/* The code as the path of an SVG: a rectangle for each run of dark modules. The
 * caller wipes and frees it. */
static char *
draw_path(const QRcode *qr)
{
	enum { RUN = sizeof "M177 177h177v1h-177z" };
	size_t side = (size_t)qr->width;
	char *path = mem_zero(side * (side / 2 + 1) * RUN), *to = path;
	int x, y, from;

	for (y = 0; y < qr->width; y++)
		for (x = 0; x < qr->width; x++) {
			const unsigned char *row = qr->data + y * qr->width;

			for (from = x; x < qr->width && (row[x] & 1) != 0;)
				x++;
			if (x > from)
				to += sprintf(to, "M%d %dh%dv1h-%dz", from, y,
					x - from, x - from);
		}
	return path;
}

/* It is the secret, too. The library frees its copies of the URI, as text and
 * in bits, and gives no way to wipe them: doc/security.md. */
static enum status
add_qr(struct json_object *data, const char *uri)
{
	QRcode *qr = QRcode_encodeString8bit(uri, 0, QR_ECLEVEL_M);
	struct json_object *object;
	char *path;

	if (qr == NULL)
		return STATUS_INTERNAL;
	path = draw_path(qr);
	object = json_new_object();
	json_add_int(object, "size", qr->width);
	json_add_string(object, "path", path);
	json_add(data, "qr", object);
	sodium_memzero(path, strlen(path));
	mem_free(path);
	sodium_memzero(qr->data, (size_t)qr->width * (size_t)qr->width);
	QRcode_free(qr);
	return STATUS_OK;
}

/* --- an app -------------------------------------------------------------- */

/* How the app names the account: by the site's host, if it is known. */
static char *
make_uri(const struct conf *conf, const struct account *account,
	const struct totp_secret *secret)
{
	size_t length = 0;
	const char *host = conf_host(conf, &length);
	char *issuer = host == NULL ? mem_copy(conf->issuer)
				    : mem_printf("%.*s", (int)length, host);
	char *uri = totp_uri(secret, issuer, account_name(account));

	mem_free(issuer);
	return uri;
}

static enum status
tell_secret(struct call *call, const struct account *account,
	const struct totp_secret *secret)
{
	char text[TOTP_BASE32_SIZE];
	char *uri = make_uri(call->site->conf, account, secret);
	enum status status;

	totp_write(secret, text);
	json_add_string(call->data, "secret", text);
	json_add_string(call->data, "uri", uri);
	status = add_qr(call->data, uri);
	sodium_memzero(uri, strlen(uri));
	mem_free(uri);
	sodium_memzero(text, sizeof text);
	return status;
}

/* Tells the secret of an app that the account wants: another one, or that of
 * the app that waits for its first code. */
static enum status
tell_app(
	struct call *call, enum status (*get)(const struct site *, const char *,
				   int64_t, struct totp_secret *))
{
	struct account account;
	struct totp_secret secret;
	enum status status = account_look_up_whom(
		call->site, call->caller.account, &account);

	memset(&secret, 0, sizeof secret);
	if (status == STATUS_OK)
		status =
			get(call->site, account.id, call->attempt.now, &secret);
	if (status == STATUS_OK)
		status = tell_secret(call, &account, &secret);
	sodium_memzero(&secret, sizeof secret);
	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_TOKEN : status;
}

static enum status
begin(struct call *call)
{
	enum status status = identify(call);

	return status == STATUS_OK ? tell_app(call, factor_begin) : status;
}

static void
tell_codes(struct call *call, factor_codes codes)
{
	struct json_object *array = json_new_array();
	int i;

	for (i = 0; i < FACTOR_CODES; i++)
		json_append(array, json_object_new_string(codes[i]));
	json_add(call->data, "recovery_codes", array);
	sodium_memzero(codes, sizeof(factor_codes));
}

/* The caller's session goes on, with the new factor, and all others end. */
static enum status
enrol(struct call *call)
{
	struct session *caller = &call->caller;
	factor_codes codes;
	enum status status = identify(call);

	app_language(call);
	/* With a ticket there is none, and the password was right. */
	call->attempt.session = caller->sid;
	if (status == STATUS_OK)
		status = factor_enrol(call->site, caller->account,
			&caller->epoch, caller->sid, app_string(call, "code"),
			&call->attempt, codes);
	if (status != STATUS_OK)
		return status == STATUS_BAD_FACTOR ? STATUS_WRONG_FACTOR
						   : status;
	tell_codes(call, codes);
	caller->amr |= JWT_AMR_OTP;
	caller->confirmed = call->attempt.now;
	return app_renew_session(call);
}

/* An account that must have a factor changes it for another. */
static enum status
drop(struct call *call)
{
	struct session *caller = &call->caller;
	enum status status = STATUS_FORBIDDEN;

	if (!conf_demands_factor(call->site->conf, caller->admin))
		status = factor_remove(call->site, caller->account,
			&caller->epoch, caller->sid, app_language(call));
	if (status != STATUS_OK)
		return status;
	caller->amr = JWT_AMR_PWD;
	status = app_renew_session(call);
	return status == STATUS_OK ? STATUS_DONE : status;
}

static enum status
renew_codes(struct call *call)
{
	factor_codes codes;
	enum status status =
		factor_renew_codes(call->site, call->caller.account,
			call->caller.epoch, call->attempt.now, codes);

	if (status == STATUS_OK)
		tell_codes(call, codes);
	return status;
}

/* --- pages ------------------------------------------------------------- */

/* What the page's forms do takes a secret that was given lately. */
static enum status
guard_page(struct call *call)
{
	call->enrols = true;
	return app_guard_fresh(call);
}

static enum status
page_show(struct call *call)
{
	json_add_bool(call->data, "must",
		conf_demands_factor(call->site->conf, call->caller.admin));
	return show(call);
}

/* Shows the codes, and where the browser goes on to after them: by a ticket
 * nobody is signed in. */
static enum status
show_codes(struct call *call)
{
	const struct conf *conf = call->site->conf;
	bool in = call->token != TOKEN_FROM_NOWHERE;
	char next[NEXT_SIZE];
	char *after;

	app_next(call, in ? "/account/" : "/", next);
	after = in ? mem_copy(next) : next_link(conf, "/account/sign-in", next);
	json_add_string(call->data, "after", after);
	mem_free(after);
	return app_show(call, "recovery-codes", NULL);
}

static bool
by_ticket(const struct call *call)
{
	return app_string(call, "ticket")[0] != '\0';
}

/* The same QR code, for a person who has mistyped the first code. */
static enum status
page_enrol_again(struct call *call)
{
	enum status status = identify(call);

	call->page = "two-factor-enrol";
	return status == STATUS_OK ? tell_app(call, factor_pending) : status;
}

static enum status
guard_enrol(struct call *call)
{
	call->again = page_enrol_again;
	return STATUS_OK;
}

static enum status
page_begin(struct call *call)
{
	enum status status = begin(call);

	if (status == STATUS_BAD_TOKEN && by_ticket(call))
		return app_too_late(call);
	return app_then_show(call, status, "two-factor-enrol");
}

static enum status
page_enrol(struct call *call)
{
	enum status status = enrol(call);

	if (status == STATUS_BAD_TOKEN && by_ticket(call))
		return app_too_late(call);
	return status == STATUS_OK ? show_codes(call) : status;
}

static enum status
page_drop(struct call *call)
{
	enum status status = drop(call);

	if (status == STATUS_NOT_FOUND)
		status = STATUS_DONE;
	return app_then_go(call, status, "/account/two-factor");
}

static enum status
page_codes(struct call *call)
{
	enum status status = renew_codes(call);

	if (status == STATUS_NOT_FOUND)
		return app_go_to(call, "/account/two-factor");
	return status == STATUS_OK ? show_codes(call) : status;
}

static const struct route routes[] = {
	{"GET", "/account/api/factors", guard, show, NULL, NO_BODY},
	{"POST", "/account/api/totp", NULL, begin, "factor-begin",
		{{"ticket", FIELD_STRING, false}}},
	{"PUT", "/account/api/totp", NULL, enrol, "factor-add",
		{{"code", FIELD_STRING, true},
			{"ticket", FIELD_STRING, false}}},
	{"DELETE", "/account/api/totp", app_guard_fresh, drop, "factor-remove",
		NO_BODY},
	{"POST", "/account/api/recovery-codes", app_guard_fresh, renew_codes,
		"recovery-codes", NO_BODY},
	{"GET", "/account/two-factor", guard_page, page_show, NULL, NO_BODY},
	{"POST", "/account/two-factor/begin", guard_enrol, page_begin,
		"factor-begin",
		{{"ticket", FIELD_STRING, false},
			{"next", FIELD_STRING, false}}},
	{"POST", "/account/two-factor", guard_enrol, page_enrol, "factor-add",
		{{"code", FIELD_STRING, true}, {"ticket", FIELD_STRING, false},
			{"next", FIELD_STRING, false}}},
	{"POST", "/account/two-factor/remove", app_guard_fresh, page_drop,
		"factor-remove", NO_BODY},
	{"POST", "/account/two-factor/codes", app_guard_fresh, page_codes,
		"recovery-codes", NO_BODY},
	{0},
};

const struct program app_program = {.name = "factor", .routes = routes};

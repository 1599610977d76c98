/* app-page.c - an answer as a page for people */
#include "config.h"

#include "web/app.h"

#include "base/json.h"
#include "base/mem.h"
#include "web/page.h"

#include <stdio.h>
#include <string.h>

enum { PAGE_NAME_SIZE = 64 };

static const char account_path[] = "/account/";

/* --- where to go --------------------------------------------------------- */

void
app_next(const struct call *call, const char *otherwise, char next[NEXT_SIZE])
{
	next_read(call->request, call->site->conf,
		json_string(call->body, "next"), otherwise, next);
}

enum status
app_go_on(struct call *call, const char *path, const char *next)
{
	char *link = next_link(call->site->conf, path, next);

	app_go_to(call, link);
	mem_free(link);
	return STATUS_SEE_OTHER;
}

const char *
app_factor_page(const struct call *call)
{
	struct factor factor;

	return factor_look_up(call->site, call->caller.account, &factor) ==
				       STATUS_OK &&
			       !factor_is_on(&factor)
		       ? "/account/two-factor"
		       : "/account/confirm";
}

void
app_page_language(const struct call *call, char language[NAME_LANGUAGE_SIZE])
{
	page_language(call->site->conf, call->caller.language,
		request_param(call->request, "HTTP_ACCEPT_LANGUAGE"), language);
}

enum status
app_show(struct call *call, const char *page, const char *notice)
{
	call->page = page;
	call->notice = notice;
	return STATUS_OK;
}

enum status
app_then_show(struct call *call, enum status status, const char *page)
{
	return status <= STATUS_DONE ? app_show(call, page, NULL) : status;
}

enum status
app_then_go(struct call *call, enum status status, const char *address)
{
	return status <= STATUS_DONE ? app_go_to(call, address) : status;
}

enum status
app_too_late(struct call *call)
{
	call->truth = STATUS_BAD_TOKEN;
	return app_show(call, "sign-in", "notice.too-late");
}

enum status
app_sign_in_next(struct call *call, const char *member, const char *notice)
{
	struct json_object *account =
		json_object_object_get(call->data, "account");
	const char *name = json_string(call->data, member);

	if (name == NULL)
		name = json_string(account, member);
	if (name == NULL || name[0] == '\0')
		name = json_string(account, "email");
	json_add_string(call->body, "name", name);
	return app_show(call, "sign-in", notice);
}

enum status
app_page_form(struct call *call)
{
	(void)call;
	return STATUS_OK;
}

void
app_add_known(struct call *call, const struct account *account)
{
	json_add_string(call->data, "known",
		app_is_marked(call, APP_BY_USERNAME)
			? account_name(account)
			: account_address(account));
}

enum status
app_page_of_caller(struct call *call)
{
	struct account account;
	enum status status = account_look_up_whom(
		call->site, call->caller.account, &account);

	if (status == STATUS_OK) {
		app_add_account(call, &account);
		app_add_known(call, &account);
	}
	return status == STATUS_NO_ACCOUNT ? STATUS_BAD_TOKEN : status;
}

/* A page's name, by its path: "tokens" is at /account/tokens/7/end, too. */
static void
name_of(const char *path, char name[PAGE_NAME_SIZE])
{
	const char *word = path + strlen(account_path);

	snprintf(name, PAGE_NAME_SIZE, "%.*s", (int)strcspn(word, "/"), word);
	if (name[0] == '\0')
		strcpy(name, "account");
}

/* The page that a form stands on: the account's own has some that are posted to
 * other paths. */
static void
home_of(const struct call *call, char home[NEXT_SIZE])
{
	static const char *const accounts[] = {
		"account", "profile", "sessions", "sign-out"};
	char name[PAGE_NAME_SIZE];
	size_t i;

	name_of(call->path, name);
	for (i = 0; i < sizeof accounts / sizeof accounts[0]; i++)
		if (strcmp(name, accounts[i]) == 0)
			name[0] = '\0';
	snprintf(home, NEXT_SIZE, "%s%s", account_path, name);
}

/* --- cookies that are there or not --------------------------------------- */

static char *
mark_name(const struct call *call, const char *name)
{
	return mem_printf("%slatchkey-%s",
		conf_https(call->site->conf) ? "__Host-" : "", name);
}

void
app_mark(struct call *call, const char *name, int64_t seconds)
{
	char *cookie = mark_name(call, name);
	char *line = mem_printf("%s=1; HttpOnly; SameSite=Lax; Path=/%s",
		cookie, conf_https(call->site->conf) ? "; Secure" : "");

	if (seconds != 0)
		line = mem_append(line, "; Max-Age=%lld",
			(long long)(seconds > 0 ? seconds : 0));
	app_add_header(call, "Set-Cookie", line);
	mem_free(line);
	mem_free(cookie);
}

bool
app_is_marked(const struct call *call, const char *name)
{
	char *cookie = mark_name(call, name);
	bool marked = request_has_cookie(call->request, cookie);

	mem_free(cookie);
	return marked;
}

/* --- an error ------------------------------------------------------------ */

/* The field that a refusal is about; NULL: none. */
static const char *
field_of(const struct call *call, enum status status)
{
	static const struct {
		enum status status;
		const char *field;
	} fields[] = {{STATUS_BAD_CREDENTIALS, "password"},
		{STATUS_WRONG_PASSWORD, "current"},
		{STATUS_CODE_REQUIRED, "code"}, {STATUS_BAD_FACTOR, "code"},
		{STATUS_WRONG_FACTOR, "code"}, {STATUS_BAD_CODE, "code"},
		{STATUS_BAD_VERIFY_CODE, "code"}, {STATUS_BAD_NAME, "email"}};
	size_t i;

	if (call->field != NULL)
		return call->field;
	for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (fields[i].status == status)
			return fields[i].field;
	return NULL;
}

/* The texts of what is wrong with a new password, one after the other. */
static char *
describe_flaws(const struct call *call, const char *language,
	struct json_object *flaws)
{
	char *all = mem_copy(""), *key, *text;
	size_t i, count = json_object_array_length(flaws);

	for (i = 0; i < count; i++) {
		key = mem_printf("flaw.%s", json_string_at(flaws, i));
		text = page_text(call->site->conf, language, key, call->data);
		all = mem_append(all, "%s%s", i > 0 ? " " : "",
			text == NULL ? key : text);
		mem_free(text);
		mem_free(key);
	}
	return all;
}

/* The text of an error; the caller frees. */
static char *
describe(const struct call *call, const char *language, const char *code,
	struct json_object *faults)
{
	char *key, *text;

	if (faults != NULL && strcmp(json_string_at(faults, 0), "missing") != 0)
		return describe_flaws(call, language, faults);
	key = mem_printf("error.%s", faults != NULL ? "missing" : code);
	text = page_text(call->site->conf, language, key, call->data);
	mem_free(key);
	return text != NULL ? text : mem_copy(code);
}

/* What is wrong with a member, as a program gets it; sets which. NULL: the
 * problem is about none. */
static struct json_object *
faults_of(struct json_object *problem, const char **field)
{
	struct json_object *fields = json_object_object_get(problem, "fields");
	struct json_object *faults = NULL;
	struct json_object_iter member;

	if (fields == NULL)
		return NULL;
	json_object_object_foreachC(fields, member)
	{
		*field = member.key;
		faults = member.val;
	}
	return faults;
}

void
app_add_problems(struct call *call)
{
	struct json_object *problems = dialect_problems(), *problem;
	char language[NAME_LANGUAGE_SIZE], *text;
	size_t i;

	app_page_language(call, language);
	for (i = 0; i < json_object_array_length(problems); i++) {
		problem = json_object_array_get_idx(problems, i);
		text = describe(
			call, language, json_string(problem, "code"), NULL);
		json_add_string(problem, "text", text);
		mem_free(text);
	}
	json_add(call->data, "problems", problems);
}

/* A word that says of that name that it is so; NULL: of none. */
static void
add_flag(struct json_object *words, const char *word, const char *name)
{
	struct json_object *object = json_new_object();

	if (name != NULL)
		json_add_bool(object, name, true);
	json_add(words, word, object);
}

/* Where a person needs other words than a program, the end of the key of its
 * text; else the code. For a program a field that is too long is one of a bad
 * body, and one code as wrong as another. */
static const char *
text_of(const struct call *call, enum status status, const char *code,
	const char *field)
{
	if (status == STATUS_BAD_FIELD && field != NULL)
		return "too-large";
	if (status == STATUS_BAD_FACTOR || status == STATUS_WRONG_FACTOR)
		return app_string(call, "recovery")[0] != '\0'
			       ? "wrong-recovery-code"
			       : "wrong-app-code";
	return code;
}

/* What went wrong, in words: the answer that a program would get, read for a
 * person. */
static void
add_error(struct call *call, const char *language,
	const struct outcome *outcome, struct json_object *problem)
{
	struct json_object *words = call->data, *faults;
	const char *code = json_string(problem, "code");
	const char *field = field_of(call, outcome->status);
	const char *key = text_of(call, outcome->status, code, field);
	char *text;

	faults = faults_of(problem, &field);
	add_flag(words, "wrong", field);
	add_flag(words, "code", code);
	json_add(words, "wait",
		json_object_get(
			json_object_object_get(problem, "retry_after")));
	text = describe(call, language, key, faults);
	json_add_string(words, "error", text);
	mem_free(text);
}

/* --- the words of every page --------------------------------------------- */

static void
add_text(struct call *call, const char *language, const char *word,
	const char *key)
{
	char *text = page_text(call->site->conf, language, key, call->data);

	json_add_string(call->data, word, text);
	mem_free(text);
}

static void
add_caller(struct call *call)
{
	const struct session *caller = &call->caller;
	struct json_object *object;

	/* A ticket's account is not signed in. */
	if (caller->account[0] == '\0' || caller->token != 0 ||
		call->token == TOKEN_FROM_NOWHERE || call->left)
		return;
	object = json_new_object();
	json_add_string(object, "name", caller->name);
	json_add_bool(object, "admin", caller->admin);
	json_add(call->data, "caller", object);
}

/* page.c has those that need no request. */
static void
add_words(struct call *call, const char *language)
{
	struct json_object *words = call->data;
	char next[NEXT_SIZE], lost[8];

	app_next(call, "", next);
	if (request_query(call->request, "lost", lost, sizeof lost) ==
		QUERY_GOOD)
		json_add_bool(words, "lost", true);
	json_add_string(words, "next", next);
	json_add(words, "form",
		call->body == NULL ? json_new_object()
				   : json_object_get(call->body));
	json_add_bool(words, "own_tokens",
		call->site->conf->tokens == TOKENS_ALL || call->caller.admin);
	add_caller(call);
	if (call->notice != NULL)
		add_text(call, language, "notice", call->notice);
}

/* --- headers ------------------------------------------------------------- */

/* After a sign-in a browser may go on to any host of cookie_domain, and a form
 * may lead there. Nothing else of a page is from elsewhere, and no script or
 * style stands in it. The same for every page, and made once. */
static const char *
page_headers(const struct conf *conf)
{
	static char *headers;
	const char *domain = conf->cookie_domain;
	char *hosts;

	if (headers != NULL)
		return headers;
	hosts = domain[0] == '\0' ? mem_copy("")
				  : mem_printf(" https://%s:* https://*.%s:*",
					    domain, domain);
	headers = mem_printf(
		"Content-Security-Policy: default-src 'none'; "
		"script-src 'self'; style-src 'self'; img-src 'self'; "
		"font-src 'self'; connect-src 'self'; form-action 'self'%s; "
		"base-uri 'none'; frame-ancestors 'none'; "
		"require-trusted-types-for 'script'; trusted-types 'none'\r\n"
		"Referrer-Policy: same-origin\r\n"
		"Permissions-Policy: camera=(), geolocation=(), "
		"microphone=(), payment=(), usb=()\r\n"
		"Cross-Origin-Opener-Policy: same-origin\r\n"
		"Vary: Accept-Language\r\n",
		hosts);
	mem_free(hosts);
	return headers;
}

/* --- a page -------------------------------------------------------------- */

/* The page where a person gets what a request lacks; NULL if there is none. */
static const char *
page_for(enum status status)
{
	switch (status) {
	case STATUS_NO_TOKEN:
	case STATUS_BAD_TOKEN:
	case STATUS_NO_SESSION:
		return "sign-in";
	case STATUS_NOT_FRESH:
		return "confirm";
	case STATUS_MUST_ENROL:
		return "two-factor";
	default:
		return NULL;
	}
}

static bool
is_post(const struct call *call)
{
	return strcmp(request_method(call->request), "POST") == 0;
}

/* Sends a browser that has asked for a page to where it gets what it lacks, and
 * back from there. */
static enum status
send_on(struct call *call, const char *page)
{
	char next[NEXT_SIZE], *path = mem_printf("%s%s", account_path, page);

	next_make(call->request, call->site->conf, next);
	app_go_on(call, path, next);
	mem_free(path);
	return STATUS_SEE_OTHER;
}

/* A form that was posted too late is lost: its page comes next. */
static void
lose_form(struct call *call, const char *page)
{
	char home[NEXT_SIZE];

	home_of(call, home);
	body_free(call->body);
	call->body = json_new_object();
	json_add_string(call->body, "next", home);
	json_add_bool(call->data, "lost", true);
	call->page = page;
}

/* Which page is shown. A form that was read is shown again. */
static void
choose(const struct call *call, const struct outcome *outcome,
	char name[PAGE_NAME_SIZE])
{
	name_of(call->path, name);
	if (call->page != NULL)
		snprintf(name, PAGE_NAME_SIZE, "%s", call->page);
	else if (outcome->status > STATUS_DONE && call->body == NULL)
		strcpy(name,
			outcome->status == STATUS_FORBIDDEN && !is_post(call)
				? "forbidden"
				: "error");
}

static enum status
fill(struct call *call, const char *name, const struct outcome *outcome,
	struct json_object *problem)
{
	const struct conf *conf = call->site->conf;
	char language[NAME_LANGUAGE_SIZE];

	/* A browser that keeps no cookie would come back after each sign-in,
	 * so the page gives it one to show. */
	if (strcmp(name, "sign-in") == 0 && !app_is_marked(call, "kept"))
		app_mark(call, "kept", 0);
	app_page_language(call, language);
	add_words(call, language);
	if (outcome->status > STATUS_DONE)
		add_error(call, language, outcome, problem);
	call->text = page_fill(conf, name, language, call->data);
	if (call->text == NULL)
		return STATUS_INTERNAL;
	call->lines = page_headers(conf);
	app_add_header(call, "Content-Language", language);
	return outcome->status;
}

enum status
app_page(struct call *call, const struct outcome *outcome)
{
	const char *lacking = page_for(outcome->status);
	struct json_object *problem;
	char name[PAGE_NAME_SIZE];
	enum status status;

	if (outcome->status == STATUS_SEE_OTHER)
		return STATUS_SEE_OTHER;
	if (call->data == NULL)
		call->data = json_new_object();
	if (lacking != NULL &&
		(!is_post(call) || outcome->status == STATUS_MUST_ENROL))
		return send_on(call, lacking);
	problem = dialect_body(call->dialect, outcome);
	if (lacking != NULL)
		lose_form(call, lacking);
	else if (outcome->status > STATUS_DONE && call->body != NULL &&
		 call->again != NULL)
		call->again(call);
	choose(call, outcome, name);
	status = fill(call, name, outcome, problem);
	body_free(problem);
	return status;
}

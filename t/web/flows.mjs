// flows.mjs - what people do on the pages, once, for every world; each state that a page can have is looked at
import { rename } from "node:fs/promises";
import { Visitor, report, text } from "./browser.mjs";
import { App, good, imported, later, latchkey, mailTo, other, somebody } from "./people.mjs";

export async function arrive(world) {
	return new Visitor(world).arrive();
}

export function is(world, got, wanted, name) {
	report(got === wanted ? [] : [`got:    ${got}`, `wanted: ${wanted}`], `${world.label}: ${name}`);
}

export async function signIn(visitor, { username, password }, next = "/account/") {
	await visitor.open(`/account/sign-in?next=${encodeURIComponent(next)}`);
	await visitor.send("/account/sign-in", { name: username, password });
}

function value(visitor, name) {
	return visitor.page.locator(`[name="${name}"]`).first().inputValue();
}

// Somebody who is signed in.
async function arriveSignedIn(world, person, next) {
	const visitor = await arrive(world);

	await signIn(visitor, person, next);
	return visitor;
}

async function signingIn(world) {
	const ann = await somebody(world, "ann");
	const visitor = await arrive(world);
	const next = "/account/problems?a=1&b=%22%3C";

	is(world, await visitor.open(`/account/sign-in?next=${encodeURIComponent(next)}`), 200, "the page to sign in");
	await visitor.look("sign-in");
	await visitor.send("/account/sign-in", { name: ann.username, password: "wrong" });
	is(world, visitor.response.status(), 403, "a wrong password");
	await visitor.look("sign-in", "wrong", { wrong: "password" });
	is(world, await value(visitor, "name"), ann.username, "the name is kept");
	is(world, await value(visitor, "password"), "", "the password is not");
	await visitor.send("/account/sign-in", { password: good, remember: true });
	is(world, visitor.path, next, "the way back");
	const cookie = (await visitor.context.cookies()).find((one) => /latchkey$/.test(one.name));
	is(world, cookie?.expires > Date.now() / 1000 + 86400, true, "the session is remembered");

	await visitor.open("/account/sign-in?next=/account/problems");
	is(world, visitor.path, "/account/problems", "the page to sign in sends back who is signed in");
	await visitor.open("/account/sign-in?next=/account/problems");
	await visitor.look("signed-in");
	await visitor.open("/account/sign-out");
	await visitor.look("sign-out");
	await visitor.follow("/account/");
	await visitor.send("/account/sign-out");
	await visitor.look("signed-out");
	await visitor.open("/account/");
	is(world, visitor.path, "/account/sign-in?next=/account/", "the account's page without a session");
	await visitor.leave();
}

// A field that the browser would not let be empty, by an older browser.
async function sendingNothing(world) {
	const visitor = await arrive(world);

	await visitor.open("/account/sign-in");
	await visitor.inside(() => document.querySelectorAll("form").forEach((form) => { form.noValidate = true; }));
	await visitor.send("/account/sign-in", { name: "somebody" });
	await visitor.look("sign-in", "without a password", { wrong: "password" });
	await visitor.leave();
}

async function secondFactor(world) {
	const bob = await somebody(world, "bob");
	const visitor = await arriveSignedIn(world, bob);

	await visitor.follow("/account/two-factor");
	await visitor.look("two-factor", "off");
	await visitor.send("/account/two-factor/begin");
	await visitor.look("two-factor-enrol");
	const app = new App(await visitor.page.locator("code.secret").innerText());
	await visitor.send("/account/two-factor", { code: await app.wrong() });
	await visitor.look("two-factor-enrol", "wrong", { wrong: "code" });
	await visitor.send("/account/two-factor", { code: await app.code() });
	await visitor.look("recovery-codes");
	const codes = await visitor.page.locator(".codes li").allInnerTexts();
	is(world, codes.length, 10, "ten codes");
	await visitor.follow("/account/");
	await visitor.follow("/account/two-factor");
	await visitor.look("two-factor", "on");
	await visitor.send("/account/sign-out");

	await signIn(visitor, bob, "/account/two-factor");
	await visitor.look("second-factor");
	await visitor.send("/account/second-factor", { code: await app.wrong() });
	await visitor.look("second-factor", "wrong", { wrong: "code" });
	is(world, await visitor.page.locator("#error-code").innerText(), text(world.language, "error.wrong-app-code"), "the app has another soon");
	await visitor.unfold();
	await visitor.look("second-factor", "unfolded", { wrong: "code", moved: true });
	await visitor.send("/account/second-factor", { code: "AAAA-AAAA-AAAA" }, 1);
	await visitor.look("second-factor", "wrong recovery code", { wrong: "code" });
	is(world, await visitor.page.locator("#error-recovery-code").innerText(), text(world.language, "error.wrong-recovery-code"), "there are nine others");
	await visitor.send("/account/second-factor", { code: codes[0] }, 1);
	is(world, visitor.path, "/account/two-factor", "the way back after the second factor");
	await visitor.send("/account/two-factor/codes");
	await visitor.look("recovery-codes", "new ones");
	await visitor.send("/account/sign-out");

	await signIn(visitor, bob, "/account/two-factor");
	await visitor.send("/account/second-factor", { code: await app.code() });
	is(world, visitor.path, "/account/two-factor", "a sign-in by a code of the app");
	await visitor.unfold();
	await visitor.look("two-factor", "unfolded");
	await visitor.send("/account/two-factor/remove");
	await visitor.look("two-factor", "off again");
	await visitor.leave();
}

async function mustEnrol(world) {
	const eve = await somebody(world, "eve", "--admin");
	const visitor = await arriveSignedIn(world, eve, "/account/tokens");

	await visitor.look("must-enrol");
	await visitor.send("/account/two-factor/begin");
	await visitor.look("two-factor-enrol", "must");
	await visitor.send("/account/two-factor", { code: "12345" });
	await visitor.look("two-factor-enrol", "must, wrong", { wrong: "code" });
	const app = new App(await visitor.page.locator("code.secret").innerText());
	await visitor.send("/account/two-factor", { code: await app.code() });
	await visitor.look("recovery-codes", "must");
	await visitor.follow("/account/sign-in?next=/account/tokens");
	await visitor.send("/account/sign-in", { name: eve.username, password: good });
	await visitor.send("/account/second-factor", { code: await app.code() });
	is(world, visitor.path, "/account/tokens", "the way back after setting up the second factor");
	await visitor.look("tokens", "an administrator's");
	await visitor.open("/account/two-factor");
	await visitor.look("two-factor", "must");
	await visitor.leave();
}

// The password "Quiet-Harbour-42", as import takes it.
export const hash = "$6$latchkeytests$TCwX7O23KJY7Gvm7I4KNZpw5mkw9YxxyBBDbHTIL9j4/MVt5ILDHAUjczNpQC0oa9QNyZSn1TWJ.0cUVslXI61";

async function mustChange(world) {
	const dan = { username: `dan-${world.id}`, password: good };

	await imported({ username: dan.username, hash, must_change: true });
	const visitor = await arriveSignedIn(world, dan, "/account/tokens");
	await visitor.look("must-change");
	await visitor.send("/account/password", { new: "short" });
	await visitor.look("must-change", "weak", { wrong: "new" });
	await visitor.send("/account/password", { new: other });
	await visitor.look("sign-in", "after a new password");
	is(world, await value(visitor, "name"), dan.username, "the name is filled in");
	await visitor.send("/account/sign-in", { password: other });
	is(world, visitor.path, "/account/tokens", "the way back after a new password");
	await visitor.leave();
}

// Opens a mailed link as its reader does, in a new tab or in one that is at that page already. Without script the code is
// typed.
async function openMail(visitor, mail, { here = false } = {}) {
	if (!here)
		await visitor.open("about:blank");
	await visitor.open(mail.link);
	if (!visitor.world.script)
		return { code: mail.code };
	await visitor.page.waitForURL((url) => url.hash === "");
	is(visitor.world, await value(visitor, "code"), mail.code, "the code of the link is in the form");
	return {};
}

async function forgotten(world) {
	const cat = await somebody(world, "cat");
	const visitor = await arrive(world);

	await visitor.open("/account/sign-in?next=/account/tokens");
	await visitor.follow("/account/forgot");
	await visitor.look("forgot");
	await visitor.send("/account/forgot", { email: cat.username });
	await visitor.look("forgot-sent");
	await visitor.send("/account/reset-password", { code: "AAAA-AAAA-AAAA", new: other });
	await visitor.look("reset-password", "wrong code", { wrong: "code" });
	is(world, await value(visitor, "email"), cat.username, "the name is kept");
	const mail = await mailTo(cat.email);
	await openMail(visitor, mail, { here: true });
	const code = await openMail(visitor, mail);
	is(world, await value(visitor, "email"), world.script ? cat.email : "", "the link has the address");
	await visitor.look("reset-password");
	await visitor.send("/account/reset-password", { ...code, new: "password123" });
	await visitor.look("reset-password", "weak", { wrong: "new" });
	await visitor.send("/account/reset-password", { new: other });
	await visitor.look("sign-in", "after a reset");
	is(world, (await value(visitor, "name")).length > 0, true, "the name is filled in after a reset");
	await visitor.send("/account/sign-in", { password: other });
	is(world, visitor.response.status(), 200, "the new password signs in");
	await visitor.leave();
}

async function registering(world) {
	const email = `fay-${world.id}@example.com`;
	const visitor = await arrive(world);

	await visitor.open("/account/sign-in");
	await visitor.follow("/account/register");
	await visitor.look("register");
	await visitor.send("/account/register", { email, username: "a@b", name: "Fay", password: good });
	await visitor.look("register", "a bad username", { wrong: "username" });
	is(world, await value(visitor, "email"), email, "the address is kept");
	await visitor.send("/account/register", { username: "", password: "short" });
	await visitor.look("register", "weak", { wrong: "password" });
	await visitor.send("/account/register", { password: good });
	await visitor.look("register-sent");
	const mail = await mailTo(email);
	await visitor.follow(`/account/verify-email#email=${email}`);
	is(world, await value(visitor, "email"), world.script ? email : "", "the address comes along");
	await visitor.look("verify-email");
	await visitor.send("/account/verify-email", { email, code: "AAAA-AAAA-AAAA", new: good });
	await visitor.look("verify-email", "wrong code", { wrong: "code" });
	await visitor.unfold();
	await visitor.send("/account/verify-email/request", { email });
	await visitor.look("verify-email", "another mail");
	/* Another one, asked for within seconds, is not sent: the first answers it. */
	const code = await openMail(visitor, mail);
	await visitor.send("/account/verify-email", { ...code, email, new: good });
	await visitor.look("sign-in", "after the address is confirmed");
	await visitor.send("/account/sign-in", { name: email, password: good });
	is(world, visitor.response.status(), 200, "who has registered signs in");
	await visitor.leave();
}

async function invited(world) {
	const name = `gus-${world.id}`, email = `${name}@example.com`;
	const visitor = await arrive(world);

	await latchkey("user", "invite", name, "--email", email);
	const mail = await mailTo(email);
	const code = await openMail(visitor, mail);
	if (world.script)
		is(world, await value(visitor, "username"), name, "the link has the username");
	is(world, await visitor.page.locator("#username").isVisible(), world.script, "which the page shows");
	is(world, mail.text.includes(name), true, "as the mail does");
	await visitor.look("invitation");
	await visitor.send("/account/invitation", { ...code, name: "Gus", password: "short" });
	await visitor.look("invitation", "weak", { wrong: "password" });
	await visitor.send("/account/invitation", { code: "AAAA-AAAA-AAAA", password: good });
	await visitor.look("invitation", "wrong code", { wrong: "code" });
	await visitor.send("/account/invitation", { code: mail.code, password: good });
	await visitor.look("sign-in", "after an invitation");
	await visitor.send("/account/sign-in", { password: good });
	is(world, visitor.response.status(), 200, "who was invited signs in");
	await visitor.leave();
}

async function ownAccount(world) {
	const hal = await somebody(world, "hal");
	const visitor = await arriveSignedIn(world, hal), elsewhere = await arriveSignedIn(world, hal);

	await visitor.page.reload();
	await visitor.look("account");
	await visitor.send("/account/profile", { name: "Hal Ångström", language: world.language });
	is(world, await value(visitor, "name"), "Hal Ångström", "the name is saved");
	is(world, await value(visitor, "language"), world.language, "and the language");
	await visitor.page.locator("form[action$='/end']:not([action$='sessions/end']) button").first().waitFor();
	const action = await visitor.page.locator("form[action$='/end']:not([action$='sessions/end'])").first().getAttribute("action");
	await visitor.send(action);
	is(world, visitor.path, "/account/", "after ending a session");
	await elsewhere.open("/account/");
	is(world, elsewhere.path, "/account/sign-in?next=/account/", "which is over elsewhere");
	await signIn(elsewhere, hal);
	await visitor.send("/account/sessions/end");
	is(world, visitor.path, "/account/", "after ending all others");
	await visitor.look("account", "signed out elsewhere");
	is(world, await visitor.page.locator(".notice").innerText(), text(world.language, "notice.sessions-ended"), "it says that this is done");
	await visitor.page.reload();
	is(world, await visitor.page.locator(".notice").count(), 0, "once");
	await elsewhere.open("/account/");
	is(world, elsewhere.path, "/account/sign-in?next=/account/", "which are over");
	await elsewhere.leave();

	await visitor.follow("/account/email");
	await visitor.look("email");
	const email = `new-${hal.email}`;
	await visitor.send("/account/email", { email });
	await visitor.look("email-sent");
	await visitor.send("/account/email/verify", { code: "AAAA-AAAA-AAAA" });
	await visitor.look("email-sent", "wrong code", { wrong: "code" });
	const code = await openMail(visitor, await mailTo(email));
	if (!world.script)
		await visitor.unfold("details[data-code]");
	await visitor.send("/account/email/verify", { ...code, email });
	is(world, (await visitor.page.locator("main").innerText()).includes(email), true, "the account has the new address");
	await visitor.leave();
}

async function newPassword(world) {
	const ida = await somebody(world, "ida");
	const visitor = await arriveSignedIn(world, ida);

	await visitor.follow("/account/password");
	await visitor.look("password");
	await visitor.send("/account/password", { current: "wrong", new: other });
	await visitor.look("password", "wrong", { wrong: "current" });
	await visitor.send("/account/password", { current: good, new: "aaaaaaaa" });
	await visitor.look("password", "weak", { wrong: "new" });
	await visitor.send("/account/password", { current: good, new: other });
	await visitor.look("password-changed");
	await visitor.follow("/account/tokens");
	is(world, visitor.path, "/account/tokens", "it is still signed in");
	await visitor.leave();
}

async function ownTokens(world) {
	const jan = await somebody(world, "jan");
	const visitor = await arriveSignedIn(world, jan, "/account/tokens");

	await visitor.look("tokens", "none");
	await visitor.send("/account/tokens", { name: "backup", permission: "read", days: "30" });
	await visitor.look("token-made");
	const secret = await visitor.page.locator("code.secret").innerText();
	await visitor.follow("/account/tokens");
	await visitor.look("tokens");
	await visitor.unfold("details:has([action$='/rotate'])");
	await visitor.send(await visitor.page.locator("form[action$='/rotate']").getAttribute("action"));
	await visitor.look("token-made", "again");
	is(world, await visitor.page.locator("code.secret").innerText() !== secret, true, "another secret");
	await visitor.follow("/account/tokens");
	await visitor.unfold("details:has([action$='/end'])");
	await visitor.send(await visitor.page.locator("form[action$='/end']").getAttribute("action"));
	is(world, await visitor.page.locator("form[action$='/end']").count(), 0, "the token is gone");
	await visitor.leave();
}

async function leaving(world) {
	const kit = await somebody(world, "kit");
	const visitor = await arriveSignedIn(world, kit);

	await visitor.follow("/account/close");
	await visitor.look("close");
	await visitor.send("/account/close");
	await visitor.look("closed");
	is(world, (await mailTo(kit.email)).text.includes(kit.email), true, "a mail tells the owner");
	await signIn(visitor, kit);
	await visitor.look("sign-in", "into a closed account", { wrong: "password" });
	await visitor.leave();
}

// What was sent after the session's end is not done, and the page says so.
async function losing(world) {
	const lea = await somebody(world, "lea");
	const visitor = await arriveSignedIn(world, lea);

	await latchkey("user", "sign-out", lea.username);
	await visitor.send("/account/profile", { name: "Lost" });
	await visitor.look("sign-in", "a form was lost", { error: "title" });
	await visitor.send("/account/sign-in", { name: lea.username, password: good });
	is(world, visitor.path, "/account/", "back to the page of the form");
	is(world, await value(visitor, "name"), "", "nothing of the form is saved");
	await visitor.leave();
}

async function refusing(world) {
	const max = await somebody(world, "max");
	const visitor = await arrive(world);

	const forms = [
		["sign-in", { name: max.username, password: "wrong" }, { name: max.username, password: good }],
		["reset-password", { email: max.email, code: "AAAA-AAAA-AAAA", new: other }, { email: max.email, code: "BBBB-BBBB-BBBB", new: other }],
	];

	for (const [page, wrong, values] of forms) {
		await visitor.open(`/account/${page}`);
		await visitor.inside(async (fields) => {
			/* Ten are free. On a busy machine one may be answered 503, and is not counted. */
			for (let i = 0, said; i < 60 && said !== 429; i++)
				said = (await fetch("", { method: "POST", body: new URLSearchParams(fields) })).status;
		}, wrong);
		visitor.faults.splice(0);
		await visitor.send(`/account/${page}`, values);
		is(world, visitor.response.status(), 429, `${page}: too many tries`);
		await visitor.look(page, "throttled", { error: true });
	}
	await visitor.leave();
}

async function strayed(world) {
	const ned = await somebody(world, "ned");
	const visitor = await arriveSignedIn(world, ned);

	is(world, await visitor.open("/account/nothing/here"), 404, "no such page");
	await visitor.look("error", "no such page", { error: true });
	is(world, await visitor.open("/account/forbidden"), 403, "a page for others");
	await visitor.look("forbidden", "", { error: "title" });
	is(world, await visitor.open("/admin/"), 403, "an administrator's page of the site");
	await visitor.look("forbidden", "in place of the site's page", { error: "title" });
	await visitor.open("/account/problems");
	await visitor.look("problems");
	is(world, await visitor.open("/account/www/0/nothing.css"), 404, "no such file");
	await visitor.lookAtFile("404");
	await visitor.open("/account/password");
	await visitor.page.locator("#current").fill("x".repeat(100000));
	await visitor.page.locator("#new").fill(other);
	await visitor.go(visitor.form("/account/password").locator("button:not([type=button])"));
	is(world, visitor.response.status(), 413, "more than anybody types");
	await visitor.lookAtFile("413");
	await visitor.open("/");
	await visitor.look("start");
	await visitor.leave();
}

// Each page that one can open, in another language.
async function reading(world) {
	const quick = { ...world, quick: true };
	const stranger = await arrive(quick), una = await arriveSignedIn(quick, await somebody(world, "una"));
	const { pages, own } = readable;

	for (const [path, page] of Object.entries(pages)) {
		await stranger.open(path);
		await stranger.look(page, "", { error: /error|forbidden/.test(page) && "title" });
	}
	for (const page of own) {
		await una.open(`/account/${page === "account" ? "" : page}`);
		await una.look(page);
	}
	await stranger.leave();
	await una.leave();
}
const readable = {
	pages: {
		"/account/sign-in": "sign-in", "/account/forgot": "forgot", "/account/reset-password": "reset-password",
		"/account/verify-email": "verify-email", "/account/invitation": "invitation", "/account/register": "register",
		"/account/problems": "problems", "/account/forbidden": "forbidden", "/account/nothing": "error", "/": "start",
	},
	own: ["account", "email", "password", "two-factor", "tokens", "close", "sign-out"],
};

// Pages in a theme of the site's.
export async function dressing(world) {
	const tom = await somebody(world, "tom");
	const visitor = await arrive(world);

	await visitor.open("/account/sign-in");
	is(world, await visitor.page.locator("header img").getAttribute("alt"), world.name, "the logo has the site's name");
	await visitor.look("sign-in", "in a theme");
	await visitor.send("/account/sign-in", { name: tom.username, password: "wrong" });
	await visitor.look("sign-in", "wrong, in a theme", { wrong: "password" });
	await visitor.open("/account/register");
	await visitor.look("register", "in a theme");
	await signIn(visitor, tom);
	await visitor.look("account", "in a theme");
	await visitor.follow("/account/tokens");
	await visitor.look("tokens", "in a theme");
	await visitor.open("/account/two-factor");
	await visitor.send("/account/two-factor/begin");
	await visitor.look("two-factor-enrol", "in a theme");
	await visitor.leave();
}

// All worlds have one clipboard.
let clipboard = Promise.resolve();

function withClipboard(what) {
	clipboard = clipboard.catch(() => {}).then(what);
	return clipboard;
}

// What script adds; and what a password manager goes by: the name and the password in one form, each with its autocomplete,
// the password in a field that is one when the form is sent, and another page after that (its documentation calls that a
// sign-in that has succeeded). t/web-passwords.t drives Chromium's own.
async function helping(world) {
	if (!world.script)
		return;
	const sam = await somebody(world, "sam");
	const visitor = await arrive(world);
	const { page } = visitor;
	const password = page.locator("#password"), show = page.locator("#password + button");

	await visitor.open("/account/sign-in");
	is(world, await page.locator("#name").getAttribute("autocomplete"), "username", "a password manager finds the name");
	is(world, await password.getAttribute("autocomplete"), "current-password", "and the password");
	await password.fill(good);
	await visitor.press(show);
	is(world, await password.getAttribute("type"), "text", "the password is shown");
	await page.evaluate(() => addEventListener("submit", () => {
		sessionStorage.setItem("type", document.querySelector("#password").type);
	}));
	await visitor.send("/account/sign-in", { name: sam.username });
	is(world, await page.evaluate(() => sessionStorage.getItem("type")), "password", "and is one again when it is sent");

	await visitor.open("/account/password");
	is(world, await page.locator("[autocomplete=username]").inputValue(), sam.username, "whose password is changed, by what was typed");
	is(world, await page.locator("#new").getAttribute("autocomplete"), "new-password", "by a new one");
	const rule = page.locator("#rules-new li").first();
	await page.locator("#new").fill("short");
	is(world, await rule.getAttribute("class") ?? "", "", "a rule that is not kept yet");
	await page.locator("#new").fill(other);
	is(world, await rule.getAttribute("class"), "ok", "and is ticked off then");
	await page.locator("#new").focus();
	await page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { modifierCapsLock: true })));
	is(world, await page.locator(".field:has(#new) .caps").innerText(), text(world.language, "caps"), "caps lock is noticed");

	await visitor.open("/account/two-factor");
	await visitor.send("/account/two-factor/begin");
	await visitor.context.grantPermissions(["clipboard-read", "clipboard-write"]);
	is(world, await withClipboard(async () => {
		await visitor.press(page.locator(".secret + button"));
		await page.locator(".secret + button", { hasText: text(world.language, "copied") }).waitFor();
		return page.evaluate(() => navigator.clipboard.readText());
	}), await page.locator(".secret").innerText(), "a secret is copied");
	await visitor.look("two-factor-enrol", "copied");
	await visitor.leave();
}

// What strangers choose, with all that could be taken for something else.
const evil = "<x-evil onclick=alert(1)>\"'&lt;\u202e\u2067{site_url}<script>alert(2)</script>";
const long = "W".repeat(500);

async function shows(visitor, text, name) {
	const shown = await visitor.inside(() => document.body.innerText +
		[...document.querySelectorAll("input")].map((input) => input.value).join(" "));

	report(shown.includes(text) ? [] : [`not there: ${text}`, shown], `${visitor.world.label}: ${name}`);
}

async function attacking(world) {
	const headers = { "Accept-Language": `${world.language}, ${evil.replaceAll(/[^ -~]/g, "")};q=0.5` };
	const evilWorld = { ...world, evil: true, headers, agent: "<x-evil>{site_url}\"'" };
	const visitor = await arrive(evilWorld);
	const next = "/<x-evil>\"'{site_url}<script>alert(3)</script>";

	for (const text of [evil, long]) {
		await visitor.open(`/account/sign-in?next=${encodeURIComponent(text === evil ? next : `/${long}`)}`);
		await visitor.send("/account/sign-in", { name: text, password: text });
		await shows(visitor, text, "the name of a sign-in");
		await visitor.look("sign-in", "an evil name", { wrong: "password" });
		is(world, await value(visitor, "next"), text === evil ? next : `/${long}`, "an evil way back");
		await visitor.open("/account/register");
		await visitor.inside(() => document.querySelectorAll("form").forEach((form) => { form.noValidate = true; }));
		await visitor.send("/account/register", { email: text, username: text, name: text, password: "short" });
		await shows(visitor, text, "what somebody registers with");
		await visitor.open("/account/forgot");
		await visitor.inside(() => document.querySelectorAll("form").forEach((form) => { form.noValidate = true; }));
		await visitor.send("/account/forgot", { email: text });
		await shows(visitor, text, "the address of a forgotten password");
		await visitor.open("/account/verify-email");
		await visitor.inside(() => document.querySelectorAll("form").forEach((form) => { form.noValidate = true; }));
		await visitor.send("/account/verify-email", { email: text, code: text, new: text });
		await shows(visitor, text, "what somebody confirms an address with");
	}
	const mark = "<x-evil>\"'{site_url}&lt;";
	const val = await somebody(world, "val", "--name", mark);
	await signIn(visitor, val);
	await visitor.look("account", "an evil name");
	await shows(visitor, mark, "the name of an account");
	await visitor.send("/account/profile", { name: "W".repeat(120) });
	await visitor.look("account", "a long name");
	await visitor.open("/account/tokens");
	await visitor.send("/account/tokens", { name: mark });
	await visitor.look("token-made", "an evil name");
	await visitor.open("/account/tokens");
	await visitor.send("/account/tokens", { name: "W".repeat(100) });
	await visitor.open("/account/tokens");
	await visitor.look("tokens", "evil names");
	await shows(visitor, mark, "the name of a token");
	await visitor.leave();
}

// The site's first visitor, on the machine itself.
async function beginning(worlds) {
	const visitors = await Promise.all(worlds.map(arrive));

	for (const visitor of visitors) {
		await visitor.open("/");
		await visitor.look("start", "no account yet");
	}
	const visitor = visitors.find((one) => one.world.local);
	if (visitor) {
		await visitor.send("/account/start", { username: "first", email: "first@example.com", password: "short" });
		await visitor.look("start", "weak", { wrong: "password" });
		await visitor.send("/account/start", { password: good });
		await visitor.look("sign-in", "after the first account");
		await visitor.send("/account/sign-in", { password: good });
		await visitor.look("must-enrol", "the first administrator");
	}
	for (const visitor of visitors)
		await visitor.leave();
}

// A program that is away.
async function failing(world) {
	const visitor = await arrive(world);
	const socket = `${process.env.WEB_SOCKETS}/login.sock`;

	await rename(socket, `${socket}.away`);
	is(world, await visitor.open("/account/sign-in"), 503, "a program is away");
	await rename(`${socket}.away`, socket);
	await visitor.lookAtFile("503");
	await visitor.leave();
}

// 11 minutes after the sign-in, what matters is confirmed.
async function confirming(world) {
	const oda = await somebody(world, "oda"), pia = await somebody(world, "pia");
	const visitor = await arriveSignedIn(world, oda);
	const careful = await arriveSignedIn(world, pia, "/account/two-factor");

	await careful.send("/account/two-factor/begin");
	const app = new App(await careful.page.locator("code.secret").innerText());
	await careful.send("/account/two-factor", { code: await app.code() });
	await visitor.open("/account/two-factor");
	await later(async () => {
		await visitor.send("/account/two-factor/begin");
		await visitor.look("confirm", "a form was lost", { error: "title" });
		await visitor.open("/account/close");
		await visitor.look("confirm");
		await visitor.send("/account/confirm", { password: "wrong" });
		await visitor.look("confirm", "wrong", { wrong: "password" });
		await visitor.send("/account/confirm", { password: good });
		is(world, visitor.path, "/account/close", "on to the page after confirming");
		await careful.open("/account/close");
		await careful.look("confirm", "by a code");
		await careful.send("/account/confirm", { code: await app.wrong() });
		await careful.look("confirm", "a wrong code", { wrong: "code" });
		await careful.send("/account/confirm", { code: await app.code() });
		is(world, careful.path, "/account/close", "on to the page after a code");
	});
	await visitor.leave();
	await careful.leave();
}

export const flows = {
	signingIn, sendingNothing, secondFactor, mustEnrol, mustChange, forgotten, registering, invited, ownAccount, newPassword,
	ownTokens, leaving, losing, refusing, strayed, helping, attacking,
};
// For further languages.
export const readers = { reading };
// These change the time of all.
export const lateFlows = { confirming, failing };
// Before anybody has an account: with all worlds at once.
export const firstFlow = beginning;

// admin.mjs - what an administrator does at /account/admin/, where a script shows one view after the other
import { report, text } from "./browser.mjs";
import { arrive, hash, is, signIn } from "./flows.mjs";
import { App, good, imported, latchkey, somebody, until } from "./people.mjs";

// Here administrators have a second factor.
async function arriveAsAdministrator(world) {
	const boss = await somebody(world, "boss", "--admin");
	const visitor = await arrive(world);

	await signIn(visitor, boss, "/account/admin/");
	await visitor.send("/account/two-factor/begin");
	const app = new App(await visitor.page.locator("code.secret").innerText());
	await visitor.send("/account/two-factor", { code: await app.code() });
	await visitor.follow("/account/sign-in?next=/account/admin/");
	await visitor.send("/account/sign-in", { name: boss.username, password: good });
	await visitor.send("/account/second-factor", { code: await app.code() });
	is(world, visitor.path, "/account/admin/", "the way to administration");
	return { visitor, app, boss };
}

class Administrator {
	constructor(visitor) {
		this.visitor = visitor;
		this.page = visitor.page;
		this.world = visitor.world;
	}

	text(key) {
		return text(this.world.language, key).replaceAll("{site}", this.world.name);
	}

	// What a view must be like: one test. In a dialog, Tab goes round.
	async look(state, { refused = false, dialog = false } = {}) {
		const { visitor } = this;
		let faults;

		visitor.world = { ...this.world, quick: dialog };
		try {
			faults = await visitor.lookClosely();
		} catch (fault) {
			faults = [fault.stack];
		}
		visitor.world = this.world;
		faults.push(...visitor.faults.splice(0).filter((one) => !refused || !/^4\d\d: /.test(one)));
		report(faults, `${this.world.label}: admin: ${state}`);
	}

	view(name) {
		return this.visitor.press(this.page.locator(`#parts a[href="#${name}"]`));
	}

	field(name) {
		return this.page.locator(`#view [name="${name}"]`);
	}

	async fill(values) {
		for (const [name, value] of Object.entries(values))
			await this.visitor.enter(this.field(name), value);
	}

	press(selector) {
		return this.visitor.press(this.page.locator(selector).first());
	}

	submit() {
		return this.press("#view form:not([role]) button");
	}

	// Presses what asks first, and says yes.
	async sure(selector, typed) {
		await this.press(selector);
		await this.page.locator("#sure").waitFor();
		if (typed)
			await this.visitor.enter(this.page.locator("#sure-name"), typed);
		await this.press("#sure .danger");
	}

	// One test: that this is said, or shown.
	async says(key, name, selector = ".said") {
		const wanted = this.text(key);
		const shown = this.page.locator(`#view ${selector}`, { hasText: wanted });

		is(this.world, await shown.first().waitFor().then(() => wanted, (fault) => fault.message), wanted, name);
	}

	// What holds between an act's request to the API and the answer.
	async meanwhile(path, act, look) {
		const address = `**/account/api/${path}`;
		let answer;
		const looked = new Promise((resolve) => { answer = resolve; });

		await this.page.route(address, (route) => looked.then(() => route.continue()), { times: 1 });
		await Promise.all([this.page.waitForRequest(address), act()]);
		await look();
		answer();
	}

	// What is shown once, whenever it comes; what is said in its place comes as well, and says why it does not.
	async once(name) {
		await this.page.locator("#view :is(.once code, .said.error)").first().waitFor();
		if (await this.page.locator(".said.error").count())
			throw new Error(`${name}: ${await this.page.locator(".said.error").innerText()}`);
		return this.page.locator(".once code").first().innerText();
	}

	async heading(wanted, name) {
		const heading = this.page.locator("h1:focus", { hasText: wanted });

		is(this.world, await heading.waitFor().then(() => wanted, (fault) => fault.message), wanted, `${name} has the focus`);
	}

	rows() {
		return this.page.locator("#view .list > li");
	}
}

async function inviting(admin, name) {
	const { page, world } = admin;

	await admin.press('a[href="#invite"]');
	await admin.heading(admin.text("admin.invite"), "the heading of an invitation");
	await admin.submit();
	await admin.says("admin.bad-name", "nobody is invited without a name");
	await admin.look("nobody invited", { refused: true });
	await admin.fill({ username: name, full_name: `<x-evil>"'&`, groups: "staff, press" });
	await admin.meanwhile("accounts", () => admin.submit(), async () => {
		is(world, await page.locator(".said").count(), 0, "what was wrong before is not said any more");
	});
	const code = await admin.once("an invitation");
	is(world, await page.locator(".once code").last().innerText(), `${new URL(page.url()).origin}/account/invitation#code=${code}&username=${name}`,
		"a link to hand over");
	is(world, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){2}$/.test(code), true, "a code to hand over");
	await admin.look("invited");
	await admin.press(".once a");
	await admin.heading(name, "the invited account");
	is(world, await admin.field("group_names").inputValue(), "press staff", "with its groups");
	is(world, await admin.field("full_name").inputValue(), `<x-evil>"'&`, "with its name as it is");
	await admin.look("an invited account");
	return code;
}

async function changing(admin, name) {
	const { page, world } = admin;

	await admin.fill({ group_names: "ops", must_change: true });
	await admin.submit();
	await admin.says("admin.saved", "an account is saved");
	is(world, /groups: ops\n[^]*must change: yes/.test(await latchkey("user", "show", name)), true, "and has changed");
	await admin.fill({ enabled: false });
	await admin.submit();
	await page.locator("h1:focus").waitFor();
	is(world, (await latchkey("user", "show", name)).includes("state: disabled"), true, "and is switched off");
	await admin.press("[data-do=code]");
	await admin.says("error.disabled", "no code for an account that is switched off");
	await admin.fill({ enabled: true });
	await admin.submit();
	await page.locator("h1:focus").waitFor();
	await admin.press("[data-do=code]");
	await page.locator(".once code", { hasText: "/account/invitation#code=" }).waitFor();
	await admin.look("another code", { refused: true });
	await admin.sure("[data-do=sessions]");
	await page.locator("h1:focus").waitFor();
	await admin.says("admin.sessions-ended", "its sessions are ended");
}

// Where the password was given too long ago, it is asked for, and then the request is made again.
async function confirming(admin, app) {
	const { page, world, visitor } = admin;
	let stale = true;

	await page.route("**/account/api/accounts/*/sessions", (route) => {
		const answer = { status: 403, contentType: "application/problem+json", body: '{"code":"confirm-required"}' };
		const first = stale;
		stale = false;
		return first ? route.fulfill(answer) : route.continue();
	});
	await admin.sure("[data-do=sessions]");
	await page.locator("#confirm-code:focus").waitFor();
	await admin.look("to be confirmed", { refused: true, dialog: true });
	await visitor.enter(page.locator("#confirm-code"), await app.wrong());
	await page.keyboard.press("Enter");
	await page.locator("#confirm-code[aria-invalid=true]:focus").waitFor();
	is(world, await page.locator("#confirm-error").innerText(), admin.text("error.wrong-app-code"), "a wrong code");
	await admin.look("a wrong code", { refused: true, dialog: true });
	await visitor.enter(page.locator("#confirm-code"), await app.code());
	await page.keyboard.press("Enter");
	await page.locator("h1:focus").waitFor(); // what is said may be from before
	await admin.says("admin.sessions-ended", "what was confirmed is done");
	await admin.press("[data-do=sessions]");
	await page.locator("#sure[open]").waitFor();
	await page.keyboard.press("Escape");
	is(world, await page.locator("[data-do=sessions]:focus").count(), 1, "a person who turns back is where the button is");
}

async function throttled(admin, name) {
	const { page, world } = admin;

	await page.evaluate(async (who) => {
		for (let i = 0; i < 12; i++)
			await fetch("/account/api/session", {
				method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ name: who, password: `${i}` }),
			});
	}, name);
	await page.reload();
	await admin.says("admin.waits", "who has to wait", ".list .tag");
	await admin.look("somebody has to wait", { refused: true });
	await admin.press("[data-do=throttle]");
	await admin.says("admin.cleared", "the wrong tries are forgotten");
	is(world, await page.locator("#view .list .bad").count(), 0, "and nobody has to wait");
	is(world, await page.locator("[data-do=throttle]").isVisible(), false, "nor is there anything to forget");
}

async function deleting(admin, name) {
	const { page, world } = admin;

	await admin.press("[data-do=delete]");
	await admin.visitor.enter(page.locator("#sure-name"), "another");
	await admin.press("#sure .danger");
	is(world, await page.locator("#sure-name:invalid").count(), 1, "another name deletes nothing");
	await admin.look("to be deleted", { dialog: true });
	await page.keyboard.press("Escape");
	await admin.sure("[data-do=delete]", name);
	await admin.says("admin.deleted", "an account is deleted");
	is(world, (await latchkey("user", "list")).includes(`${name}\t`), false, "and gone");
}

async function searching(admin, boss) {
	const { page, world } = admin;
	const long = `${"n".repeat(200)}-${world.id}`;

	await imported({ username: long, email: `${"e".repeat(200)}@${world.id}.example`, hash, name: `<x-evil>&"'\u202e${"w".repeat(80)}` });
	await admin.visitor.enter(page.locator("#prefix"), boss.username);
	await until(async () => await admin.rows().count() === 1, "one account by its name");
	is(world, await admin.rows().locator("a").innerText(), boss.username, "the account of that name");
	const nameless = `nameless-${world.id}@example.com`;
	await imported({ email: nameless, hash });
	await admin.fill({ prefix: nameless });
	await until(async () => (await admin.rows().locator("a").allInnerTexts()).join() === nameless, "one without a username, by its address");
	await admin.fill({ prefix: "nnnnn" });
	await until(async () => (await admin.rows().allInnerTexts()).some((one) => one.includes(long)), "an account with a long name");
	await admin.look("a long name");
	await admin.press(`#view .list a:has-text("${long}")`);
	await admin.heading(long, "an account with a long name");
	await admin.look("an account with a long name");
	is(world, await page.locator("x-evil").count(), 0, "no name is markup");
	await admin.view("accounts");
	await admin.heading(admin.text("admin.accounts"), "the heading of the accounts");
	is(world, await page.locator("#prefix").inputValue(), "nnnnn", "the search is as it was");
}

async function handlingTokens(admin) {
	const { page, world } = admin;
	const name = `backup-${world.id}`;
	const row = `#view .list > li:has-text("${name}")`;

	await admin.view("tokens");
	await admin.heading(admin.text("admin.tokens"), "the heading of the tokens");
	await admin.visitor.unfold("#view details");
	await admin.fill({ token_name: name, permission: "read,write", days: "365" });
	await admin.submit();
	const token = await admin.once("a token");
	const ask = () => page.evaluate(async (secret) => (await fetch("/auth/verify", { headers: { "x-api-key": secret } })).status, token);
	is(world, await ask(), 204, "a service's token is good");
	await admin.look("a token");
	await page.reload();
	await page.locator(`${row} time`).nth(1).waitFor();
	is(world, await page.locator(".once").count(), 0, "it is shown once");
	await admin.sure(`${row} [data-do=rotate]`);
	await page.locator(".once code").waitFor();
	is(world, await ask(), 401, "it is replaced");
	await admin.look("another secret", { refused: true });
	await admin.sure(`${row} [data-do=end]`);
	await admin.says("admin.token-ended", "it is deleted");
	is(world, await page.locator(row).count(), 0, "and gone");
}

async function readingEvents(admin, boss) {
	const { page, world } = admin;

	await admin.view("events");
	await admin.heading(admin.text("admin.events"), "the heading of the events");
	await admin.look("events");
	await admin.fill({ account: boss.username, event: "token-create", outcome: "ok" });
	await admin.press("#view form[role] button");
	const made = admin.text("event.token-create");
	await until(async () => (await admin.rows().allInnerTexts()).every((one) => one.includes(made)), "events of one sort");
	is(world, await admin.rows().count(), 1, "the events of one sort, by one account");
	await admin.fill({ account: "", event: "sign-in", outcome: "refused" });
	await admin.press("#view form[role] button");
	await admin.says("reason.bad-credentials", "why a sign-in was refused, in the person's language", ".list bdi");
	await admin.fill({ account: "nobody-of-that-name" });
	await admin.press("#view form[role] button");
	await admin.says("admin.nobody", "events of nobody");
}

// The session has ended meanwhile.
async function comingBack(admin, boss, app) {
	const { page, world, visitor } = admin;

	await visitor.context.clearCookies();
	await Promise.all([page.waitForURL("**/account/sign-in?**"), admin.view("tokens")]);
	await visitor.send("/account/sign-in", { name: boss.username, password: good });
	await visitor.send("/account/second-factor", { code: await app.code() });
	is(world, new URL(page.url()).hash, "#tokens", "back to the view after signing in");
	visitor.faults.splice(0);
}

export async function administering(world) {
	const { visitor, app, boss } = await arriveAsAdministrator(world);
	const admin = new Administrator(visitor);
	const name = `zoe-${world.id}`;

	if (!world.script) {
		await visitor.look("admin", "without script");
		return visitor.leave();
	}
	await admin.rows().first().waitFor();
	await admin.look("accounts");
	await searching(admin, boss);
	await inviting(admin, name);
	await changing(admin, name);
	await confirming(admin, app);
	await throttled(admin, name);
	await deleting(admin, name);
	await handlingTokens(admin);
	await readingEvents(admin, boss);
	await comingBack(admin, boss, app);
	return visitor.leave();
}

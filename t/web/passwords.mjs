// passwords.mjs - Chromium's own password manager on the pages: what it offers to save, saves, and fills in
//
// It asks in a window of the browser's own, which no page and no protocol of the browser reaches: keys of the X server do.
// --enable-automation, which playwright gives to a browser, would switch it off. What is saved stands in the profile, under
// a key that everybody knows (--password-store=basic).
import { execFileSync } from "node:child_process";
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import { mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { end, report } from "./browser.mjs";
import { good, latchkey, other, somebody, until } from "./people.mjs";

const { chromium } = createRequire(import.meta.url)("playwright-core");
const { WEB_SITE, WEB_SOCKETS } = process.env;
const third = "Third-Harbour-44", fourth = "Fourth-Harbour-45";

function is(got, wanted, name) {
	report(got === wanted ? [] : [`got:    ${got}`, `wanted: ${wanted}`], `a password manager: ${name}`);
}

const profile = mkdtempSync(`${WEB_SOCKETS}/profile-`);
const context = await chromium.launchPersistentContext(profile, {
	executablePath: process.env.CHROMIUM, headless: false, viewport: null, ignoreDefaultArgs: ["--enable-automation"],
	args: ["--no-sandbox", "--test-type", "--password-store=basic", "--window-position=0,0", "--window-size=1000,800"],
});
const page = context.pages()[0];

// What is saved, a line each: the username and the password. The file may be in the middle of a change.
function saved() {
	const read = `
import shutil, sqlite3, sys
shutil.copy(sys.argv[1], sys.argv[2])
for row in sqlite3.connect(sys.argv[2]).execute("select username_value, hex(password_value) from logins order by 1"):
    print(*row)`;
	let rows;

	try {
		rows = execFileSync("/usr/bin/python3", ["-I", "-c", read, `${profile}/Default/Login Data`, `${profile}/copy`], { encoding: "utf8", stdio: "pipe" });
	} catch {
		return "";
	}
	return rows.trim().split("\n").filter(Boolean).map((row) => {
		const [name, secret] = row.split(" ");
		const key = pbkdf2Sync("peanuts", "saltysalt", 1, 16, "sha1");
		const cipher = createDecipheriv("aes-128-cbc", key, Buffer.alloc(16, " "));
		return `${name} ${Buffer.concat([cipher.update(Buffer.from(secret, "hex").subarray(3)), cipher.final()])}`;
	}).join("\n");
}

// Says yes to the browser's question, once it is there, and waits for what is saved then. The page has no focus meanwhile.
async function agree(wanted, name) {
	const after = await until(async () => {
		await page.evaluate(() => document.activeElement?.blur());
		execFileSync("xdotool", ["key", "alt+shift+a", "sleep", "0.3", "key", "Return"]);
		return saved() === wanted && wanted;
	}, name).catch(saved);

	is(after, wanted, name);
}

async function send(action, values) {
	const form = page.locator(`form[action="${action}"]`);

	for (const [name, value] of Object.entries(values)) {
		const field = form.locator(`[name="${name}"]`);
		await field.fill("");
		await field.pressSequentially(value);
	}
	await Promise.all([page.waitForNavigation(), form.locator("button:not([type=button])").click()]);
}

const ann = await somebody({ id: "pm" }, "ann");

await page.goto(`${WEB_SITE}/account/sign-in?next=/account/`);
await send("/account/sign-in", { name: ann.email, password: good });
await agree(`${ann.email} ${good}`, "a sign-in is offered, and saved");

await context.clearCookies();
await page.goto(`${WEB_SITE}/account/sign-in?next=/account/password`);
await page.mouse.click(5, 5); // before a person does something, the page does not see what is filled in
const filled = () => page.evaluate(() => `${document.querySelector("#name").value} ${document.querySelector("#password").value}`);
is(await until(async () => await filled() === `${ann.email} ${good}` && "both", "what is filled in").catch(filled), "both", "the next one is filled in");
await Promise.all([page.waitForNavigation(), page.locator('form[action="/account/sign-in"] button:not([type=button])').click()]);
is(new URL(page.url()).pathname, "/account/password", "and signs in");

await send("/account/password", { current: good, new: other });
await agree(`${ann.email} ${other}`, "a change of the password is the change of what is saved");

// The pages name her by what she has signed in by.
await context.clearCookies();
await page.goto(`${WEB_SITE}/account/sign-in?next=/account/`);
await send("/account/sign-in", { name: ann.username, password: other });
await agree(`${ann.username} ${other}\n${ann.email} ${other}`, "a sign-in by the username is another one");
await page.goto(`${WEB_SITE}/account/password`);
await send("/account/password", { current: other, new: good });
await agree(`${ann.username} ${good}\n${ann.email} ${other}`, "and the change of the password is its change");

// Sets a new password by a mailed link, which has the address.
async function forget(password) {
	const code = (await latchkey("code", "new", ann.username)).trim().split(" ").pop();

	await page.goto(`${WEB_SITE}/account/reset-password#code=${code}&email=${encodeURIComponent(ann.email)}`);
	await page.waitForURL((url) => url.hash === "");
	await send("/account/reset-password", { new: password });
}

const marks = (await context.cookies()).filter((one) => one.name.includes("by-username"));
await context.clearCookies();
await forget(third);
// The page to sign in has the name filled in, and Chromium takes a form with the name that it has just seen for a refusal:
// it asks once the sign-in has succeeded.
is(await page.locator("#name").inputValue(), ann.email, "after a new password by a code the name is filled in");
await send("/account/sign-in", { password: third });
await agree(`${ann.username} ${good}\n${ann.email} ${third}`, "and the sign-in with it is the change of what is saved");

await context.clearCookies();
await context.addCookies(marks);
await forget(fourth);
is(await page.locator("#name").inputValue(), ann.username, "it is the username where she signs in by that");
await send("/account/sign-in", { password: fourth });
await agree(`${ann.username} ${fourth}\n${ann.email} ${third}`, "and what is saved under the username changes");

await context.close();
end();

// screenshots.mjs - takes the pictures for bench/screenshots, into the directory WEB_OUT
import { Visitor, launch, quit } from "../t/web/browser.mjs";
import { App, good, somebody } from "../t/web/people.mjs";

const sizes = { wide: [1280, 860], narrow: [320, 640] };

async function signIn(visitor, name, next) {
	await visitor.open(`/account/sign-in?next=${next}`);
	await visitor.send("/account/sign-in", { name, password: good });
}

// Somebody with a second factor, and with a browser on a phone.
async function enrolled(visitor, person) {
	await signIn(visitor, person.username, "/account/two-factor");
	await visitor.send("/account/two-factor/begin");
	const app = new App(await visitor.page.locator("code.secret").innerText());
	await visitor.send("/account/two-factor", { code: await app.code() });
	return app;
}

async function take(visitor, page, colours, size) {
	await visitor.page.evaluate(() => document.activeElement?.blur());
	await visitor.page.screenshot({ path: `${process.env.WEB_OUT}/${page}-${colours}-${size}.png` });
}

await launch();
const world = { site: process.env.WEB_SITE, name: "Harbour", script: true, language: "en", id: "example" };
const phone = { ...world, width: 320, agent: "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/156.0.0.0 Mobile Safari/537.36" };
const laptop = { ...world, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0" };
const ann = await somebody({ id: "berg" }, "ann", "--name", "Ann Berg");
const root = await somebody({ id: "desk" }, "help", "--admin");
const other = await new Visitor(phone).arrive();

await signIn(other, ann.username, "/account/");
for (const [size, [width, height]] of Object.entries(sizes))
	for (const colours of ["light", "dark"]) {
		const here = { ...laptop, width, height, dark: colours === "dark" };
		let visitor = await new Visitor(here).arrive();

		await visitor.open("/account/sign-in");
		await take(visitor, "sign-in", colours, size);
		await signIn(visitor, ann.username, "/account/");
		await visitor.page.reload();
		await take(visitor, "account", colours, size);
		await visitor.follow("/account/two-factor");
		await visitor.send("/account/two-factor/begin");
		await take(visitor, "two-factor", colours, size);
		await visitor.open("/account/");
		await visitor.send("/account/sign-out");
		await visitor.leave();
	}

// The administrator has the second factor from the first picture on.
let app;
for (const [size, [width, height]] of Object.entries(sizes))
	for (const colours of ["light", "dark"]) {
		const visitor = await new Visitor({ ...laptop, width, height, dark: colours === "dark" }).arrive();

		if (!app) {
			app = await enrolled(visitor, root);
			await visitor.open("/account/sign-in");
		}
		await signIn(visitor, root.username, "/account/admin/");
		await visitor.send("/account/second-factor", { code: await app.code() });
		await visitor.page.locator("#view .list li").first().waitFor();
		await take(visitor, "admin", colours, size);
		await visitor.leave();
	}
await other.leave();
await quit();

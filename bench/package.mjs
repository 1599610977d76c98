// package.mjs NAME - a person signs in at the site WEB_SITE that debian/tests/sign-in serves, for bench/package
import { end, launch, quit, report } from "../t/web/browser.mjs";
import { arrive, is, signIn } from "../t/web/flows.mjs";
import { good } from "../t/web/people.mjs";

const [username] = process.argv.slice(2), site = process.env.WEB_SITE;
const world = { site, name: new URL(site).hostname, script: true, width: 1280, language: "en", label: "a browser" };

async function come() {
	const visitor = await arrive(world);

	await visitor.open("/protected/page.css");
	await visitor.look("sign-in", "on the way to a protected page");
	await visitor.send("/account/sign-in", { name: username, password: "Wrong-Harbour-43" });
	await visitor.look("sign-in", "a wrong password", { wrong: "password" });
	await visitor.send("/account/sign-in", { password: good });
	is(world, visitor.path, "/protected/page.css", "the way back");
	is(world, visitor.response.status(), 200, "and the protected page is there");
	await visitor.open("/account/");
	await visitor.look("account");
	await visitor.send("/account/sign-out");
	await visitor.look("signed-out");
	await signIn(visitor, { username, password: good });
	await visitor.look("account", "once more");
	await visitor.leave();
}

await launch();
try {
	await come();
} catch (fault) {
	report([fault.stack], "the visit comes to its end");
}
await quit();
end();

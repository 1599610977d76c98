// visit.mjs - sends visitors through the pages
//
//   visit.mjs WORLD...       a world is a list of words, such as script-dark-320-de: script or plain, light or dark, how
//                            wide in pixels, a language; and keyboard, for visitors without a mouse; reader, for those who
//                            only open every page, without axe and Tab, which find the same in every language; late, for
//                            those who come back after 11 minutes and do no more; or dressed, for those who see some pages
//                            in a theme of the site's
//
// WEB_FLOWS: the names of some of the flows; none: all. The other variables are those of `visit` in t/web.sh.
import { administering } from "./admin.mjs";
import { end, launch, quit, report } from "./browser.mjs";
import { dressing, firstFlow, flows, lateFlows, readers } from "./flows.mjs";

function worldOf(words) {
	const [script, colours, width, language, ...more] = words.split("-");

	return {
		id: words.replaceAll("-", ""), label: words, site: process.env.WEB_SITE, name: "Harbour", script: script === "script",
		dark: colours === "dark", width: Number(width), language, keyboard: more.includes("keyboard"),
		dressed: more.some((word) => word.startsWith("dressed")),
		reader: more.includes("reader"), quick: more.includes("reader"), late: more.includes("late"), local: process.env.WEB_SITE.startsWith("http:"),
	};
}

async function go(flow, name, world) {
	try {
		await flow(world);
	} catch (fault) {
		report([fault.stack], `${world.label ?? "all"}: ${name} comes to its end`);
	}
}

const wanted = process.env.WEB_FLOWS?.split(" ");
const chosen = (all) => Object.entries(all).filter(([name]) => !wanted || wanted.includes(name));
const worlds = process.argv.slice(2).map((words) => worldOf(words));

await launch();
if (!process.env.WEB_BEGUN && chosen({ beginning: firstFlow }).length)
	await go(firstFlow, "beginning", worlds);
await Promise.all(worlds.map(async (world) => {
	for (const [name, flow] of chosen(world.dressed ? { dressing } : world.reader ? readers : world.late ? {} : { ...flows, administering }))
		await go(flow, name, world);
}));
for (const world of worlds.filter((one) => process.env.WEB_CLOCK && !one.reader && !one.dressed))
	for (const [name, flow] of chosen(lateFlows))
		await go(flow, name, world);
await quit();
end();

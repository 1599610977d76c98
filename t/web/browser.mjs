// browser.mjs - a person's browser for the tests of the pages, and what must hold of each page that it shows
//
// A *world* is how somebody looks at the pages: {site, script, dark, width, language, keyboard}. A *visitor* is somebody
// with a browser of their own in that world. What visitors do is written once, in flows.mjs, and for all worlds: it names
// forms by where they lead and fields by their names, since the texts are in many languages.
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { until } from "./people.mjs";

const require = createRequire(import.meta.url);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

// --- the outcome, as TAP

let tests = 0;

export function report(faults, name) {
	const lines = [...new Set(faults)];

	console.log(`${lines.length ? "not " : ""}ok ${++tests} - ${name}`);
	for (const line of lines)
		console.log(`# ${String(line).replaceAll("\n", "\n# ")}`);
	return lines.length === 0;
}

export function end() {
	console.log(`1..${tests}`);
}

// --- the texts, as page.c reads them

const folders = process.env.WEB_PAGES.split(":");
const texts = new Map();

function readTexts(language) {
	for (const folder of folders) {
		let file;
		try {
			file = readFileSync(`${folder}/${language}.txt`, "utf8");
		} catch {
			continue;
		}
		return new Map(file.split("\n").filter((line) => /^[a-z]/.test(line))
			.map((line) => [line.split("=")[0].trim(), line.slice(line.indexOf("=") + 1).trim()]));
	}
	throw new Error(`no texts for ${language}`);
}

export function text(language, key) {
	if (!texts.has(language))
		texts.set(language, readTexts(language));
	return texts.get(language).get(key) ?? (language === "en" ? undefined : text("en", key));
}

// --- what must hold of each page: functions that are carried into it

function aFrame() {
	return new Promise((done) => requestAnimationFrame(done));
}

function isFocused() {
	const wanted = [...document.querySelectorAll("[autofocus]")].some((element) => element.checkVisibility());

	return !wanted || document.activeElement !== document.body;
}

// What is wrong with a page as it is. `want` is its name, language, and the field that an error is about.
function examine(want) {
	const faults = [];
	const field = want.wrong && document.querySelector(`[name="${want.wrong}"][aria-invalid]`);
	const shown = document.querySelector(want.wrong ? `#error-${field?.id}` : "main .error");
	const say = (holds, fault) => holds || faults.push(fault);

	say(document.body.classList.contains(`page-${want.page}`), `the page is ${document.body.className}`);
	say(document.title === want.title, `the title is "${document.title}", not "${want.title}"`);
	say(document.documentElement.lang === want.language, `lang is "${document.documentElement.lang}"`);
	say(document.documentElement.dir === want.direction, `dir is "${document.documentElement.dir}"`);
	say(document.querySelectorAll("h1").length === 1, "not one h1");
	say(want.evil || !/[{}]/.test(document.body.innerText), `a mark is left: ${document.body.innerText.match(/.*[{}].*/)}`);
	say(!document.querySelector("x-evil"), "a value has made an element");
	for (const element of document.querySelectorAll("body [style],script:not([src]),style"))
		faults.push(`style or script in the page: ${element.outerHTML}`);
	say(want.error === "title" || !!want.error === !!shown, shown ? `it says "${shown.textContent}"` : "no text says what is wrong");
	if (want.wrong && field) {
		say(field.getAttribute("aria-describedby")?.split(" ").includes(shown?.id), "the field is not described by its error");
		say(want.moved || document.activeElement === field, "the focus is not in the wrong field");
	} else if (want.wrong) {
		faults.push(`no field ${want.wrong} is marked as wrong`);
	} else if (want.error === true && document.querySelector("form")) {
		say(document.activeElement === shown, "the focus is not on what is wrong");
	}
	say(document.querySelectorAll("[aria-invalid]").length === (want.wrong ? 1 : 0), "other fields are marked as wrong");
	for (const form of document.querySelectorAll("form[method=post]"))
		say([...form.elements].some((element) => element.name), `lynx would send this by GET, since it has no field: ${form.action}`);
	for (const input of document.querySelectorAll("input[type=password]"))
		say(/^(current|new)-password$/.test(input.autocomplete), `${input.name} has autocomplete "${input.autocomplete}"`);
	for (const form of document.querySelectorAll("form:has(input[type=password])"))
		say(form.querySelector("[autocomplete=username]") || form.dataset.username,  // of whom only the link knows the name
			"a password manager sees no user name beside the password");
	return faults;
}

// Texts that are in no language file. Those of the test language have no plain vowel.
function findForeign(known) {
	const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	const faults = [];

	while (walker.nextNode()) {
		const node = walker.currentNode;
		const rest = node.textContent.replaceAll(/\S+@\S+/g, "").replaceAll(new RegExp(known, "g"), "");
		if (/[aeiou]/i.test(rest) && !node.parentElement.closest("code,bdi,time,option,script"))
			faults.push(`no text of the language: "${node.textContent.trim()}"`);
	}
	return faults;
}

function isWide() {
	return document.documentElement.scrollWidth > innerWidth;
}

function setSize(size) {
	document.documentElement.style.fontSize = size;
	if (size === "")
		document.documentElement.removeAttribute("style");
}

// Puts the start of Tab to the begin of the page. Returns how many controls there are.
function beginTab() {
	document.body.tabIndex = -1;
	document.body.focus();
	document.body.removeAttribute("tabindex");
	document.activeElement?.blur?.();
	return [...document.querySelectorAll("a[href],button,input:not([type=hidden]),select,textarea,summary")]
		.filter((element) => element.tabIndex >= 0 && !element.disabled && element.checkVisibility()).length;
}

function whereTab() {
	const element = document.activeElement, style = getComputedStyle(element);

	return {
		place: [...document.querySelectorAll("*")].indexOf(element),
		name: `${element.localName} ${element.name || element.textContent.trim().slice(0, 30)}`,
		seen: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
	};
}

// The test language is nobody's, and axe has not heard of it.
async function runAxe(tags) {
	const found = await globalThis.axe.run(document, { runOnly: tags, resultTypes: ["violations"], preload: false });

	return found.violations.map((one) => ({ ...one, nodes: one.nodes.filter((node) => !node.html.includes('lang="qps"')) }))
		.filter((one) => one.nodes.length)
		.map((one) => `axe ${one.id}: ${one.help} (${one.nodes.map((node) => node.target).join(" ")})`);
}

// --- what is known

// A page that was well is not looked at closely once more: axe and Tab find the same where the document, its style, the
// colours and the width are the same. WEB_KNOWN names the file in which bench/pages keeps what is known.
const { WEB_KNOWN } = process.env;
const known = new Set(WEB_KNOWN && existsSync(WEB_KNOWN) ? readFileSync(WEB_KNOWN, "utf8").split("\n") : []);

// All that axe and Tab go by.
function portray() {
	const rules = [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules].map((rule) => rule.cssText));

	return { document: document.documentElement.outerHTML, style: rules.join() };
}

// Of a portrait. What each round has another of (names, ids, codes, times) has a digit in it, or is in a <code>.
function nameOf({ width, dark }, portrait) {
	const plain = portrait.document.replaceAll(/(<code[^>]*>)[^<]*| d="[^"]*"/g, "$1").replaceAll(/[\w-]*\d[\w-]*/g, "0");

	return createHash("sha256").update(JSON.stringify([width, dark, portrait.style, plain])).digest("hex");
}

function learn(name) {
	known.add(name);
	if (WEB_KNOWN)
		appendFileSync(WEB_KNOWN, `${name}\n`);
}

// --- a browser

let browser;

export async function launch() {
	browser = await chromium.launch({
		executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
		// root has no sandbox; *.test are names for this machine
		args: ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"],
	});
}

export async function quit() {
	await browser.close();
}

export class Visitor {
	constructor(world) {
		this.world = world;
		this.faults = [];
	}

	async arrive() {
		const { world } = this;

		this.context = await browser.newContext({
			baseURL: world.site, viewport: { width: world.width, height: world.height ?? 800 }, colorScheme: world.dark ? "dark" : "light",
			javaScriptEnabled: world.script, locale: world.language, reducedMotion: "reduce", ignoreHTTPSErrors: true,
			extraHTTPHeaders: world.headers, userAgent: world.agent,
		});
		this.page = await this.context.newPage();
		this.page.setDefaultTimeout(60000); // as until() in people.mjs: other tests may have the machine
		await this.listen();
		return this;
	}

	async leave() {
		await this.context.close();
	}

	// No message, no report, no other host, no file that is not there.
	async listen() {
		const { page, faults } = this;
		const host = new URL(this.world.site).host;

		this.cdp = await this.context.newCDPSession(page);
		await this.cdp.send("Audits.enable");
		this.cdp.on("Audits.issueAdded", ({ issue }) => {
			if (!this.isExpected(issue))
				faults.push(`issue: ${JSON.stringify(issue)}`);
		});
		page.on("console", (message) => {
			// Neither the status of a page is a fault, nor that signing out clears the cache.
			if (!/^Failed to load resource|^Clear-Site-Data header/.test(message.text()))
				faults.push(`console: ${message.text()}`);
		});
		page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
		page.on("dialog", (dialog) => faults.push(`dialog: ${dialog.message()}`) && dialog.dismiss());
		page.on("request", (request) => {
			if (/^https?:/.test(request.url()) && new URL(request.url()).host !== host)
				faults.push(`another host: ${request.url()}`);
		});
		page.on("response", (response) => {
			if (response.status() >= 400 && !response.request().isNavigationRequest())
				faults.push(`${response.status()}: ${response.url()}`);
		});
	}

	isExpected(issue) {
		return (this.world.expected ?? []).includes(issue.code);
	}

	// evaluate() in a page whose own scripts do not run, too.
	async inside(what, argument) {
		if (this.world.script)
			return this.page.evaluate(what, argument);
		await this.cdp.send("Emulation.setScriptExecutionDisabled", { value: false });
		try {
			return await this.page.evaluate(what, argument);
		} finally {
			await this.cdp.send("Emulation.setScriptExecutionDisabled", { value: true });
		}
	}

	async open(path) {
		this.response = await this.page.goto(path);
		await this.settle();
		return this.response?.status(); // none where only the fragment is another
	}

	// Nobody does anything before the page is drawn. The browser heeds autofocus just before that, and page.js moves the
	// focus just then. Without script nothing is told of it.
	settle() {
		if (this.world.script)
			return this.page.evaluate(aFrame);
		return until(() => this.inside(isFocused), "the focus on the field that is to have it");
	}

	get path() {
		const url = new URL(this.page.url());
		return url.pathname + url.search;
	}

	form(action) {
		return this.page.locator(`form[action="${action}"]`);
	}

	// Fills in the form that leads there, and sends it. `nth`: which of several such forms.
	async send(action, values = {}, nth = 0) {
		const form = this.form(action).nth(nth);
		const button = form.locator("button:not([type=button])");

		for (const [name, value] of Object.entries(values))
			await this.enter(form.locator(`[name="${name}"]:not([type=hidden])`), value);
		await this.go(button);
	}

	// Follows the link that leads there.
	async follow(path) {
		await this.go(this.page.locator(`a[href="${path}"]`).first());
	}

	// Presses what leads to another page, and waits for that.
	async go(control) {
		[this.response] = await Promise.all([this.page.waitForNavigation(), this.press(control)]);
		await this.settle();
	}

	async press(control) {
		if (!this.world.keyboard)
			return control.click();
		await this.reach(control);
		return this.page.keyboard.press("Enter");
	}

	async enter(field, value) {
		if (value === true || value === false)
			return this.check(field, value);
		if (await field.evaluate((element) => element.localName === "select"))
			return field.selectOption(value);
		if (!this.world.keyboard)
			return field.fill(value);
		await this.reach(field);
		await this.page.keyboard.press("Control+A");
		return this.page.keyboard.insertText(value);
	}

	async check(field, value) {
		if (!this.world.keyboard)
			return field.setChecked(value);
		await this.reach(field);
		if (await field.isChecked() !== value)
			await this.page.keyboard.press("Space");
	}

	// Presses Tab until that control has the focus, as somebody without a mouse does.
	async reach(control) {
		for (let presses = 0; presses < 100; presses++) {
			if (await control.evaluate((element) => element === document.activeElement))
				return;
			await this.page.keyboard.press("Tab");
		}
		throw new Error(`no Tab leads to ${control}`);
	}

	// Opens a <details>.
	async unfold(selector = "details") {
		await this.press(this.page.locator(`${selector} > summary`).first());
	}

	// The same of a page that the web server has of its own: it is no template of ours.
	async lookAtFile(state) {
		let faults;

		try {
			faults = await this.lookClosely({ file: true });
			if (!await this.page.title())
				faults.push("no title");
		} catch (fault) {
			faults = [fault.stack];
		}
		report([...faults, ...this.faults.splice(0)], `${this.world.label}: the web server's page: ${state}`);
	}

	// The page that is there is PAGE, and all holds that must hold of a page: one test. `error`: it says that something is
	// wrong, or only the title says so ("title"); `wrong`: in that field; `moved`: the focus is elsewhere meanwhile.
	async look(page, state = "", { error = false, wrong = null, moved = false } = {}) {
		const { language } = this.world;
		const prefix = error || wrong ? `${text(language, "error-prefix")} ` : "";
		const want = {
			page, language, wrong, moved, evil: this.world.evil, error: error || !!wrong, direction: text(language, "direction"),
			title: `${prefix}${text(language, `title.${page}`)} - ${this.world.name}`,
		};
		let faults;

		await this.page.waitForLoadState();
		try {
			faults = await this.inside(examine, want);
			faults.push(...await this.lookClosely());
		} catch (fault) {
			faults = [fault.stack];
		}
		const good = report([...faults, ...this.faults.splice(0)], `${this.world.label}: ${page}${state && `: ${state}`}`);
		if (!good && process.env.WEB_PICTURES)
			await this.page.screenshot({ path: `${process.env.WEB_PICTURES}/${page}-${state}.png`.replaceAll(" ", "-"), fullPage: true });
	}

	async lookClosely({ file = false } = {}) {
		const { evil, id, language, name } = this.world;
		const faults = [];

		if (await this.inside(isWide))
			faults.push("it scrolls sideways");
		if (language === "qps" && !evil && !file)
			faults.push(...await this.inside(findForeign, `${name}|[a-z]+-${id}|backup|Chrome|Linux`));
		if (this.world.width <= 320) {
			await this.inside(setSize, "200%");
			if (await this.inside(isWide))
				faults.push("it scrolls sideways with text of 200 %");
			await this.inside(setSize, "");
		}
		const page = !this.world.quick && nameOf(this.world, await this.inside(portray));
		if (!page || known.has(page))
			return faults;
		await this.inside(axe);
		faults.push(...await this.inside(runAxe, rules), ...await this.walk());
		if (!faults.length)
			learn(page);
		return faults;
	}

	// Tab reaches each control, in the order of the page, and one sees where it is.
	async walk() {
		const faults = [];
		const controls = await this.inside(beginTab);

		for (let i = 0, last = -1; i < controls; i++) {
			await this.page.keyboard.press("Tab");
			const at = await this.inside(whereTab);
			if (at.place <= last)
				faults.push(`Tab ${i + 1} of ${controls} goes back to ${at.name}`);
			if (!at.seen)
				faults.push(`one does not see the focus on ${at.name}`);
			last = at.place;
		}
		return faults;
	}
}

// people.mjs - the accounts of a test's visitors, their mails and their authenticator apps
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

const { WEB_CLI, WEB_CLOCK, WEB_CONF, WEB_SINK, WEB_TOP } = process.env;

export const good = "Quiet-Harbour-42", other = "Other-Harbour-43";

function run(file, words, input = "") {
	return new Promise((resolve, reject) => {
		const child = execFile(file, words, (error, said, complaint) => error ? reject(new Error(complaint)) : resolve(said));
		child.stdin.on("error", () => {}); // not every command reads it
		child.stdin.end(input);
	});
}

export function latchkey(...words) {
	return run(WEB_CLI, ["--config", WEB_CONF, ...words], `${good}\n`);
}

export function imported(account) {
	return run(WEB_CLI, ["--config", WEB_CONF, "import", "-"], `${JSON.stringify(account)}\n`);
}

// until CONDITION: what it returns as soon as that is something.
export async function until(condition, what) {
	for (const end = Date.now() + 60000; Date.now() < end; await sleep(50)) {
		const value = await condition();
		if (value)
			return value;
	}
	throw new Error(`nothing comes: ${what}`);
}

// somebody(WORLD, NAME, OPTION...): an account, whose password is good.
export async function somebody(world, name, ...options) {
	const username = `${name}-${world.id}`, email = `${username}@example.com`;

	await latchkey("user", "add", username, "--email", email, "--verified", ...options);
	return { username, email, password: good };
}

// --- mails

const seen = new Set();

// The next mail for that address: {text, link, code}.
export async function mailTo(address) {
	const name = await until(async () => {
		for (const file of (await readdir(WEB_SINK)).filter((one) => one.endsWith(".eml") && !seen.has(one)).sort())
			if ((await readFile(`${WEB_SINK}/${file.replace(".eml", ".to")}`, "utf8")).trim().toLowerCase() === address.toLowerCase())
				return file;
		return null;
	}, `a mail for ${address}`);

	seen.add(name);
	const { text } = JSON.parse(await run("/usr/bin/python3", [`${WEB_TOP}/t/sink.py`, "show", `${WEB_SINK}/${name}`]));
	return { text, link: text.match(/https?:\S+/)?.[0], code: text.match(/[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}/)?.[0] };
}

// --- an authenticator app (RFC 6238)

export class App {
	constructor(secret) {
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
		const bits = [...secret.replaceAll(/\s/g, "")].map((one) => letters.indexOf(one).toString(2).padStart(5, "0")).join("");

		this.key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
		this.last = 0;
	}

	at(step) {
		const counter = Buffer.alloc(8);
		counter.writeBigUInt64BE(BigInt(step));
		const mac = createHmac("sha1", this.key).update(counter).digest();
		const number = mac.readUInt32BE(mac.at(-1) & 15) & 0x7fffffff;

		return String(number % 1000000).padStart(6, "0");
	}

	// A code that has not been used. The programs take that of the next step, too, and so two of them come without waiting.
	// Each is good for 30 seconds more, at least.
	async code() {
		const now = () => (Date.now() / 1000 + ahead) / 30;

		await until(() => this.last < Math.floor(now()) + 1, "the next step");
		this.last = Math.max(this.last + 1, Math.floor(now()));
		return this.at(this.last);
	}

	async wrong() {
		const now = Math.floor((Date.now() / 1000 + ahead) / 30);
		const right = [-2, -1, 0, 1, 2].map((step) => this.at(now + step));

		return ["000000", "111111", "222222", "333333", "444444", "555555"].find((one) => !right.includes(one));
	}
}

// --- the time

let ahead = 0;

// While WHAT runs, it is 11 minutes later for the programs.
export async function later(what) {
	await writeFile(WEB_CLOCK, "");
	ahead = 660;
	try {
		return await what();
	} finally {
		await rm(WEB_CLOCK);
		ahead = 0;
	}
}

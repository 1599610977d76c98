// edge-impulse.mjs - calls of the npm package edge-impulse-api, for edge-impulse.t; NODE_PATH says where that is
//
//   edge-impulse.mjs URL
//
// Each line of standard input is a call: METHOD, WHERE, TOKEN and BODY, between tabs. METHOD is one of the client's, such
// as login.login; WHERE is where it puts the token, if anywhere: x-api-key, cookie, x-jwt-token (its own numbers for them
// are below) or bearer. Answers with a line: what the client returns, or `refused: ` and what it throws.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const { EdgeImpulseApi } = createRequire(import.meta.url)("edge-impulse-api");
const endpoint = process.argv[2];
const apiKeys = { "x-api-key": 0, cookie: 1, "x-jwt-token": 2 };

for await (const line of createInterface({ input: process.stdin })) {
	const [method, where, token, body] = line.split("\t");
	const [group, name] = method.split(".");
	const api = new EdgeImpulseApi({ endpoint });

	if (where === "bearer")
		api.user.accessToken = token;
	else if (where)
		api.user.setApiKey(apiKeys[where], token);
	try {
		console.log(JSON.stringify(await api[group][name](JSON.parse(body))));
	} catch (error) {
		console.log(`refused: ${error.message}`);
	}
}

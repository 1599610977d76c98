// jose.mjs - tokens through npm's jose, for jose.t; NODE_PATH says where that is
//
//   jose.mjs read TOKEN    the header and the claims of a token of ours, or why jose refuses it
//   jose.mjs make TOKEN    tokens after the pattern of one of ours, a line each: STATUS, tab, WHAT, tab, TOKEN
//
// STATUS is what /auth/verify owes to such a token. The secret is LATCHKEY_JWT_SECRET.
import { createRequire } from "node:module";

const { SignJWT, UnsecuredJWT, decodeJwt, decodeProtectedHeader, jwtVerify } = createRequire(import.meta.url)("jose");
const [command, token] = process.argv.slice(2);
const secret = new TextEncoder().encode(process.env.LATCHKEY_JWT_SECRET);

async function read() {
	const { protectedHeader, payload } = await jwtVerify(token, secret, {
		algorithms: ["HS256"],
		typ: "JWT",
		issuer: "latchkey",
		requiredClaims: ["sub", "iat", "exp", "jti"],
	});
	console.log(JSON.stringify({ header: protectedHeader, claims: payload }));
}

async function make() {
	const ourHeader = decodeProtectedHeader(token);
	const ours = decodeJwt(token);

	async function made(status, what, { header = {}, claims = {}, key = secret }) {
		const jwt = new SignJWT({ ...ours, ...claims }).setProtectedHeader({ ...ourHeader, ...header });
		console.log([status, what, await jwt.sign(key)].join("\t"));
	}

	await made(204, "the same claims", {});
	await made(204, "a longer life", { claims: { exp: ours.exp + 3600 } });
	await made(401, "another secret", { key: new TextEncoder().encode("another") });
	await made(401, "HS384", { header: { alg: "HS384" } });
	await made(401, "HS512", { header: { alg: "HS512" } });
	await made(401, "no kid", { header: { kid: undefined } });
	await made(401, "another kid", { header: { kid: "0123456789abcdef" } });
	await made(401, "another typ", { header: { typ: "at+jwt" } });
	await made(401, "expired", { claims: { exp: ours.iat - 1 } });
	await made(401, "nbf in the future", { claims: { nbf: ours.iat + 3600 } });
	await made(401, "another iss", { claims: { iss: "somebody" } });
	await made(401, "aud", { claims: { aud: ["latchkey"] } });
	await made(401, "role raised", { claims: { role: "admin" } });
	await made(401, "another epoch", { claims: { epoch: ours.epoch + 1 } });
	console.log([401, "no signature", new UnsecuredJWT(ours).encode()].join("\t"));
}

await { read, make }[command]();

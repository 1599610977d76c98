// openapi.mjs - what redocly's linter finds in an OpenAPI document: a line for each fault; NODE_PATH says where it is
//
//   openapi.mjs DOCUMENT
import { createRequire } from "node:module";

const { createConfig, lint } = createRequire(import.meta.url)("@redocly/openapi-core");
const config = await createConfig({
	extends: ["recommended-strict"],
	rules: {
		// Some examples are of what is refused; openapi.py looks at the others.
		"no-invalid-media-type-examples": "off",
		// `default` stands for them.
		"operation-4xx-response": "off",
	},
});

try {
	for (const { ruleId, message, location } of await lint({ ref: process.argv[2], config }))
		console.log(`${location[0].pointer}: ${message} (${ruleId})`);
} catch (error) {
	console.log(error.message); // it is no YAML
}

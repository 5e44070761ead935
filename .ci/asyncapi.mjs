// The channels' document as AsyncAPI's own parser reads it: `node asyncapi.mjs FILE` ends with 1 when it finds an error or a warning.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const { Parser } = createRequire(process.env.NODE_PATH + "/")("@asyncapi/parser");

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const found = diagnostics.filter(({ severity }) => severity < 2);
for (const { message, path, range } of found) console.error(`line ${range.start.line + 1}: ${path.join(".")}: ${message}`);
if (!document || found.length) process.exit(1);
console.log(`asyncapi: ${document.allChannels().length} channels, ${document.allMessages().length} messages`);

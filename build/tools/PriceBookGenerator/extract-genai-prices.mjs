// Writes the price list inside the npm package @pydantic/genai-prices as JSON:
//   node extract-genai-prices.mjs PACKAGE/dist/index.js > genai-prices.json
// The package keeps it as the first statement of its bundle, `const E = [ ... ]`, and does not export it.
import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";

const source = readFileSync(process.argv[2], "utf8");
const start = source.indexOf("[");
const end = source.indexOf("\n]", start);
process.stdout.write(JSON.stringify(runInNewContext(`(${source.slice(start, end + 2)})`)));

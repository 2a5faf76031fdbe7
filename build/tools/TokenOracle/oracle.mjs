// Encodes texts with OpenAI's tiktoken (WebAssembly), for comparison with ours: see README.md.
import { createWriteStream, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [packageFolder, encodingName, textFile, idsFile] = process.argv.slice(2);
if (!idsFile) {
  console.error("Usage: node oracle.mjs FOLDER-OF-TIKTOKEN-PACKAGE o200k_base|cl100k_base TEXT-FILE IDS-FILE");
  process.exit(2);
}

const require = createRequire(import.meta.url);
const tiktoken = require(path.resolve(packageFolder, "tiktoken.cjs"));
const encoding = tiktoken.get_encoding(encodingName);

// One text a line, as `tokens --lines` counts them. For each: the number of tokens, then their ids, as little-endian int32.
const lines = readFileSync(textFile, "utf8").split("\n");
if (lines.at(-1) === "") lines.pop();

const output = createWriteStream(idsFile);
let tokens = 0;
for (const line of lines) {
  const ids = encoding.encode_ordinary(line);
  tokens += ids.length;
  const record = Buffer.alloc(4 + 4 * ids.length);
  record.writeInt32LE(ids.length, 0);
  ids.forEach((id, i) => record.writeInt32LE(id, 4 + 4 * i));
  if (!output.write(record)) await new Promise((resolve) => output.once("drain", resolve));
}

output.end();
console.log(`${lines.length} texts, ${tokens} tokens`);

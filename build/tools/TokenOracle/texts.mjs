// Writes texts that meet every rule of the patterns and every class of characters: see README.md.
import { createWriteStream } from "node:fs";

const [file] = process.argv.slice(2);
if (!file) {
  console.error("Usage: node texts.mjs FILE");
  process.exit(2);
}

const output = createWriteStream(file);
const write = async (line) => {
  if (!output.write(line + "\n")) await new Promise((resolve) => output.once("drain", resolve));
};

// Beyond plane 3 only the tags and variation selectors of plane 14 are assigned; of the rest, a sample.
for (let c = 0; c <= 0x10ffff; c++) {
  const unassigned = c > 0x32400 && !(c >= 0xe0000 && c < 0xe0200);
  if (c === 10 || (c >= 0xd800 && c < 0xe000) || (unassigned && c % 997 !== 0)) continue;
  const ch = String.fromCodePoint(c);
  await write(`a${ch}b A${ch}B 1${ch}2 ${ch}${ch} !${ch}!${ch}a  ${ch}'s${ch} ${ch} \r${ch}\t${ch}x`);
}

const fragments = [
  ..."aBéÉǅʰ中の\u0301ः1²Ⅷ٣ \t\u00a0\u3000\r!/'_-\u200dſK\x85\u2028\x00\ufffd😀𐐀𐐨𝟘",
  ..."'s 'S 'll 'LL 're 'Ve 'ſ 👩‍👩‍👧 <|endoftext|> word Word WORD camelCase 안녕 ไทย हिन्दी العربية // {\"a\":1}".split(" "),
  " the", "the ", "    ",
];
let state = 7;
const random = (n) => ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 8) % n;
for (let line = 0; line < 60000; line++) {
  await write(Array.from({ length: 1 + random(40) }, () => fragments[random(fragments.length)]).join(""));
}

for (const alphabet of ["ab", "abcdefghijklmnopqrstuvwxyz", "abcABC", "0123456789", "!@#$%^&*()", "の中日本語", "😀😁👍", " ", "-=", "a", "aaaaab"]) {
  const letters = [...alphabet];
  for (let line = 0; line < 30; line++) {
    await write(Array.from({ length: 50 + random(3000) }, () => letters[random(letters.length)]).join(""));
  }
}

output.end();

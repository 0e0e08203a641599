// Prints how large the built program is, as it is and compressed, and fails if it is too large.
//
//   node scripts/web-size.mjs [FOLDER]      by default dist/

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";

/** What a person may have to wait for: 2.3 MB. */
const LIMIT = 2_300_000;

const folder = process.argv[2] ?? "dist";
const files = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
if (files.length !== 1) {
  console.error(`expected one .wasm file in ${folder}, found ${files.length}`);
  process.exit(1);
}
const program = readFileSync(join(folder, files[0]));
const { length } = brotliCompressSync(program, {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 11,
    [constants.BROTLI_PARAM_LGWIN]: 24,
    [constants.BROTLI_PARAM_SIZE_HINT]: program.length,
  },
});
console.log(`${files[0]}: ${program.length} bytes, ${length} with brotli, limit ${LIMIT}`);
if (length > LIMIT) {
  console.error(`too large by ${length - LIMIT} bytes`);
  process.exit(1);
}

// Compares what `--sweep short --out FOLDER` wrote with V8: node v8.mjs FOLDER
// Traps are told from exceptions, not from each other; all NaNs are one; memories are not looked at.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const view = new DataView(new ArrayBuffer(8));
const toValue = ([type, bits]) => {
  view.setBigUint64(0, BigInt(bits), true);
  switch (type) {
    case "i32": return view.getInt32(0, true);
    case "i64": return view.getBigInt64(0, true);
    case "f32": return view.getFloat32(0, true);
    case "f64": return view.getFloat64(0, true);
  }
};
const same = (a, b) => a.length === b.length && a.every((value, at) => Object.is(value, b[at]));

const folder = process.argv[2];
let differences = 0;
for (const file of readdirSync(folder).filter((name) => name.endsWith(".wasm"))) {
  let module;
  try {
    module = new WebAssembly.Module(readFileSync(join(folder, file)));
  } catch (error) {
    console.log(`${file}: left out: ${error.message.slice(0, 120)}`);
    continue;
  }
  const { changes, calls } = JSON.parse(readFileSync(join(folder, file.replace(".wasm", ".json")), "utf8"));
  let instance = new WebAssembly.Instance(module);
  let compared = 0;
  for (const [func, args, end] of calls) {
    if (changes) instance = new WebAssembly.Instance(module);
    let got;
    try {
      const result = instance.exports[func](...args.map(toValue));
      got = result === undefined ? [] : Array.isArray(result) ? result : [result];
    } catch (error) {
      // A function whose type has vectors.
      if (error instanceof TypeError) continue;
      got = error instanceof WebAssembly.Exception ? "exception" : "trap";
    }
    compared += 1;
    const expected = typeof end === "string" ? end : end.map(toValue);
    if (typeof end === "string" || typeof got === "string" ? got !== expected : !same(got, expected)) {
      differences += 1;
      if (differences < 40) console.log(`${file} ${func}(${args.map(toValue)}): ${expected}, V8 ${got}`);
    }
  }
  console.log(`${file}: ${compared} calls compared`);
}
console.log(`${differences} differences`);
process.exit(differences ? 1 : 0);

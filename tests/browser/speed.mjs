// How fast programs run in the built page, in millions of instructions a second, and beside the same
// session in the native build if what that printed is given:
//
//   stepwell-bench session kernels.wasm > native.txt     (tests/bench; writes kernels.wasm as well)
//   node tests/browser/speed.mjs kernels.wasm [native.txt]

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { Scene } from "./harness.mjs";
import { serve } from "./serve.mjs";

const [kernels, native] = process.argv.slice(2);
const rates = new Map();
for (const line of native ? (await readFile(native, "utf8")).split("\n") : []) {
  const [name, rate] = line.trim().split(/\s+/);
  if (name?.startsWith("session.")) rates.set(name.slice("session.".length), Number(rate));
}

const project = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const server = await serve(process.env.DIST ?? join(project, "dist"), "/");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});
const scene = new Scene(browser, server.url, join(project, "target", "browser"));
try {
  const app = await scene.openPage();
  // Drawn in software, a large page takes the processor from the programs that run in it.
  await app.page.setViewportSize({ width: 240, height: 160 });
  const bytes = [...(await readFile(kernels))];
  await app.page.evaluate((bytes) => window.stepwell.open("k.wasm", new Uint8Array(bytes)), bytes);
  const open = await app.waitForState(({ modules }) => modules.some(({ name }) => name === "k"), "the module");
  const module = open.modules.find(({ name }) => name === "k");
  const functions = module.exports.filter(({ type }) => type?.startsWith("func"));
  // The best of some rounds: in the first ones the browser compiles what it finds worth it.
  const best = new Map(functions.map(({ name }) => [name, 0]));
  for (const name of Array(4).fill([...best.keys()]).flat()) {
    await app.apply({ Start: { module: module.key, export: name, args: ["2000000000"] } });
    await app.apply("Continue");
    await app.page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_000)));
    await app.apply("Pause");
    const state = await app.waitForState(({ run }) => run.state !== "running", "the pause");
    best.set(name, Math.max(best.get(name), state.speed / 1e6));
    await app.apply("Stop");
  }
  const ratios = [];
  for (const [name, rate] of best) {
    const ratio = rates.get(name) / rate;
    if (ratio) ratios.push(ratio);
    console.log(`page.${name.padEnd(20)} ${rate.toFixed(1).padStart(10)} M/s ${ratio ? ratio.toFixed(2) : ""}`);
  }
  if (ratios.length > 0) {
    const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
    console.log(`page.native_to_page.geometric_mean ${mean.toFixed(2)} x`);
  }
} finally {
  await scene.close();
  await browser.close();
  await server.close();
}

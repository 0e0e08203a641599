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
  const bytes = [...(await readFile(kernels))];
  await app.page.evaluate((bytes) => window.stepwell.open("k.wasm", new Uint8Array(bytes)), bytes);
  const open = await app.waitForState(({ modules }) => modules.some(({ name }) => name === "k"), "the module");
  const module = open.modules.find(({ name }) => name === "k");
  const ratios = [];
  for (const { name, type } of module.exports) {
    if (!type?.startsWith("func")) continue;
    await app.apply({ Start: { module: module.key, export: name, args: ["2000000000"] } });
    await app.apply("Continue");
    // Some rounds of everything, so that the browser has compiled what it compiles.
    await app.waitForState(({ clock }) => clock > 60_000_000, "some work");
    await app.apply("Pause");
    const state = await app.waitForState(({ run }) => run.state !== "running", "the pause");
    const rate = state.speed / 1e6;
    const ratio = rates.get(name) / rate;
    if (ratio) ratios.push(ratio);
    console.log(`page.${name.padEnd(20)} ${rate.toFixed(1).padStart(10)} M/s ${ratio ? ratio.toFixed(2) : ""}`);
    await app.apply("Stop");
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

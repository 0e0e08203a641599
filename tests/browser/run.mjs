// Runs the scenes of all *.test.mjs files beside this one in headless Chromium.
//
//   node tests/browser/run.mjs [PART OF A NAME]
//
// DIST       the built page, by default dist/ of the project
// CHROMIUM   the browser, by default /usr/bin/chromium

import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { Scene, takeScenes } from "./harness.mjs";
import { serve } from "./serve.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const project = join(here, "..", "..");
const screenshots = join(project, "target", "browser");
const wanted = process.argv[2] ?? "";

/** No scene needs longer, even with software rendering; in milliseconds. */
const SCENE_LIMIT = 180_000;

function within(limit, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${limit / 1000} s`)), limit);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// In a subfolder, since that is how many hosts publish a page.
const server = await serve(process.env.DIST ?? join(project, "dist"), "/some/folder/");
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});

let passed = 0;
let failed = 0;
try {
  const files = (await readdir(here)).filter((name) => name.endsWith(".test.mjs")).sort();
  for (const file of files) {
    await import(`./${file}`);
    for (const { name, run } of takeScenes()) {
      if (!name.includes(wanted)) continue;
      const started = performance.now();
      const scene = new Scene(browser, server.url, screenshots);
      try {
        await within(SCENE_LIMIT, run(scene));
        scene.assertNoProblems();
        passed += 1;
        console.log(`ok      ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
      } catch (error) {
        failed += 1;
        console.log(`FAILED  ${name}\n${error.stack ?? error}`);
        await scene.screenshotAll(`failed-${file.replace(".test.mjs", "")}-${failed}`);
      } finally {
        await scene.close();
      }
    }
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(`${passed} passed, ${failed} failed`);
// A run without a scene proves nothing.
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

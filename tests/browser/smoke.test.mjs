import assert from "node:assert/strict";
import { scene } from "./harness.mjs";

scene("the page shows that it loads, then the program", async ({ openPage, coloursOf }) => {
  // The program is held back until the loading state has been looked at.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  const app = await openPage({
    untilReady: false,
    context: { colorScheme: "dark" },
    before: ({ page }) =>
      page.route("**/*.wasm", async (route) => {
        await held;
        await route.continue();
      }),
  });

  const loading = app.page.locator("#stepwell-loading");
  await loading.waitFor({ state: "visible" });
  assert.equal(await app.loadingState(), "loading");
  assert.match(await loading.innerText(), /Stepwell[^]*See WebAssembly run[^]*Loading/);
  await app.screenshot("loading");

  release();
  await app.waitForReady();
  await loading.waitFor({ state: "hidden" });
  assert.equal(typeof (await app.state()), "object");
  assert.equal(typeof (await app.rects()), "object");

  const canvas = await app.page.locator("#stepwell-canvas").boundingBox();
  assert.deepEqual(canvas, { x: 0, y: 0, width: 1280, height: 800 });
  await app.nextFrame();
  const { colours, largest } = await coloursOf(await app.screenshot("smoke"));
  assert.ok(colours > 1 && largest < 0.99, `the page is blank: ${colours} colours, ${largest}`);
});

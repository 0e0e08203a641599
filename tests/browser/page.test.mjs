// The page around the program: what it says when the program cannot come.

import assert from "node:assert/strict";
import { scene } from "./harness.mjs";

scene("the program is fetched once", async ({ openPage }) => {
  const app = await openPage();
  assert.equal(app.requests.filter((path) => path.endsWith(".wasm")).length, 1);
});

scene("a browser without WebGL 2 is told so", async ({ openPage }) => {
  const app = await openPage({
    untilReady: false,
    before: async (app) => {
      app.expectProblems(/cannot run in this browser/);
      await app.page.addInitScript(() => {
        const getContext = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...options) {
          return kind === "webgl2" ? null : getContext.call(this, kind, ...options);
        };
        // What a worker finds is what the page would.
        window.Worker = class {
          constructor() {
            setTimeout(() => this.onmessage({ data: false }));
          }
          terminate() {}
        };
      });
    },
  });
  assert.match(await app.failureText(), /^This browser has no WebGL 2\./);
  await app.screenshot("no-webgl2");
});

scene("a browser without workers is asked as well", async ({ openPage }) => {
  const app = await openPage({
    untilReady: false,
    before: async (app) => {
      app.expectProblems(/cannot run in this browser/);
      await app.page.addInitScript(() => {
        const getContext = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...options) {
          return kind === "webgl2" ? null : getContext.call(this, kind, ...options);
        };
        delete window.Worker;
      });
    },
  });
  assert.match(await app.failureText(), /^This browser has no WebGL 2\./);
});

scene("a program that does not arrive is reported", async ({ openPage }) => {
  const app = await openPage({
    untilReady: false,
    before: async (app) => {
      app.expectProblems(/\.wasm/, /Failed to load resource/, /Failed to fetch/);
      await app.page.route("**/*.wasm", (route) => route.abort());
    },
  });
  assert.match(await app.failureText(), /^Stepwell could not be loaded\..*TypeError: Failed to fetch/);
  await app.screenshot("not-loaded");
});

scene("a program that is damaged is reported", async ({ openPage }) => {
  const app = await openPage({
    untilReady: false,
    context: { colorScheme: "light", reducedMotion: "reduce" },
    before: async (app) => {
      app.expectProblems(/\.wasm/, /integrity/);
      await app.page.route("**/*.wasm", (route) =>
        route.fulfill({ contentType: "application/wasm", body: "not WebAssembly" }),
      );
    },
  });
  assert.match(await app.failureText(), /^Stepwell could not be loaded\..*CompileError/);
  await app.screenshot("damaged");
});

scene("a script that is missing is reported", async ({ openPage }) => {
  const app = await openPage({
    untilReady: false,
    before: async (app) => {
      app.expectProblems(/stepwell-web/, /Failed to load resource/);
      await app.page.route("**/stepwell-web-*.js", (route) => route.fulfill({ status: 404 }));
    },
  });
  assert.match(await app.failureText(), /^Stepwell could not be loaded\./);
});

scene("a program that ends later is reported over what it has drawn", async ({ openPage }) => {
  const app = await openPage();
  await app.page.evaluate(() =>
    window.dispatchEvent(
      new CustomEvent("stepwell-failed", { detail: { message: "a fault, for the test" } }),
    ),
  );
  assert.match(await app.failureText(), /^Stepwell has stopped\..*a fault, for the test$/);
  await app.screenshot("stopped");
});

scene("without JavaScript the page says what it needs", async ({ openPage }) => {
  const app = await openPage({
    untilReady: false,
    context: { javaScriptEnabled: false },
    before: (app) => app.expectProblems(/\.m?js csp$/),
  });
  const text = app.page.locator("noscript p");
  await text.waitFor({ state: "visible" });
  assert.match(await text.innerText(), /needs JavaScript/);
  await app.screenshot("no-javascript");
});

scene("a program that cannot start is reported in its own words", async ({ openPage }) => {
  const app = await openPage({
    untilReady: false,
    // The program never arrives, so that this is the only report.
    before: ({ page }) => page.route("**/*.wasm", () => {}),
  });
  await app.page.locator("#stepwell-progress").waitFor({ state: "visible" });
  await app.page.evaluate(() =>
    window.dispatchEvent(
      new CustomEvent("stepwell-failed", { detail: { message: "no graphics device" } }),
    ),
  );
  assert.match(await app.failureText(), /^Stepwell could not start\..*no graphics device$/);
});

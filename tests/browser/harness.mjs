// What the scenes are written with. A scene is a name and a function; it gets a `Browser` whose
// `openPage` answers with an `AppPage`. Whatever the page reports as an error fails the scene.
//
//   import { scene } from "./harness.mjs";
//   import assert from "node:assert/strict";
//
//   scene("a step counts one instruction", async ({ openPage }) => {
//     const app = await openPage();
//     await app.clickRect("step");
//     await app.waitForState((state) => state.executed === 1, "one instruction");
//   });

import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** How long a page may take to reach a state, in milliseconds. Software rendering is slow. */
const PATIENCE = 60_000;

const scenes = [];

/** Registers a scene; the runner calls the function with `{ openPage, coloursOf }`. */
export function scene(name, run) {
  scenes.push({ name, run });
}

/** The scenes that were registered since the last call. */
export function takeScenes() {
  return scenes.splice(0);
}

/** The page with Stepwell in it. */
export class AppPage {
  /** What went wrong in the page: errors of the console, of scripts and of requests. */
  problems = [];
  /** The path of every request, in order. */
  requests = [];
  #expected = [];
  #aborted = [];
  #ready = false;
  #screenshots;

  constructor(page, context, screenshots) {
    this.page = page;
    this.context = context;
    this.#screenshots = screenshots;
    page.on("console", (message) => {
      if (message.type() === "error") this.#problem(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#problem(`script: ${error.message ?? error}`));
    page.on("crash", () => this.#problem("the page crashed"));
    page.on("request", (request) => this.requests.push(new URL(request.url()).pathname));
    page.on("requestfailed", (request) => {
      const reason = request.failure()?.errorText;
      const problem = `request: ${request.url()} ${reason}`;
      // Chromium gives up a request that it preloaded and then finds to have already, or whose page
      // is left. That matters only to a page that does not become ready.
      this.#problem(problem, reason === "net::ERR_ABORTED" ? this.#aborted : this.problems);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) this.#problem(`request: ${response.url()} ${response.status()}`);
    });
  }

  #problem(text, problems = this.problems) {
    if (!this.#expected.some((pattern) => pattern.test(text))) problems.push(text);
  }

  /** Everything that went wrong. */
  get allProblems() {
    return this.#ready ? this.problems : [...this.problems, ...this.#aborted];
  }

  /** Errors that this scene provokes on purpose. Call it before they happen. */
  expectProblems(...patterns) {
    this.#expected.push(...patterns);
  }

  /** "loading", "ready" or "failed". */
  loadingState() {
    return this.page.evaluate(() => document.getElementById("stepwell-loading").dataset.state);
  }

  /** Waits until the program is there; throws the page's own message if it fails. */
  async waitForReady() {
    await this.page.waitForFunction(
      () => document.getElementById("stepwell-loading")?.dataset.state !== "loading",
      undefined,
      { polling: "raf", timeout: PATIENCE },
    );
    if ((await this.loadingState()) !== "ready") {
      throw new Error(`the page says: ${await this.failureText()}`);
    }
    this.#ready = true;
  }

  /** Waits until the page says why it cannot go on, and answers with what it says. */
  async failureText() {
    const failure = this.page.locator("#stepwell-failure");
    await failure.waitFor({ state: "visible", timeout: PATIENCE });
    return (await failure.innerText()).replace(/\s+/g, " ").trim();
  }

  /** The state of the session, as the JS handle tells it. */
  state() {
    return this.page.evaluate(() => window.stepwell.state());
  }

  /** Applies a command, an object or a name; fails if the session refuses it. */
  async apply(command) {
    const problem = await this.page.evaluate((given) => window.stepwell.apply(given), command);
    assert.equal(problem, null, JSON.stringify(command));
  }

  /** The named widgets: `{ name: [x, y, width, height] }`, in CSS pixels. */
  rects() {
    return this.page.evaluate(() => window.stepwell.rects());
  }

  /** Drops files on the page, given as `{ name: bytes or text }`. */
  async drop(files) {
    const given = Object.entries(files).map(([name, content]) => [name, [...Buffer.from(content)]]);
    await this.page.evaluate((files) => {
      const dataTransfer = new DataTransfer();
      for (const [name, bytes] of files) {
        dataTransfer.items.add(new File([new Uint8Array(bytes)], name));
      }
      const canvas = document.getElementById("stepwell-canvas");
      for (const type of ["dragover", "drop"]) {
        canvas.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
      }
    }, given);
    await this.nextFrame();
  }

  /** Waits for the next frame, so that what was done can show. */
  nextFrame() {
    return this.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => drawn())));
  }

  /** Asks `look` once a frame until it answers with something other than null. */
  async #poll(what, look) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      const { found, seen } = await look();
      if (found !== null) return found;
      if (Date.now() > deadline) {
        throw new Error(`waited in vain for ${what}; last seen: ${JSON.stringify(seen)?.slice(0, 2000)}`);
      }
      await this.nextFrame();
    }
  }

  /** Waits until `predicate(state)` holds; answers with that state. */
  waitForState(predicate, what = predicate.toString()) {
    return this.#poll(what, async () => {
      const seen = await this.state();
      return { found: predicate(seen) ? seen : null, seen };
    });
  }

  /** Waits until a named widget is there and rests in its place for a frame. */
  waitForRect(name) {
    let before = "";
    return this.#poll(`the widget "${name}"`, async () => {
      const seen = await this.rects();
      const rect = seen[name];
      const now = JSON.stringify(rect);
      const rests = rect !== undefined && now === before;
      before = now;
      return { found: rests ? rect : null, seen: Object.keys(seen) };
    });
  }

  /** Clicks into the middle of a named widget. */
  async clickRect(name, options = {}) {
    const [x, y, width, height] = await this.waitForRect(name);
    await this.page.mouse.click(x + width / 2, y + height / 2, options);
    await this.nextFrame();
  }

  /** Saves target/browser/NAME.png and answers with its bytes. */
  async screenshot(name) {
    await mkdir(this.#screenshots, { recursive: true });
    const png = await this.page.screenshot();
    await writeFile(join(this.#screenshots, `${name}.png`), png);
    return png;
  }
}

/** Opens pages in one browser for one scene and closes them behind it. */
export class Scene {
  #browser;
  #url;
  #screenshots;
  #apps = [];

  constructor(browser, url, screenshots) {
    this.#browser = browser;
    this.#url = url;
    this.#screenshots = screenshots;
    this.openPage = this.openPage.bind(this);
    this.coloursOf = this.coloursOf.bind(this);
  }

  /**
   * Opens the page and waits until the program is there.
   *
   * `query`       what follows the address, such as "?example=memory"
   * `size`        of the window, 1280x800
   * `context`     further options of the browser context, such as `{ colorScheme: "dark" }`
   * `before`      called with the AppPage before the page is opened, to route requests or add scripts
   * `untilReady`  false to go on as soon as the page itself is loaded
   */
  async openPage({ query = "", size = { width: 1280, height: 800 }, context = {}, before, untilReady = true } = {}) {
    const opened = await this.#browser.newContext({ viewport: size, ...context });
    const app = new AppPage(await opened.newPage(), opened, this.#screenshots);
    this.#apps.push(app);
    await before?.(app);
    await app.page.goto(this.#url + query, { waitUntil: untilReady ? "load" : "commit" });
    if (untilReady) await app.waitForReady();
    return app;
  }

  /**
   * How many colours a picture has, and which part of it the most frequent one covers:
   * a blank picture has one colour that covers 1.
   */
  async coloursOf(png) {
    const context = await this.#browser.newContext();
    try {
      const page = await context.newPage();
      return await page.evaluate(async (base64) => {
        const image = new Image();
        image.src = `data:image/png;base64,${base64}`;
        await image.decode();
        const canvas = new OffscreenCanvas(image.width, image.height);
        const drawing = canvas.getContext("2d");
        drawing.drawImage(image, 0, 0);
        const pixels = new Uint32Array(drawing.getImageData(0, 0, image.width, image.height).data.buffer);
        const counts = new Map();
        for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
        return { colours: counts.size, largest: Math.max(...counts.values()) / pixels.length };
      }, Buffer.from(png).toString("base64"));
    } finally {
      await context.close();
    }
  }

  /** Fails if a page reported an error. */
  assertNoProblems() {
    assert.deepEqual(this.#apps.flatMap((app) => app.allProblems), [], "the page reported errors");
  }

  /** Pictures of all pages as they are now, for the one who looks into a failure. */
  async screenshotAll(name) {
    for (const [i, app] of this.#apps.entries()) {
      await app.screenshot(`${name}-${i + 1}`).catch(() => {});
    }
  }

  async close() {
    for (const app of this.#apps) await app.context.close();
  }
}

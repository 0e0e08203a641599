// What a person does with the page: steps, answers host calls, opens files.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { scene } from "./harness.mjs";

/** Why the machine stands still, "running" or "idle". */
const reason = ({ run }) => run.reason ?? run.state;

/** What the pointers and lengths of a host call mean. */
const textsOf = (call) => call.strings.map(({ text }) => text);

/** The key of an open module. */
const keyOf = (state, wanted) => state.modules.find(({ name }) => name === wanted).key;

scene("a step counts one instruction, by button and by key", async ({ openPage }) => {
  const app = await openPage();
  await app.waitForState((state) => reason(state) === "started", "the first example is ready");
  await app.clickRect("toolbar.StepInto");
  await app.waitForState((state) => state.clock === 1, "one instruction");
  await app.page.keyboard.press("F11");
  await app.waitForState((state) => state.clock === 2, "two instructions");
  await app.page.keyboard.press("F10");
  await app.waitForState((state) => state.clock > 2, "a step over");
  await app.screenshot("stepping");
});

scene("two modules: the host call names its caller and reads the caller's memory", async ({ openPage }) => {
  const app = await openPage({ query: "?example=attribution" });
  await app.clickRect("toolbar.Continue");
  const state = await app.waitForState((state) => state.pending, "the pending call");
  const call = state.pending;
  assert.equal(call.import, "env.print");
  assert.deepEqual(call.frames.map(({ label }) => label), ["b.foo", "a.main"]);
  assert.deepEqual(call.args, ["i32:16", "i32:12"]);
  assert.deepEqual(textsOf(call), ["hello from b"]);
  await app.screenshot("pending-call");

  await app.clickRect("host_calls.return");
  // The run goes on by itself.
  const done = await app.waitForState((state) => reason(state) === "done", "the end");
  assert.equal(done.host_calls.length, 1);
  assert.deepEqual(textsOf(done.host_calls[0]), ["hello from b"]);
  await app.screenshot("answered");
});

scene("a result is typed in, and a wrong one is not sent", async ({ openPage }) => {
  const app = await openPage({ query: "?example=host_imports" });
  await app.page.keyboard.press("F5");
  await app.waitForState((state) => state.pending?.import === "env.print", "print is called");
  await app.clickRect("host_calls.return");
  await app.waitForState((state) => state.pending?.import === "env.random", "random is called");

  const write = async (text) => {
    await app.clickRect("host_calls.result.0", { clickCount: 3 });
    await app.page.keyboard.press("Control+A");
    await app.page.keyboard.type(text);
    await app.nextFrame();
  };
  await write("many");
  await app.clickRect("host_calls.return");
  assert.equal((await app.state()).pending.import, "env.random", "still waiting");
  await write("41");
  await app.clickRect("host_calls.return");
  const state = await app.waitForState((state) => state.pending?.import === "env.ask_number", "the game goes on");
  assert.deepEqual(state.host_calls.map(({ answer }) => answer?.returned), [[], ["i32:41"], undefined]);
});

scene("F5 runs and does not reload the page", async ({ openPage }) => {
  const app = await openPage();
  await app.page.evaluate(() => (window.stillHere = true));
  await app.page.keyboard.press("F5");
  const state = await app.waitForState((state) => reason(state) === "done", "the run ends");
  assert.deepEqual(state.run.results, ["i64:120"]);
  assert.equal(await app.page.evaluate(() => window.stillHere), true);
});

scene("an endless run does not freeze the page and is paused", async ({ openPage }) => {
  const app = await openPage();
  await app.drop({ "endless.wat": '(module (func (export "main") loop br 0 end))' });
  const open = await app.waitForState((state) => state.modules.some(({ name }) => name === "endless"), "the file");
  await app.apply({ Start: { module: keyOf(open, "endless"), export: "main", args: [] } });
  await app.apply("Continue");
  await app.waitForState((state) => state.clock > 1_000_000, "a million instructions");
  // Every frame answers; the browser's own clock says how soon.
  const longest = await app.page.evaluate(async () => {
    let longest = 0;
    let last = performance.now();
    for (let frame = 0; frame < 30; frame += 1) {
      await new Promise((drawn) => requestAnimationFrame(drawn));
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }
    return longest;
  });
  console.log(`        longest of 30 frames: ${longest.toFixed(0)} ms, drawn by the processor`);
  await app.page.keyboard.press("F6");
  const paused = await app.waitForState((state) => reason(state) === "paused", "paused");
  await app.nextFrame();
  assert.equal((await app.state()).clock, paused.clock, "it stands still");
});

scene("files are dropped: modules in binary and text, and what is neither", async ({ openPage }) => {
  const app = await openPage();
  const folder = new URL("../../assets/examples/", import.meta.url);
  await app.drop({
    "checksum.wasm": await readFile(new URL("rust_checksum/checksum.wasm", folder)),
    "arithmetic.wat": await readFile(new URL("arithmetic.wat", folder), "utf8"),
  });
  const names = ({ modules }) => modules.map(({ name }) => name);
  await app.waitForState((state) => names(state).includes("checksum") && names(state).includes("arithmetic"), "both files");
  await app.drop({ "holiday.png": Buffer.from([0x89, 0x50, 0x4e, 0x47]) });
  const state = await app.waitForState(({ files }) => files.length > 0, "what is no module is a file of the program's");
  assert.deepEqual(state.files.map(({ path }) => path), ["holiday.png"]);
  assert.ok(state.notices.some(({ text }) => text.includes("holiday.png")), JSON.stringify(state.notices));
  await app.screenshot("dropped");
});

scene("the file dialog opens modules", async ({ openPage }) => {
  const app = await openPage();
  const chosen = app.page.waitForEvent("filechooser");
  await app.clickRect("toolbar.Open");
  const path = new URL("../../assets/examples/memory.wat", import.meta.url).pathname;
  await (await chosen).setFiles(path);
  await app.waitForState(({ modules }) => modules.some(({ name }) => name === "memory"), "the module");
});

scene("the handle opens, commands and reads", async ({ openPage }) => {
  const app = await openPage();
  const text = '(module (memory 1) (data (i32.const 4) "abc") (func (export "f") (result i32) i32.const 4 i32.load8_u))';
  await app.page.evaluate((text) => window.stepwell.open("m.wat", new TextEncoder().encode(text)), text);
  const open = await app.waitForState(({ modules }) => modules.some(({ name }) => name === "m"), "the module");
  await app.apply({ Start: { module: keyOf(open, "m"), export: "f", args: [] } });
  await app.apply({ StepBy: 2 });
  const state = await app.state();
  assert.equal(state.clock, 2);
  assert.deepEqual(state.frames[0].operands, ["i32:97"]);
  assert.deepEqual(await app.page.evaluate(() => [...window.stepwell.memory(0, 3, 5)]), [0, 97, 98, 99, 0]);
  assert.equal(await app.page.evaluate(() => window.stepwell.memory(0, 65_535, 2)), null);
  assert.match(await app.page.evaluate(() => window.stepwell.apply("Fly")), /^no such command/);
  assert.match(await app.page.evaluate(() => window.stepwell.apply({ Close: 999 })), /module/);
});

for (const colorScheme of ["dark", "light"]) {
  scene(`the page follows the ${colorScheme} theme of the system`, async ({ openPage, coloursOf }) => {
    const app = await openPage({ query: "?example=memory", context: { colorScheme } });
    await app.apply({ StepBy: 200 });
    await app.nextFrame();
    await app.nextFrame();
    const { colours } = await coloursOf(await app.screenshot(`theme-${colorScheme}`));
    assert.ok(colours > 50, `${colours} colours`);
  });
}

scene("layout and theme are kept in the browser", async ({ openPage }) => {
  const app = await openPage();
  await app.apply({ SetTheme: "Light" });
  await app.apply({ TogglePanel: "Memory" });
  // Kept when the page is left.
  await app.page.reload();
  await app.waitForReady();
  const state = await app.state();
  assert.equal(state.theme, "Light");
  await app.rects();
  await app.nextFrame();
  await app.waitForRect("panel.Code");
  assert.equal((await app.rects())["panel.Memory"], undefined);
});

scene("an example that is not there is told, and another one opened", async ({ openPage }) => {
  const app = await openPage({ query: "?example=nonsense" });
  const state = await app.state();
  assert.ok(state.modules.length > 0);
  assert.ok(state.notices.some(({ text }) => text.includes("nonsense")), JSON.stringify(state.notices));
});

// Host functions in the page: who calls, what they await, what programs read and write.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { scene } from "./harness.mjs";

/** Why the machine stands still, "running" or "idle". */
const reason = ({ run }) => run.reason ?? run.state;

/** What programs have written. */
const written = ({ console }) =>
  console.filter(({ stream }) => stream !== "input").map(({ text }) => text).join("");

scene("strings of two modules are read from the memory of whoever calls", async ({ openPage }) => {
  const app = await openPage({ query: "?example=attribution" });
  await app.clickRect("toolbar.Continue");
  const { pending, memories } = await app.waitForState((state) => state.pending, "the pending call");
  assert.deepEqual(pending.frames.map(({ label }) => label), ["b.foo", "a.main"]);
  const [{ memory, address, length, text }] = pending.strings;
  assert.equal(text, "hello from b");
  assert.match(memories.find((known) => known.address === memory).label, /^b:/);
  const bytes = await app.page.evaluate((of) => [...window.stepwell.memory(...of)], [memory, address, length]);
  assert.equal(String.fromCharCode(...bytes), text);
  // At the same address of the other module's memory there is something else.
  const other = memories.find(({ label }) => label.startsWith("a:")).address;
  const others = await app.page.evaluate((of) => [...window.stepwell.memory(...of)], [other, address, length]);
  assert.notDeepEqual(others, bytes);
});

scene("a host function awaits the page's timer while another task goes on", async ({ openPage }) => {
  const app = await openPage({ query: "?example=async_tasks" });
  const started = await app.waitForState((state) => state.tasks.length === 2, "two tasks");
  assert.deepEqual(started.tasks.map(({ executed }) => executed), [0, 0]);
  // Every promise that the page's timer keeps.
  await app.page.evaluate(() => {
    window.timers = [];
    const set = window.setTimeout;
    window.setTimeout = (done, time, ...rest) => {
      if (time === 200) window.timers.push(performance.now());
      return set(done, time, ...rest);
    };
  });
  await app.apply("Continue");
  const waiting = await app.waitForState(
    ({ tasks: [clock, count] }) => clock.state === "awaits" && count.executed > 10_000,
    "one awaits, the other computes",
  );
  assert.equal(waiting.tasks[0].call, "timer.sleep");
  const early = waiting.tasks[1].executed;
  const later = await app.waitForState(
    ({ tasks: [clock, count] }) => clock.state === "awaits" && count.executed > early,
    "the other goes on",
  );
  assert.ok(later.clock > waiting.clock);
  await app.screenshot("two-tasks");
  const done = await app.waitForState(
    ({ tasks }) => tasks.every(({ state }) => state.done),
    "both have returned",
  );
  assert.deepEqual(done.tasks[0].state.done, ["i32:5"]);
  assert.equal(written(done), "1\n2\n3\n4\n5\n");
  const timers = await app.page.evaluate(() => window.timers);
  assert.equal(timers.length, 5, "each sleep was a timer of the page");
  assert.ok(timers.at(-1) - timers[0] >= 4 * 200, `${timers}`);
});

scene("a program of WASI asks, and a person types", async ({ openPage }) => {
  const app = await openPage({ query: "?example=wasi_echo" });
  await app.apply("Continue");
  const asking = await app.waitForState((state) => state.awaits_input, "it waits for a line");
  assert.equal(written(asking), "What is your name? ");
  await app.screenshot("asks-for-a-name");
  await app.apply({ TypeLine: "Grace" });
  const done = await app.waitForState((state) => reason(state) === "done", "the end");
  assert.equal(written(done), "What is your name? Hello, Grace!\n");
});

scene("a program finds the files that were put there, and leaves its own", async ({ openPage }) => {
  const app = await openPage({ query: "?example=wasi_files" });
  await app.apply({ PutFile: { path: "mine/first.txt", bytes: [104, 105] } });
  await app.apply("Continue");
  const done = await app.waitForState((state) => reason(state) === "done", "the end");
  assert.match(written(done), /\nmine\n/);
  assert.deepEqual(done.files.map(({ path }) => path), ["mine", "mine/first.txt", "notes.txt"]);
});

scene("a run that was recorded elsewhere is opened and gone back through", async ({ openPage }) => {
  const app = await openPage();
  const file = await readFile(new URL("../recordings/version-1.stepwell", import.meta.url));
  await app.page.evaluate((bytes) => window.stepwell.open("run.stepwell", new Uint8Array(bytes)), [...file]);
  const end = await app.waitForState(
    (state) => state.modules[0].name === "wasi_args" && reason(state) === "done",
    "the end of the recorded run",
  );
  assert.equal(written(end), "wasi_args.wat\na\nb\nc\nSECRET=no\n");
  await app.apply({ SeekTo: 200 });
  const past = await app.waitForState((state) => state.past.is_past, "a moment of it");
  assert.equal(past.clock, 200);
  assert.ok(written(end).startsWith(written(past)) && written(past).length < written(end).length);
  assert.equal(past.frames.at(-1).label, "wasi_args._start");
  await app.screenshot("recorded");
});

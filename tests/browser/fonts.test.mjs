// Text in the scripts of the world: fonts come when a text needs them, and not before.

import assert from "node:assert/strict";
import { scene } from "./harness.mjs";

const TEXT = "नमस्ते दुनिया\\n你好 世界 한국\\nسلام دنیا\\n🎉\\n";

const PROGRAM = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\${Buffer.byteLength(TEXT.replaceAll("\\n", "\n")).toString(16)}\\00\\00\\00")
  (data (i32.const 16) "${TEXT}")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

scene("fonts are fetched when a text needs them", async ({ openPage }) => {
  const app = await openPage();
  const fetched = () => app.requests.filter((path) => path.includes("/fonts/")).map((path) => path.split("/").pop());
  await app.drop({ "scripts.wat": PROGRAM });
  const { modules } = await app.waitForState(
    (state) => state.modules.some(({ name }) => name === "scripts"),
    "the module",
  );
  assert.deepEqual(fetched(), [], "nothing needs them yet");
  const { key } = modules.find(({ name }) => name === "scripts");
  await app.apply({ Start: { module: key, export: "_start", args: [] } });
  await app.apply("Continue");
  await app.waitForState(({ console }) => console.some(({ text }) => text.includes("سلام")), "the text");
  await app.apply({ RevealPanel: "Console" });
  const shaped = ["arabic.ttf", "devanagari.ttf"];
  for (const end = Date.now() + 30_000; !shaped.every((name) => fetched().includes(name)); ) {
    assert.ok(Date.now() < end, `fetched: ${fetched()}`);
    await app.nextFrame();
  }
  // What has arrived is used, and not fetched again.
  await app.page.waitForLoadState("networkidle");
  for (let frame = 0; frame < 10; frame += 1) await app.nextFrame();
  assert.equal(new Set(fetched()).size, fetched().length, `fetched: ${fetched()}`);
  assert.ok(!fetched().includes("hebrew.ttf") && !fetched().includes("thai.ttf"), `fetched: ${fetched()}`);
  await app.screenshot("scripts");
});

#!/usr/bin/env bash
# wasmtime 50.0.1 (PyPI): a WASI function that takes and gives no address still ends the program where the
# module exports no memory. `sched_yield` answers 0 in a module that exports one, and raises "missing required
# memory export" in one that has a memory of its own, or none. So a module that only yields, closes a
# descriptor or ends itself cannot run there without an export that it does not use.
#
#   ./findings/wasmtime-wasi-needs-memory.sh
#
# Seen 2026-11-28 with Python 3.11:
#   exported: 0
#   kept: missing required memory export
#   none: missing required memory export
# Fails if that changes.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/python"
"$folder/python/bin/pip" --quiet --disable-pip-version-check install wasmtime==50.0.1
cat > "$folder/try.py" << 'PY'
import wasmtime

MEMORIES = {
    "exported": '(memory (export "memory") 1)',
    "kept": "(memory 1)",
    "none": "",
}
TEXT = """(module
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  %s
  (func (export "run") (result i32) (call $yield)))"""

engine = wasmtime.Engine()
for name, memory in MEMORIES.items():
    store = wasmtime.Store(engine)
    store.set_wasi(wasmtime.WasiConfig())
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    instance = linker.instantiate(store, wasmtime.Module(engine, TEXT % memory))
    try:
        answer = instance.exports(store)["run"](store)
    except wasmtime.WasmtimeError as error:
        answer = str(error).splitlines()[-1].strip()
    print(f"{name}: {answer}")
PY
found="$("$folder/python/bin/python" "$folder/try.py")"
expected='exported: 0
kept: missing required memory export
none: missing required memory export'
printf '%s\n' "$found"
[ "$found" = "$expected" ]

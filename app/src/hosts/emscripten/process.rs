//! The end of the program, messages, and calls of the system.

use stepwell_engine::{HostError, HostResult};

use super::super::Stream;
use super::super::call::{Call, trap};
use super::super::memory;
use super::{Does, Entry};

/// "Function not implemented", in Emscripten's numbering.
const ENOSYS: i64 = 52;

pub(super) const FUNCTIONS: &[Entry] = &[
    Entry("abort", &["v", "vi", "vp"], Does::At(abort)),
    Entry("_abort_js", &["v"], Does::At(abort)),
    Entry("__assert_fail", &["vppip"], Does::At(assert_fail)),
    Entry("__handle_stack_overflow", &["v", "vp"], Does::At(stack_overflow)),
    Entry("exit", &["vi"], Does::At(exit)),
    Entry("_exit", &["vi"], Does::At(exit)),
    Entry("_Exit", &["vi"], Does::At(exit)),
    Entry("proc_exit", &["vi"], Does::At(exit)),
    Entry("emscripten_force_exit", &["vi"], Does::At(exit)),
    Entry("emscripten_exit_with_live_runtime", &["v"], Does::At(|_| Err(HostError::exit(0)))),
    Entry("_emscripten_system", &["ip"], Does::At(system)),
    Entry("_emscripten_get_progname", &["vpi"], Does::At(program_name)),
    Entry("_emscripten_runtime_keepalive_clear", &["v"], Does::At(|call| call.done())),
    Entry("emscripten_runtime_keepalive_push", &["v"], Does::At(|call| call.done())),
    Entry("emscripten_runtime_keepalive_pop", &["v"], Does::At(|call| call.done())),
    Entry("emscripten_runtime_keepalive_check", &["i"], Does::At(|call| call.done())),
    Entry("emscripten_check_blocking_allowed", &["v"], Does::At(|call| call.done())),
    Entry("emscripten_has_asyncify", &["i"], Does::At(|call| call.done())),
    Entry("emscripten_has_threading_support", &["i"], Does::At(|call| call.done())),
    Entry("emscripten_num_logical_cores", &["i"], Does::At(|call| call.give(1))),
    Entry("emscripten_return_address", &["pi"], Does::At(|call| call.done())),
    Entry("__cxa_atexit", &["ippp"], Does::At(|call| call.done())),
    Entry("atexit", &["ip"], Does::At(|call| call.done())),
    Entry("_setitimer_js", &["iid"], Does::At(no_such_call)),
    Entry("_mmap_js", &["ipiiijpp", "ipiiippp", "ippiiiii"], Does::At(no_such_call)),
    Entry("_munmap_js", &["ippiiij", "ippiiip"], Does::At(no_such_call)),
    Entry("_msync_js", &["ippiiij", "ippiiip"], Does::At(no_such_call)),
    Entry("emscripten_console_log", &["vp"], Does::At(|call| message(call, Stream::Log))),
    Entry("emscripten_console_warn", &["vp"], Does::At(|call| message(call, Stream::Stderr))),
    Entry("emscripten_console_error", &["vp"], Does::At(|call| message(call, Stream::Stderr))),
    Entry("emscripten_console_trace", &["vp"], Does::At(|call| message(call, Stream::Log))),
    Entry("emscripten_out", &["vp"], Does::At(|call| message(call, Stream::Stdout))),
    Entry("emscripten_err", &["vp"], Does::At(|call| message(call, Stream::Stderr))),
    Entry("emscripten_dbg", &["vp"], Does::At(|call| message(call, Stream::Stderr))),
    Entry("emscripten_outn", &["vpp"], Does::At(|call| bytes(call, Stream::Stdout))),
    Entry("emscripten_errn", &["vpp"], Does::At(|call| bytes(call, Stream::Stderr))),
    Entry("emscripten_dbgn", &["vpp"], Does::At(|call| bytes(call, Stream::Stderr))),
    Entry("setTempRet0", &["vi"], Does::At(set_upper)),
    Entry("getTempRet0", &["i"], Does::At(upper)),
];

fn abort(_: &mut Call<'_, '_>) -> HostResult {
    trap("the program called abort()")
}

fn stack_overflow(_: &mut Call<'_, '_>) -> HostResult {
    trap(
        "the program's own stack, which lies in its memory, has overflowed: link with a larger -sSTACK_SIZE",
    )
}

/// `__assert_fail(condition, file, line, function)`.
fn assert_fail(call: &mut Call<'_, '_>) -> HostResult {
    let mut text = |index: usize| match call.unsigned(index) {
        0 => "?".to_owned(),
        // That a text cannot be read must not hide that an assertion failed.
        address => memory::c_string(call.caller, address)
            .map_or("?".to_owned(), |bytes| String::from_utf8_lossy(&bytes).into_owned()),
    };
    let (condition, file, function) = (text(0), text(1), text(3));
    let line = call.unsigned(2);
    let told = format!("Assertion failed: {condition}, at: {file}, {line}, {function}");
    call.print_line(Stream::Stderr, told.as_str());
    trap(told)
}

fn exit(call: &mut Call<'_, '_>) -> HostResult {
    Err(HostError::exit(call.int(0)))
}

/// There is no shell: 0 says so, and so does the error for a command.
fn system(call: &mut Call<'_, '_>) -> HostResult {
    match call.unsigned(0) {
        0 => call.give(0),
        _ => call.give(-ENOSYS),
    }
}

/// What there is none of answers with the negative number of its error.
pub(super) fn no_such_call(call: &mut Call<'_, '_>) -> HostResult {
    call.give(-ENOSYS)
}

fn program_name(call: &mut Call<'_, '_>) -> HostResult {
    let (at, room) = (call.unsigned(0), call.unsigned(1) as usize);
    let name = b"./this.program";
    let mut bytes = name.get(..name.len().min(room.saturating_sub(1))).unwrap_or(name).to_vec();
    bytes.push(0);
    if room > 0
        && let Some(mut memory) = call.caller.memory()
    {
        memory.write(at, &bytes)?;
    }
    call.done()
}

fn message(call: &mut Call<'_, '_>, stream: Stream) -> HostResult {
    let text = memory::c_string(call.caller, call.unsigned(0))?;
    call.print_line(stream, text);
    call.done()
}

fn bytes(call: &mut Call<'_, '_>, stream: Stream) -> HostResult {
    let (at, len) = (call.unsigned(0), call.unsigned(1));
    let (text, left_out) = memory::text(call.caller, at, len)?;
    call.print_line(stream, text);
    call.state.log().drop_bytes(left_out);
    call.done()
}

fn set_upper(call: &mut Call<'_, '_>) -> HostResult {
    let value = call.int(0);
    call.state.runtime(call.caller.instance(), |runtime| runtime.upper = value);
    call.done()
}

fn upper(call: &mut Call<'_, '_>) -> HostResult {
    let value = call.state.runtime(call.caller.instance(), |runtime| runtime.upper);
    call.give(i64::from(value))
}

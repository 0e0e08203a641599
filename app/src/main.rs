//! The desktop program: the window, or a subcommand without one.

use std::ffi::OsString;
use std::process::ExitCode;

use stepwell::headless::WindowRequest;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if stepwell::headless::is_meant(&args) {
        return stepwell::headless::main(args);
    }
    let request = match stepwell::headless::window_request(args) {
        Ok(request) => request,
        Err(code) => return code,
    };
    match window(request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stepwell: the window cannot be opened: {error}");
            ExitCode::from(1)
        }
    }
}

#[cfg(feature = "window")]
fn window(request: WindowRequest) -> Result<(), impl std::fmt::Display> {
    stepwell::ui::run(request.files, request.commands)
}

#[cfg(not(feature = "window"))]
fn window(_: WindowRequest) -> Result<(), impl std::fmt::Display> {
    Err("this program was built without it; `stepwell --help` lists what it can do")
}

//! The desktop program: the window, or a subcommand without one.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if stepwell::headless::is_meant(&args) {
        return stepwell::headless::main(args);
    }
    match window(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stepwell: the window cannot be opened: {error}");
            ExitCode::from(1)
        }
    }
}

#[cfg(feature = "window")]
fn window(args: Vec<OsString>) -> Result<(), impl std::fmt::Display> {
    stepwell::ui::run(args.into_iter().map(Into::into).collect())
}

#[cfg(not(feature = "window"))]
fn window(_: Vec<OsString>) -> Result<(), impl std::fmt::Display> {
    Err("this program was built without it; `stepwell --help` lists what it can do")
}

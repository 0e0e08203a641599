//! The desktop program: the window, or a subcommand without one.

use std::ffi::OsString;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    if stepwell::headless::is_meant(&args) {
        return stepwell::headless::main(args);
    }
    match stepwell::ui::run(args.into_iter().map(Into::into).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stepwell: the window cannot be opened: {error}");
            ExitCode::from(1)
        }
    }
}

//! Subcommands, for scripts and terminals: no window, results on stdout, everything else on
//! stderr.
//!
//! Exit codes: 0 done; 1 a trap, an invalid module or a link error; 2 wrong usage; 3 the budget is
//! used up.

mod cli;
mod diff;
mod find;
mod inspect;
mod links;
mod machine;
mod moment;
mod record;
mod replay;
mod run;
mod trace;
pub mod wast;
mod window;
mod writes;

use std::ffi::OsString;
use std::process::ExitCode;

use cli::Failure;
pub use window::{WindowRequest, window_request};

/// Help of the program as a whole.
const HELP: &str = "\
Stepwell: see WebAssembly run.

stepwell [FILE…] [--dir HOST::GUEST] [--env NAME=VALUE] [-- ARG…]
                              open the window with these modules, linked by file stem, and with what
                              their program may use
stepwell run FILE… […]        run an export, or _start
stepwell trace FILE… […]      the same, with one line for each executed instruction
stepwell replay FILE […]      a run that run --record has written, again or up to a moment
stepwell diff A B             where two such runs differ first
stepwell inspect FILE […]     sections, types, imports, exports, names
stepwell wast FILE… […]       run scripts of the specification's test suite

stepwell COMMAND --help tells more. Files may be binary (.wasm) or text (.wat).
Exit codes: 0 done, 1 trap, invalid module or link error, 2 usage, 3 budget used up.
";

/// Whether these arguments (without the program's name) are for a subcommand, not for the window.
pub fn is_meant(args: &[OsString]) -> bool {
    let first = args.first().and_then(|first| first.to_str());
    first.is_some_and(|first| {
        let of_window = ["--dir", "--env"].iter().any(|option| first.starts_with(option));
        matches!(first, "run" | "trace" | "replay" | "diff" | "inspect" | "wast")
            || first.starts_with('-') && !of_window
    })
}

/// Runs a subcommand; `args` are without the program's name.
pub fn main(args: Vec<OsString>) -> ExitCode {
    let mut parser = lexopt::Parser::from_args(args);
    let result = dispatch(&mut parser);
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}

fn dispatch(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    match parser.next()? {
        Some(lexopt::Arg::Value(command)) => match command.to_str() {
            Some("run") => run::main(parser),
            Some("trace") => trace::main(parser),
            Some("replay") => replay::main(parser),
            Some("diff") => diff::main(parser),
            Some("inspect") => inspect::main(parser),
            Some("wast") => wast::main(parser),
            _ => Err(Failure::Usage(format!("unknown command {}", command.display()))),
        },
        Some(lexopt::Arg::Short('h') | lexopt::Arg::Long("help")) | None => Ok(cli::help(HELP)),
        Some(lexopt::Arg::Short('V') | lexopt::Arg::Long("version")) => {
            Ok(cli::help(concat!("stepwell ", env!("CARGO_PKG_VERSION"), "\n")))
        }
        Some(other) => Err(other.unexpected().into()),
    }
}

//! Writes until its reader is gone, then says why it stops.

use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut out = io::stdout().lock();
    for _ in 0..100_000 {
        if let Err(error) = out.write_all(&[b'\n'; 4096]) {
            eprintln!("{:?}", error.kind());
            return ExitCode::from(7);
        }
    }
    eprintln!("nobody went away");
    ExitCode::FAILURE
}

//! Ends with the code of its argument, by one of the ways there are.

use std::process::{self, ExitCode};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let code: u8 = args[1].parse().expect("a code");
    println!("ends with {code}");
    match args[2].as_str() {
        "exit" => process::exit(code.into()),
        _ => ExitCode::from(code),
    }
}

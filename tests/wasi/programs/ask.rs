//! A conversation: each question has to be seen before its answer is given.

use std::io;
use std::process::ExitCode;

fn main() -> ExitCode {
    for round in 1..=2 {
        println!("name {round}?");
        let mut name = String::new();
        if io::stdin().read_line(&mut name).expect("stdin") == 0 {
            println!("no answer");
            return ExitCode::FAILURE;
        }
        println!("Hello, {}!", name.trim_end());
    }
    ExitCode::SUCCESS
}

//! Whether the three standard files are terminals.

use std::io::{self, IsTerminal};

fn main() {
    println!("stdin: {}", io::stdin().is_terminal());
    println!("stdout: {}", io::stdout().is_terminal());
    println!("stderr: {}", io::stderr().is_terminal());
}

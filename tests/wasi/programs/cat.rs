//! Copies stdin to stdout.

use std::io;

fn main() -> io::Result<()> {
    let total = io::copy(&mut io::stdin().lock(), &mut io::stdout().lock())?;
    eprintln!("{total} bytes");
    Ok(())
}

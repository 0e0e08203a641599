//! Sorts the lines of the first argument, and of stdin after them; writes them to the second
//! argument, or to stdout.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};

fn main() -> io::Result<()> {
    let mut args = std::env::args().skip(1);
    let mut text = String::new();
    if let Some(path) = args.next() {
        File::open(path)?.read_to_string(&mut text)?;
    }
    io::stdin().read_to_string(&mut text)?;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    let out: Box<dyn Write> = match args.next() {
        Some(path) => Box::new(File::create(path)?),
        None => Box::new(io::stdout().lock()),
    };
    let mut out = BufWriter::new(out);
    for line in &lines {
        writeln!(out, "{line}")?;
    }
    out.flush()?;
    eprintln!("{} lines", lines.len());
    Ok(())
}

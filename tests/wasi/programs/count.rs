//! Lines, words and bytes of each file, or of stdin where none is named.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

fn count(mut text: impl BufRead, name: &str) -> io::Result<()> {
    let (mut lines, mut words, mut bytes) = (0, 0, 0);
    let mut line = Vec::new();
    while text.read_until(b'\n', &mut line)? > 0 {
        lines += usize::from(line.ends_with(b"\n"));
        words += line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).count();
        bytes += line.len();
        line.clear();
    }
    println!("{lines:7} {words:7} {bytes:7} {name}");
    Ok(())
}

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let mut code = ExitCode::SUCCESS;
    if files.is_empty() {
        count(io::stdin().lock(), "-").expect("stdin");
    }
    for path in files {
        let name = Path::new(&path).file_name().and_then(|name| name.to_str()).unwrap_or("-");
        let counted = match name {
            "-" => count(io::stdin().lock(), name),
            _ => File::open(&path).and_then(|file| count(BufReader::new(file), name)),
        };
        if let Err(error) = counted {
            eprintln!("{name}: {:?}", error.kind());
            code = ExitCode::FAILURE;
        }
    }
    code
}

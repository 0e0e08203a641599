//! Lists a folder and all below it, sorted, with the sizes of files.

use std::path::Path;
use std::process::ExitCode;
use std::{fs, io};

fn walk(path: &Path, depth: usize) -> io::Result<(usize, u64)> {
    let mut entries = fs::read_dir(path)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    let (mut files, mut bytes) = (0, 0);
    for entry in entries {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let kind = entry.file_type()?;
        print!("{:width$}{name}", "", width = depth * 2);
        if kind.is_dir() {
            println!("/");
            let below = walk(&entry.path(), depth + 1)?;
            files += below.0;
            bytes += below.1;
        } else {
            let size = entry.metadata()?.len();
            println!(" {size}{}", if kind.is_symlink() { " link" } else { "" });
            files += 1;
            bytes += size;
        }
    }
    Ok((files, bytes))
}

fn main() -> ExitCode {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    match walk(Path::new(&folder), 0) {
        Ok((files, bytes)) => {
            println!("{files} files of {bytes} bytes");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{:?}", error.kind());
            ExitCode::FAILURE
        }
    }
}

//! Symbolic links below the folder of the first argument: made, read, followed and removed.
#![allow(deprecated)] // the only way to make a link that stable Rust has on all systems

use std::path::Path;
use std::{fs, io};

fn said<T>(what: &str, result: io::Result<T>) {
    match result {
        Ok(_) => println!("{what}: ok"),
        Err(error) => println!("{what}: {:?}", error.kind()),
    }
}

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = Path::new(&folder);
    fs::create_dir(folder.join("real"))?;
    fs::write(folder.join("real/file.txt"), "behind the link")?;
    fs::soft_link("real/file.txt", folder.join("to_file"))?;
    fs::soft_link("real", folder.join("to_folder"))?;
    fs::soft_link("nothing", folder.join("dangling"))?;

    println!("{:?}", fs::read_link(folder.join("to_file"))?);
    println!("{}", fs::read_to_string(folder.join("to_folder/file.txt"))?);
    println!("{}", fs::symlink_metadata(folder.join("to_file"))?.is_symlink());
    println!("{}", fs::metadata(folder.join("to_file"))?.len());
    println!("{}", folder.join("dangling").exists());
    said("read_link of a file", fs::read_link(folder.join("real/file.txt")));
    said("read of a dangling link", fs::read(folder.join("dangling")));
    fs::remove_file(folder.join("to_folder"))?;
    println!("{}", folder.join("real").is_dir());
    Ok(())
}

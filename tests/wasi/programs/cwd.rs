//! Where a program without a working directory believes to be: everything begins at a preopened
//! folder.

use std::{env, fs};

fn main() {
    match env::current_dir() {
        Ok(path) => println!("{}", path.display()),
        Err(error) => println!("{:?}", error.kind()),
    }
    for path in ["letter.txt", "./inner/letter.txt", "inner/../letter.txt", "missing.txt"] {
        match fs::read_to_string(path) {
            Ok(text) => println!("{path}: {text}"),
            Err(error) => println!("{path}: {:?}", error.kind()),
        }
    }
}

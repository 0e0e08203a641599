//! Folders: made with their parents, listed, moved and removed with all that is in them.

use std::path::Path;
use std::{fs, io};

fn said<T>(what: &str, result: io::Result<T>) {
    match result {
        Ok(_) => println!("{what}: ok"),
        Err(error) => println!("{what}: {:?}", error.kind()),
    }
}

fn names(path: &Path) -> io::Result<Vec<String>> {
    let mut names = fs::read_dir(path)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = Path::new(&folder);
    fs::create_dir_all(folder.join("a/b/c/d/e"))?;
    fs::create_dir_all(folder.join("a/b"))?;
    for (index, path) in ["a/1.txt", "a/b/2.txt", "a/b/c/d/e/3.txt"].iter().enumerate() {
        fs::write(folder.join(path), "x".repeat(index + 1))?;
    }
    println!("{:?}", names(&folder.join("a"))?);
    println!("{:?}", names(&folder.join("a/b"))?);
    said("create_dir of an existing one", fs::create_dir(folder.join("a")));
    said("create_dir_all below a file", fs::create_dir_all(folder.join("a/1.txt/x")));
    // An error of a kind that std does not know on every system.
    println!("remove_dir of one that is not empty: {}", fs::remove_dir(folder.join("a/b")).is_ok());
    said("remove_dir of nothing", fs::remove_dir(folder.join("z")));
    said("read_dir of nothing", fs::read_dir(folder.join("z")));
    said("read_dir of a file", fs::read_dir(folder.join("a/1.txt")));
    fs::rename(folder.join("a/b/c"), folder.join("moved"))?;
    println!("{:?} {:?}", names(&folder.join("moved"))?, names(&folder.join("a/b"))?);
    said("remove_dir_all", fs::remove_dir_all(folder.join("moved/d")));
    println!("{:?}", names(&folder.join("moved"))?);

    // More names than one answer of the system holds, some of them long.
    let many = folder.join("many");
    fs::create_dir(&many)?;
    for index in 0..400_usize {
        fs::write(many.join(format!("{index:03}{}", "-".repeat(index % 97))), "")?;
    }
    let all = names(&many)?;
    println!("{} names of {} bytes", all.len(), all.iter().map(String::len).sum::<usize>());
    println!("{:?}", all.iter().find(|name| name.starts_with("123")));
    fs::remove_dir_all(&many)?;
    println!("{:?}", names(folder)?);
    Ok(())
}

//! A file's life in the folder of the first argument: created, written, appended to, read back, cut,
//! moved and removed; what is left is compared, too.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Numbers and texts of errors are the system's own, their kinds are not.
fn said<T>(what: &str, result: io::Result<T>) {
    match result {
        Ok(_) => println!("{what}: ok"),
        Err(error) => println!("{what}: {:?}", error.kind()),
    }
}

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let folder = Path::new(&folder);
    let notes = folder.join("notes.txt");

    fs::write(&notes, "first line\nsecond line\n")?;
    println!("{:?}", fs::read_to_string(&notes)?);
    writeln!(OpenOptions::new().append(true).open(&notes)?, "appended: {}", 42)?;
    let mut file = OpenOptions::new().read(true).write(true).open(&notes)?;
    println!("at {}", file.seek(SeekFrom::Start(6))?);
    file.write_all(b"LINE")?;
    println!("at {}", file.seek(SeekFrom::End(-3))?);
    let mut rest = String::new();
    println!("read {}: {rest:?}", file.read_to_string(&mut rest)?);
    println!("at {}", file.stream_position()?);
    said("seek before the beginning", file.seek(SeekFrom::Current(-1000)));
    file.set_len(10)?;
    println!("length {}", file.metadata()?.len());
    file.set_len(14)?;
    file.sync_all()?;
    file.rewind()?;
    let mut all = Vec::new();
    file.read_to_end(&mut all)?;
    println!("{:?}", String::from_utf8_lossy(&all));
    drop(file);

    let mut numbers = BufWriter::new(File::create(folder.join("numbers.bin"))?);
    for number in 0..100_000_u32 {
        numbers.write_all(&number.to_le_bytes())?;
    }
    numbers.flush()?;
    drop(numbers);
    let bytes = fs::read(folder.join("numbers.bin"))?;
    let sum: u64 = bytes
        .chunks_exact(4)
        .map(|four| u64::from(u32::from_le_bytes([four[0], four[1], four[2], four[3]])))
        .sum();
    println!("{} bytes, sum {sum}", bytes.len());

    println!("copied {}", fs::copy(&notes, folder.join("copy.txt"))?);
    said("create_new of the existing one", File::create_new(&notes));
    fs::rename(&notes, folder.join("moved.txt"))?;
    println!("{} {}", notes.exists(), folder.join("moved.txt").exists());
    said("rename onto another", fs::rename(folder.join("copy.txt"), folder.join("moved.txt")));
    said("hard link", fs::hard_link(folder.join("moved.txt"), folder.join("linked.txt")));
    said("remove", fs::remove_file(folder.join("moved.txt")));
    said("remove again", fs::remove_file(folder.join("moved.txt")));
    println!("{:?}", fs::read(folder.join("linked.txt"))?.len());

    let info = fs::metadata(folder.join("linked.txt"))?;
    println!("{} {} {}", info.len(), info.is_file(), info.is_dir());
    said("open what is not there", File::open(folder.join("missing.txt")));
    said("open below a file", File::open(folder.join("linked.txt/file.txt")));
    said("create in a folder that is not there", File::create(folder.join("missing/file.txt")));
    said("a folder as a file", fs::write(folder, "text"));
    said("not UTF-8", {
        fs::write(folder.join("latin1.txt"), b"caf\xe9")?;
        fs::read_to_string(folder.join("latin1.txt"))
    });
    said("names in UTF-8", fs::write(folder.join("größe 世界 🌍.txt"), "ok"));
    Ok(())
}

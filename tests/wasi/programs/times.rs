//! Times of a file: set and read back.

use std::fs::{File, FileTimes};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn main() -> io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".into());
    let file = File::create(Path::new(&folder).join("dated.txt"))?;
    let age = SystemTime::now().duration_since(file.metadata()?.modified()?);
    println!("new: {}", age.map_or(true, |age| age < Duration::from_secs(60)));
    let then = UNIX_EPOCH + Duration::new(1_234_567_890, 123_456_000);
    file.set_times(FileTimes::new().set_modified(then).set_accessed(UNIX_EPOCH))?;
    let info = file.metadata()?;
    println!("{:?}", info.modified()?.duration_since(UNIX_EPOCH));
    println!("{:?}", info.accessed()?.duration_since(UNIX_EPOCH));
    // The other one stays.
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1))?;
    file.set_times(FileTimes::new().set_accessed(then))?;
    let info = file.metadata()?;
    println!("{:?}", info.modified()?.duration_since(UNIX_EPOCH));
    println!("{:?}", info.accessed()?.duration_since(UNIX_EPOCH));
    Ok(())
}

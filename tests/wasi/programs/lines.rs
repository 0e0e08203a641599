//! Reads a large file by lines: how many, the longest, and a checksum of all of it.

use std::fs::File;
use std::io::{self, BufRead, BufReader};

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("a file");
    let (mut count, mut longest, mut sum) = (0, 0, 0xcbf2_9ce4_8422_2325_u64);
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        count += 1;
        longest = longest.max(line.len());
        for byte in line.bytes() {
            sum = (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    println!("{count} lines, longest {longest}, checksum {sum:016x}");
    Ok(())
}

//! The arguments, with their lengths in bytes and characters.

use std::path::Path;

fn main() {
    let mut args = std::env::args();
    let own = args.next().expect("the program's own name");
    // Without its folder, and without the ending that only one side has.
    let name = Path::new(&own).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    println!("{}, {} arguments", name.trim_end_matches(".wasm"), args.len());
    for (index, argument) in (1..).zip(args) {
        let (bytes, characters) = (argument.len(), argument.chars().count());
        println!("{index}: {argument:?}: {bytes} bytes, {characters} characters");
    }
}

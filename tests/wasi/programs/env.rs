//! The whole environment, in its order: nothing of the host's own is in it.

use std::env;

fn main() {
    let mut count = 0;
    for (name, value) in env::vars() {
        println!("{name}={value}");
        count += 1;
    }
    println!("{count} variables");
    for name in env::args().skip(1) {
        match env::var(&name) {
            Ok(value) => println!("{name} is {value:?}"),
            Err(error) => println!("{name}: {error}"),
        }
    }
}

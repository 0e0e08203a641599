//! Random keys of hash maps. With the argument `key` prints what they make of a word: no two runs
//! print the same.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

fn main() {
    if std::env::args().nth(1).as_deref() == Some("key") {
        println!("{:016x}", RandomState::new().hash_one("stepwell"));
        return;
    }
    let mut words: HashMap<String, usize> = HashMap::new();
    for word in "the quick brown fox jumps over the lazy dog the end".split(' ') {
        *words.entry(word.to_string()).or_default() += 1;
    }
    let mut sorted: Vec<_> = words.into_iter().collect();
    sorted.sort();
    println!("{sorted:?}");
}

//! A panic: exit code 101 natively, a message and a trap under WASI.

fn main() {
    println!("before");
    let numbers: Vec<usize> = std::env::args().map(|argument| argument.len()).collect();
    println!("{}", numbers[numbers.len() + 2]);
}

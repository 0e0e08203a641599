//! Both outputs in turn: a reader of both sees the lines in this order.

fn main() {
    for line in 1..=3 {
        println!("line {line} to stdout");
        eprintln!("line {line} to stderr");
    }
    print!("no newline at the end");
}

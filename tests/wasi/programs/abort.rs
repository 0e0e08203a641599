//! Aborts: a signal natively, a trap under WASI. What was written before is there.

fn main() {
    println!("before");
    std::process::abort();
}

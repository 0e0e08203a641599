//! The desktop program: the window, or a subcommand without one.
fn main() {}

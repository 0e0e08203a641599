//! Compiles the kernels to WebAssembly.

use std::env::var;
use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=kernels");
    let out = Path::new(&var("OUT_DIR").unwrap_or_default()).join("kernels.wasm");
    let rustc = var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let done = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "cdylib", "--crate-name", "kernels"])
        .args(["--target", "wasm32-unknown-unknown", "-C", "opt-level=3", "-C", "panic=abort"])
        .args(["-C", "strip=debuginfo", "kernels/lib.rs", "-o"])
        .arg(&out)
        .status();
    assert!(
        done.is_ok_and(|status| status.success()),
        "the kernels need `rustup target add wasm32-unknown-unknown`"
    );
}

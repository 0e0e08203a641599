//! Chooses how the fast tier goes from one operation to the next, and where memories are mapped.

use std::env::var;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(threaded)");
    // For a measurement, see docs/benchmarks.md.
    println!("cargo::rustc-check-cfg=cfg(uncharged)");
    // Sibling calls become jumps only where the optimiser makes them so, and where six arguments
    // are passed in registers. Miri has no tail calls at all.
    // The checks of a debug build keep values on the stack, and then they do not become jumps.
    // Only what has been tried; `STEPWELL_DISPATCH=match` is a way out.
    println!("cargo::rerun-if-env-changed=STEPWELL_DISPATCH");
    let release = var("PROFILE").as_deref() == Ok("release");
    let optimised = release && matches!(var("OPT_LEVEL").as_deref(), Ok("2" | "3"));
    let arch = matches!(var("CARGO_CFG_TARGET_ARCH").as_deref(), Ok("x86_64" | "aarch64"));
    let os = matches!(var("CARGO_CFG_TARGET_OS").as_deref(), Ok("linux" | "macos" | "android"));
    let wanted = var("STEPWELL_DISPATCH").as_deref() != Ok("match");
    // What watches the code keeps values on the stack as well.
    let flags = var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let watched = ["sanitizer", "instrument-coverage", "debug-assertions", "profile-generate"]
        .iter()
        .any(|flag| flags.contains(flag));
    let windows = var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows");
    let miri = var("CARGO_CFG_MIRI").is_ok();
    // Miri does not know mappings either; addresses of 32 bits are too few to reserve them.
    println!("cargo::rustc-check-cfg=cfg(mapped)");
    let wide = var("CARGO_CFG_TARGET_POINTER_WIDTH").as_deref() == Ok("64");
    let unix = var("CARGO_CFG_UNIX").is_ok() && var("CARGO_FEATURE_STD").is_ok();
    if unix && wide && !miri {
        println!("cargo::rustc-cfg=mapped");
    }
    println!("cargo::rustc-check-cfg=cfg(virtual_alloc)");
    if windows && wide && var("CARGO_FEATURE_STD").is_ok() && !miri {
        println!("cargo::rustc-cfg=virtual_alloc");
    }
    if optimised && arch && os && wanted && !watched && !miri {
        println!("cargo::rustc-cfg=threaded");
    }
}

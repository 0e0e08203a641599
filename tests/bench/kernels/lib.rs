//! Programs as a compiler makes them: what `build.rs` compiles to WebAssembly for the comparison.
//!
//! Each export takes how often it repeats its work and returns a checksum of what it computed.
#![no_std]

mod coremark;
mod digest;
mod floats;
mod json;
mod machine;
mod matcher;
mod shapes;
mod sorting;

use core::hint::black_box;

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Pseudo-random numbers, the same each time (xorshift32).
pub struct Random(pub u32);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0
    }
}

macro_rules! kernels {
    ($($name:ident = $path:path,)*) => {$(
        #[unsafe(no_mangle)]
        pub extern "C" fn $name(times: i32) -> i32 {
            let mut sum = 0u32;
            for round in 0..times as u32 {
                sum = sum.rotate_left(5) ^ black_box($path(black_box(round)));
            }
            sum as i32
        }
    )*};
}

kernels! {
    list = coremark::list,
    matrix = coremark::matrix,
    state = coremark::state,
    crc16 = coremark::crc,
    sha256 = digest::sha256,
    copy = digest::copy,
    nbody = floats::nbody,
    quicksort = sorting::quicksort,
    heap = sorting::heap,
    json = json::count,
    stack_machine = machine::run,
    regex = matcher::search,
    shapes = shapes::areas,
}

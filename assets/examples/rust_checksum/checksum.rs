//! Checksums: a small program as a Rust compiler makes it.
//!
//! Unlike the hand-written examples this is what a real toolchain produces: a shadow stack in
//! linear memory, inlined helpers, loops that were turned inside out, and a name section that
//! still tells which function is which. Built by `build.sh`; no standard library, no imports.
//!
//! # Watch
//!
//! - `crc32_of_message`: the call depth stays low, the memory panel shows the table of 256 words
//!   being read once per byte of the message.
//! - `sha256_of_message`: 64 rounds per block; the message schedule lives on the shadow stack
//!   below the address in `$__stack_pointer`.
//!
//! # Known results
//!
//! | call | result |
//! |---|---|
//! | `crc32_of_message()` | `0x414fa339`, as an `i32`: 1095738169 |
//! | `crc32` of no bytes | 0 |
//! | `crc32` of `123456789` | `0xcbf43926`, as an `i32`: -873187034 |
//! | `sha256` of no bytes | `e3b0c442 98fc1c14 9afbf4c8 996fb924 27ae41e4 649b934c a495991b 7852b855` |
//! | `sha256` of `abc` | `ba7816bf 8f01cfea 414140de 5dae2223 b00361a3 96177a9c b410ff61 f20015ad` |
//! | `sha256_of_message()` | `d7a8fbb3 07d78094 69ca9abc b0082e4f 8d5651e4 6d3cdb76 2d02d0bf 37c9e592`; returns the first word, as an `i32`: -676791373 |

#![no_std]
#![no_main]

use core::cell::UnsafeCell;
use core::panic::PanicInfo;
use core::slice;

/// The text of the two exports that need no arguments.
static MESSAGE: &[u8] = b"The quick brown fox jumps over the lazy dog";

/// Bytes that [`alloc`] can hand out.
const ARENA_SIZE: usize = 32 * 1024;

/// A bump allocator: memory is handed out in order and never taken back.
#[repr(align(8))]
struct Arena {
    bytes: UnsafeCell<[u8; ARENA_SIZE]>,
    used: UnsafeCell<usize>,
}

// SAFETY: the module has one thread.
unsafe impl Sync for Arena {}

static ARENA: Arena = Arena {
    bytes: UnsafeCell::new([0; ARENA_SIZE]),
    used: UnsafeCell::new(0),
};

/// Room for `len` bytes, aligned to 8; the null pointer where there is none left.
#[unsafe(no_mangle)]
extern "C" fn alloc(len: usize) -> *mut u8 {
    // SAFETY: the module has one thread, and no reference to `used` outlives this function.
    let used = unsafe { &mut *ARENA.used.get() };
    let start = (*used + 7) & !7;
    match start.checked_add(len) {
        Some(end) if end <= ARENA_SIZE => {
            *used = end;
            // SAFETY: `start <= end <= ARENA_SIZE`, so the pointer stays inside the arena.
            unsafe { ARENA.bytes.get().cast::<u8>().add(start) }
        }
        _ => core::ptr::null_mut(),
    }
}

/// The CRC-32 of `len` bytes at `ptr`.
///
/// # Safety
///
/// The bytes must be inside linear memory.
#[unsafe(no_mangle)]
unsafe extern "C" fn crc32(ptr: *const u8, len: usize) -> u32 {
    // SAFETY: the caller's promise.
    crc32_of(unsafe { slice::from_raw_parts(ptr, len) })
}

/// Writes the SHA-256 of `len` bytes at `ptr` to the 32 bytes at `out`.
///
/// # Safety
///
/// Both ranges must be inside linear memory and must not overlap.
#[unsafe(no_mangle)]
unsafe extern "C" fn sha256(ptr: *const u8, len: usize, out: *mut u8) {
    // SAFETY: the caller's promise.
    let (bytes, out) = unsafe {
        (
            slice::from_raw_parts(ptr, len),
            slice::from_raw_parts_mut(out, 32),
        )
    };
    out.copy_from_slice(&sha256_of(bytes));
}

/// The CRC-32 of the built-in message.
#[unsafe(no_mangle)]
extern "C" fn crc32_of_message() -> u32 {
    crc32_of(MESSAGE)
}

/// The first four bytes of the SHA-256 of the built-in message, highest byte first.
#[unsafe(no_mangle)]
extern "C" fn sha256_of_message() -> u32 {
    let digest = sha256_of(MESSAGE);
    u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
}

/// CRC-32 as in gzip and PNG: polynomial `0xedb88320`, reflected.
#[inline(never)]
fn crc32_of(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for byte in bytes {
        let index = (crc ^ u32::from(*byte)) & 0xff;
        crc = CRC_TABLE[index as usize] ^ (crc >> 8);
    }
    !crc
}

/// What one byte does to the checksum; worked out while compiling.
static CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 {
                (crc >> 1) ^ 0xedb8_8320
            } else {
                crc >> 1
            };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

/// SHA-256 as in FIPS 180-4.
#[inline(never)]
fn sha256_of(bytes: &[u8]) -> [u8; 32] {
    let mut state: [u32; 8] = [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ];
    let (blocks, rest) = bytes.as_chunks::<64>();
    for block in blocks {
        compress(&mut state, block);
    }

    // The padding: one bit, zeros, and the length in bits. It may need a block of its own.
    let mut last = [0_u8; 64];
    last[..rest.len()].copy_from_slice(rest);
    last[rest.len()] = 0x80;
    if rest.len() >= 56 {
        compress(&mut state, &last);
        last = [0; 64];
    }
    last[56..].copy_from_slice(&(bytes.len() as u64 * 8).to_be_bytes());
    compress(&mut state, &last);

    let mut digest = [0; 32];
    for (word, out) in state.iter().zip(digest.as_chunks_mut::<4>().0) {
        *out = word.to_be_bytes();
    }
    digest
}

/// Works one block of 64 bytes into the state.
#[inline(never)]
fn compress(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut schedule = [0_u32; 64];
    for (word, bytes) in schedule.iter_mut().zip(block.as_chunks::<4>().0) {
        *word = u32::from_be_bytes(*bytes);
    }
    for i in 16..64 {
        let (before_15, before_2) = (schedule[i - 15], schedule[i - 2]);
        let sigma_0 = before_15.rotate_right(7) ^ before_15.rotate_right(18) ^ (before_15 >> 3);
        let sigma_1 = before_2.rotate_right(17) ^ before_2.rotate_right(19) ^ (before_2 >> 10);
        schedule[i] = schedule[i - 16]
            .wrapping_add(sigma_0)
            .wrapping_add(schedule[i - 7])
            .wrapping_add(sigma_1);
    }

    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for (word, constant) in schedule.iter().zip(&ROUND_CONSTANTS) {
        let sum_1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = (e & f) ^ (!e & g);
        let first = h
            .wrapping_add(sum_1)
            .wrapping_add(choice)
            .wrapping_add(*constant)
            .wrapping_add(*word);
        let sum_0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let majority = (a & b) ^ (a & c) ^ (b & c);
        let second = sum_0.wrapping_add(majority);
        (h, g, f, e) = (g, f, e, d.wrapping_add(first));
        (d, c, b, a) = (c, b, a, first.wrapping_add(second));
    }
    for (word, more) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(more);
    }
}

/// The first 32 bits of the fractional parts of the cube roots of the first 64 primes.
#[rustfmt::skip]
static ROUND_CONSTANTS: [u32; 64] = [
    0x428a_2f98, 0x7137_4491, 0xb5c0_fbcf, 0xe9b5_dba5, 0x3956_c25b, 0x59f1_11f1, 0x923f_82a4, 0xab1c_5ed5,
    0xd807_aa98, 0x1283_5b01, 0x2431_85be, 0x550c_7dc3, 0x72be_5d74, 0x80de_b1fe, 0x9bdc_06a7, 0xc19b_f174,
    0xe49b_69c1, 0xefbe_4786, 0x0fc1_9dc6, 0x240c_a1cc, 0x2de9_2c6f, 0x4a74_84aa, 0x5cb0_a9dc, 0x76f9_88da,
    0x983e_5152, 0xa831_c66d, 0xb003_27c8, 0xbf59_7fc7, 0xc6e0_0bf3, 0xd5a7_9147, 0x06ca_6351, 0x1429_2967,
    0x27b7_0a85, 0x2e1b_2138, 0x4d2c_6dfc, 0x5338_0d13, 0x650a_7354, 0x766a_0abb, 0x81c2_c92e, 0x9272_2c85,
    0xa2bf_e8a1, 0xa81a_664b, 0xc24b_8b70, 0xc76c_51a3, 0xd192_e819, 0xd699_0624, 0xf40e_3585, 0x106a_a070,
    0x19a4_c116, 0x1e37_6c08, 0x2748_774c, 0x34b0_bcb5, 0x391c_0cb3, 0x4ed8_aa4a, 0x5b9c_ca4f, 0x682e_6ff3,
    0x748f_82ee, 0x78a5_636f, 0x84c8_7814, 0x8cc7_0208, 0x90be_fffa, 0xa450_6ceb, 0xbef9_a3f7, 0xc671_78f2,
];

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

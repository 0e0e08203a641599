//! SHA-256 (FIPS 180-4), and blocks of memory moved about.

const K: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

fn compress(state: &mut [u32; 8], block: &[u8; 64]) {
    let mut w = [0u32; 64];
    for (at, word) in block.chunks_exact(4).enumerate() {
        w[at] = u32::from_be_bytes([word[0], word[1], word[2], word[3]]);
    }
    for at in 16..64 {
        let s0 = w[at - 15].rotate_right(7) ^ w[at - 15].rotate_right(18) ^ w[at - 15] >> 3;
        let s1 = w[at - 2].rotate_right(17) ^ w[at - 2].rotate_right(19) ^ w[at - 2] >> 10;
        w[at] = w[at - 16].wrapping_add(s0).wrapping_add(w[at - 7]).wrapping_add(s1);
    }
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = *state;
    for at in 0..64 {
        let s1 = e.rotate_right(6) ^ e.rotate_right(11) ^ e.rotate_right(25);
        let choice = e & f ^ !e & g;
        let one = h
            .wrapping_add(s1)
            .wrapping_add(choice)
            .wrapping_add(K[at])
            .wrapping_add(w[at]);
        let s0 = a.rotate_right(2) ^ a.rotate_right(13) ^ a.rotate_right(22);
        let two = s0.wrapping_add(a & b ^ a & c ^ b & c);
        (h, g, f, e) = (g, f, e, d.wrapping_add(one));
        (d, c, b, a) = (c, b, a, one.wrapping_add(two));
    }
    for (word, added) in state.iter_mut().zip([a, b, c, d, e, f, g, h]) {
        *word = word.wrapping_add(added);
    }
}

/// Eight blocks.
pub fn sha256(seed: u32) -> u32 {
    let mut state = [
        0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab,
        0x5be0cd19,
    ];
    let mut block = [0u8; 64];
    for number in 0..8u32 {
        for (at, byte) in block.iter_mut().enumerate() {
            *byte = (seed.wrapping_mul(31).wrapping_add(number) as u8).wrapping_mul(at as u8 | 1);
        }
        compress(&mut state, &block);
    }
    state[0] ^ state[7]
}

/// Blocks of 16 bytes to 32 KiB, filled and copied.
pub fn copy(seed: u32) -> u32 {
    static mut ROOM: [u8; 1 << 16] = [0; 1 << 16];
    // SAFETY: there is one thread, and this is the only use.
    let room = unsafe { &mut *(&raw mut ROOM) };
    let mut len = 16;
    while len <= 1 << 15 {
        room[..len].fill(seed as u8 ^ len as u8);
        room.copy_within(..len, len);
        room.copy_within(len / 2..len / 2 + len, len / 4);
        len *= 2;
    }
    u32::from(room[100]) | u32::from(room[40_000]) << 8
}

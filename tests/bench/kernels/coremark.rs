//! What embedded processors are measured with: a list, matrices, a state machine, a checksum.

use crate::Random;

const NODES: usize = 256;
const NONE: u16 = u16::MAX;

#[derive(Clone, Copy)]
struct Node {
    next: u16,
    key: u16,
    data: u32,
}

/// A linked list: built, searched, reversed and sorted by merging.
pub fn list(seed: u32) -> u32 {
    let mut random = Random(seed | 1);
    let mut nodes = [Node { next: NONE, key: 0, data: 0 }; NODES];
    for (at, node) in nodes.iter_mut().enumerate() {
        let next = if at + 1 == NODES { NONE } else { at as u16 + 1 };
        *node = Node { next, key: random.next() as u16, data: random.next() };
    }
    let mut sum = 0u32;
    for _ in 0..32 {
        let wanted = random.next() as u16;
        sum = sum.wrapping_add(find(&nodes, 0, wanted));
    }
    let head = reverse(&mut nodes, 0);
    let head = sort(&mut nodes, head, NODES);
    let mut at = head;
    while at != NONE {
        let node = &nodes[at as usize];
        sum = sum.rotate_left(3) ^ node.data ^ u32::from(node.key);
        at = node.next;
    }
    sum
}

fn find(nodes: &[Node], head: u16, wanted: u16) -> u32 {
    let (mut at, mut seen) = (head, 0);
    while at != NONE {
        let node = &nodes[at as usize];
        if node.key == wanted {
            return node.data;
        }
        seen += u32::from(node.key < wanted);
        at = node.next;
    }
    seen
}

fn reverse(nodes: &mut [Node], head: u16) -> u16 {
    let (mut at, mut before) = (head, NONE);
    while at != NONE {
        let next = nodes[at as usize].next;
        nodes[at as usize].next = before;
        before = at;
        at = next;
    }
    before
}

fn sort(nodes: &mut [Node], head: u16, len: usize) -> u16 {
    if len < 2 {
        if head != NONE {
            nodes[head as usize].next = NONE;
        }
        return head;
    }
    let mut middle = head;
    for _ in 0..len / 2 {
        middle = nodes[middle as usize].next;
    }
    let mut right = sort(nodes, middle, len - len / 2);
    let mut left = sort_first(nodes, head, len / 2);
    let (mut first, mut last) = (NONE, NONE);
    while left != NONE || right != NONE {
        let from_left = right == NONE
            || left != NONE && nodes[left as usize].key <= nodes[right as usize].key;
        let taken = if from_left { left } else { right };
        let next = nodes[taken as usize].next;
        if from_left {
            left = next;
        } else {
            right = next;
        }
        if last == NONE {
            first = taken;
        } else {
            nodes[last as usize].next = taken;
        }
        last = taken;
    }
    first
}

#[inline(never)]
fn sort_first(nodes: &mut [Node], head: u16, len: usize) -> u16 {
    sort(nodes, head, len)
}

const SIDE: usize = 16;
type Matrix = [[i16; SIDE]; SIDE];

/// Products of small matrices, with the bits of the results picked apart.
pub fn matrix(seed: u32) -> u32 {
    let mut random = Random(seed | 1);
    let (mut a, mut b): (Matrix, Matrix) = ([[0; SIDE]; SIDE], [[0; SIDE]; SIDE]);
    for row in 0..SIDE {
        for column in 0..SIDE {
            a[row][column] = random.next() as i16;
            b[row][column] = random.next() as i16;
        }
    }
    let mut product = [[0i32; SIDE]; SIDE];
    for row in 0..SIDE {
        for column in 0..SIDE {
            let mut sum = 0i32;
            for k in 0..SIDE {
                sum = sum.wrapping_add(i32::from(a[row][k]).wrapping_mul(i32::from(b[k][column])));
            }
            product[row][column] = (sum >> 2 & 15).wrapping_mul(sum >> 5 & 127);
        }
    }
    product.iter().flatten().fold(0, |sum, value| sum.rotate_left(1) ^ *value as u32)
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Start,
    Invalid,
    Sign,
    Int,
    Float,
    Exponent,
    Scientific,
}

/// A state machine that tells numbers from other words.
pub fn state(seed: u32) -> u32 {
    const WORDS: [&[u8]; 10] = [
        b"5012", b"-874", b"+122", b"35.54400", b".1234500", b"-110.700", b"5.500e+3", b"-.123e-2",
        b"T0.3e-1F", b"+-13.7",
    ];
    let mut random = Random(seed | 1);
    let mut counts = [0u32; 7];
    for _ in 0..200 {
        let word = WORDS[(random.next() % 10) as usize];
        let mut state = State::Start;
        for letter in word {
            state = step(state, *letter);
            counts[state as usize] += 1;
        }
    }
    counts.iter().fold(0, |sum, count| sum.rotate_left(4) ^ count)
}

fn step(state: State, letter: u8) -> State {
    match (state, letter) {
        (State::Start, b'0'..=b'9') => State::Int,
        (State::Start, b'+' | b'-') => State::Sign,
        (State::Start | State::Sign | State::Int, b'.') => State::Float,
        (State::Sign | State::Int, b'0'..=b'9') => State::Int,
        (State::Float, b'e' | b'E') => State::Exponent,
        (State::Float, b'0'..=b'9') => State::Float,
        (State::Exponent, b'+' | b'-') => State::Scientific,
        (State::Scientific, b'0'..=b'9') => State::Scientific,
        _ => State::Invalid,
    }
}

/// A checksum of 16 bits, bit by bit.
pub fn crc(seed: u32) -> u32 {
    let mut random = Random(seed | 1);
    let mut crc = 0u16;
    for _ in 0..256 {
        let mut data = random.next() as u8;
        for _ in 0..8 {
            let carry = (data & 1) as u16 ^ crc & 1;
            data >>= 1;
            crc >>= 1;
            if carry == 1 {
                crc ^= 0xa001;
            }
        }
    }
    u32::from(crc)
}

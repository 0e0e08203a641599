//! Sorting, and a heap.

use crate::Random;

const COUNT: usize = 1000;

fn numbers(seed: u32) -> [u32; COUNT] {
    let mut random = Random(seed | 1);
    let mut numbers = [0; COUNT];
    for number in &mut numbers {
        *number = random.next();
    }
    numbers
}

/// Quicksort, with insertion where few are left.
pub fn quicksort(seed: u32) -> u32 {
    let mut numbers = numbers(seed);
    sort(&mut numbers);
    numbers[0] ^ numbers[COUNT / 2] ^ numbers[COUNT - 1]
}

#[inline(never)]
fn sort(numbers: &mut [u32]) {
    if numbers.len() <= 12 {
        for end in 1..numbers.len() {
            let number = numbers[end];
            let mut at = end;
            while at > 0 && numbers[at - 1] > number {
                numbers[at] = numbers[at - 1];
                at -= 1;
            }
            numbers[at] = number;
        }
        return;
    }
    let pivot = numbers[numbers.len() / 2];
    let (mut low, mut high) = (0, numbers.len() - 1);
    loop {
        while numbers[low] < pivot {
            low += 1;
        }
        while numbers[high] > pivot {
            high -= 1;
        }
        if low >= high {
            break;
        }
        numbers.swap(low, high);
        low += 1;
        high -= 1;
    }
    let (left, right) = numbers.split_at_mut(low);
    sort(left);
    sort(right);
}

/// A heap of 64-bit numbers, filled and emptied.
pub fn heap(seed: u32) -> u32 {
    let mut heap = [0u64; COUNT];
    let mut len = 0;
    for number in numbers(seed) {
        let mut at = len;
        heap[at] = u64::from(number) << 20 | at as u64;
        len += 1;
        while at > 0 && heap[(at - 1) / 2] > heap[at] {
            heap.swap(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }
    }
    let mut sum = 0u64;
    while len > 0 {
        sum = sum.rotate_left(7) ^ heap[0];
        len -= 1;
        heap[0] = heap[len];
        let mut at = 0;
        loop {
            let mut least = at;
            for child in [2 * at + 1, 2 * at + 2] {
                if child < len && heap[child] < heap[least] {
                    least = child;
                }
            }
            if least == at {
                break;
            }
            heap.swap(at, least);
            at = least;
        }
    }
    (sum >> 32) as u32 ^ sum as u32
}

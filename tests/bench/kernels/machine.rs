//! A machine with an operand stack and sixteen instructions, dispatched by a `match`.

#[derive(Clone, Copy)]
#[allow(dead_code)] // it knows more than its program uses
#[repr(u8)]
enum Code {
    Push,
    Load,
    Store,
    Add,
    Sub,
    Mul,
    And,
    Xor,
    Shift,
    Less,
    Equal,
    Jump,
    JumpIf,
    Duplicate,
    Swap,
    Halt,
}

use Code::*;

/// Collatz chains of one number after another, and a sum mixed from their lengths.
const PROGRAM: [(Code, i32); 38] = [
    (Push, 1), (Store, 0),
    // next number
    (Load, 0), (Store, 1), (Push, 0), (Store, 2),
    // one step of its chain
    (Load, 1), (Push, 1), (Equal, 0), (JumpIf, 27),
    (Load, 2), (Push, 1), (Add, 0), (Store, 2),
    (Load, 1), (Push, 1), (And, 0), (JumpIf, 22),
    (Load, 1), (Push, 1), (Shift, 0), (Jump, 25),
    (Load, 1), (Push, 3), (Jump, 36),
    (Store, 1), (Jump, 6),
    // the sum
    (Load, 3), (Load, 2), (Xor, 0), (Push, 5), (Mul, 0), (Store, 3),
    (Jump, 34),
    (Load, 0), (Jump, 38),
    (Mul, 0), (Jump, 42),
];
const TAIL: [(Code, i32); 8] = [
    (Push, 1), (Add, 0), (Store, 0), (Jump, 2),
    (Push, 1), (Swap, 0), (Add, 0), (Jump, 25),
];

/// Runs it.
pub fn run(seed: u32) -> u32 {
    let mut stack = [0i32; 16];
    let mut variables = [seed as i32, 0, 0, 0];
    let (mut top, mut pc) = (0usize, 0usize);
    let mut left = 20_000;
    loop {
        left -= 1;
        if left == 0 {
            break;
        }
        let (code, operand) = match PROGRAM.get(pc) {
            Some(found) => *found,
            None => match TAIL.get(pc - PROGRAM.len()) {
                Some(found) => *found,
                None => (Halt, 0),
            },
        };
        pc += 1;
        let one = stack[top.wrapping_sub(1) & 15];
        let two = stack[top.wrapping_sub(2) & 15];
        let mut replace = |value: i32| {
            stack[top.wrapping_sub(2) & 15] = value;
            top = top.wrapping_sub(1);
        };
        match code {
            Push => {
                stack[top & 15] = operand;
                top += 1;
            }
            Load => {
                stack[top & 15] = variables[operand as usize & 3];
                top += 1;
            }
            Store => {
                top -= 1;
                variables[operand as usize & 3] = one;
            }
            Add => replace(two.wrapping_add(one)),
            Sub => replace(two.wrapping_sub(one)),
            Mul => replace(two.wrapping_mul(one)),
            And => replace(two & one),
            Xor => replace(two ^ one),
            Shift => replace(two >> (one & 31)),
            Less => replace(i32::from(two < one)),
            Equal => replace(i32::from(two == one)),
            Jump => pc = operand as usize,
            JumpIf => {
                top -= 1;
                if one != 0 {
                    pc = operand as usize;
                }
            }
            Duplicate => {
                stack[top & 15] = one;
                top += 1;
            }
            Swap => {
                stack[top.wrapping_sub(1) & 15] = two;
                stack[top.wrapping_sub(2) & 15] = one;
            }
            Halt => break,
        }
    }
    variables.iter().fold(top as u32, |sum, value| sum.rotate_left(9) ^ *value as u32)
}

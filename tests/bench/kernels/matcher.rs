//! A matcher for simple regular expressions: letters, `.`, `*`, `+`, `?`, classes, `^` and `$`.

const TEXT: &[u8] = b"the quick brown fox jumps over 13 lazy dogs, then 2401 more; abbbbc, aabbcc, x-ray 0x1f \
  and a last line with numbers 3.14159 and 2.71828 in it, ending here";
const PATTERNS: [&[u8]; 8] = [
    b"jump.*dogs", b"[0-9]+\\.[0-9]+", b"ab*c", b"[a-z]+-[a-z]+", b"^the.*here$", b"0x[0-9a-f]+", b"(no|yes)",
    b"z+y?x*q",
];

/// Searches for all patterns and sums where they are found.
pub fn search(seed: u32) -> u32 {
    let mut sum = seed;
    for pattern in PATTERNS {
        sum = sum.rotate_left(4) ^ find(pattern, TEXT).map_or(0xffff, |at| at as u32);
    }
    sum
}

fn find(pattern: &[u8], text: &[u8]) -> Option<usize> {
    if let [b'^', rest @ ..] = pattern {
        return here(rest, text).then_some(0);
    }
    (0..=text.len()).find(|at| here(pattern, &text[*at..]))
}

/// Length of the first piece of a pattern: a letter, an escape or a class.
fn piece(pattern: &[u8]) -> usize {
    match pattern {
        [b'\\', _, ..] => 2,
        [b'[', rest @ ..] => rest.iter().position(|letter| *letter == b']').map_or(1, |end| end + 2),
        _ => 1,
    }
}

fn matches(piece: &[u8], letter: u8) -> bool {
    match piece {
        [b'.'] => true,
        [b'\\', escaped] => *escaped == letter,
        [b'[', class @ .., b']'] => {
            let mut class = class;
            loop {
                match class {
                    [low, b'-', high, rest @ ..] => {
                        if (*low..=*high).contains(&letter) {
                            return true;
                        }
                        class = rest;
                    }
                    [one, rest @ ..] => {
                        if *one == letter {
                            return true;
                        }
                        class = rest;
                    }
                    [] => return false,
                }
            }
        }
        [one] => *one == letter,
        _ => false,
    }
}

#[inline(never)]
fn here(pattern: &[u8], text: &[u8]) -> bool {
    if pattern.is_empty() {
        return true;
    }
    if pattern == b"$" {
        return text.is_empty();
    }
    let (first, rest) = pattern.split_at(piece(pattern));
    match rest.first() {
        Some(b'*') => many(first, &rest[1..], text, 0),
        Some(b'+') => many(first, &rest[1..], text, 1),
        Some(b'?') => {
            let one = !text.is_empty() && matches(first, text[0]) && here(&rest[1..], &text[1..]);
            one || here(&rest[1..], text)
        }
        _ => !text.is_empty() && matches(first, text[0]) && here(rest, &text[1..]),
    }
}

fn many(first: &[u8], rest: &[u8], text: &[u8], least: usize) -> bool {
    let mut count = 0;
    while count < text.len() && matches(first, text[count]) {
        count += 1;
    }
    loop {
        if count < least {
            return false;
        }
        if here(rest, &text[count..]) {
            return true;
        }
        if count == 0 {
            return false;
        }
        count -= 1;
    }
}

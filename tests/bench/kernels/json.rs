//! A reader of JSON that counts what it finds.

const TEXT: &[u8] = br#"{"name":"stepwell","depth":[1,22,333,-4.5e3,0.125],"steps":{"down":true,"up":false,"none":null},
 "text":"a \"quoted\" word, a tab \t and a snowman \u2603","nested":[[],[{}],[[1],[2,[3]]]],
 "people":[{"id":1,"tags":["a","bb"],"score":99.5},{"id":2,"tags":[],"score":-0.5},{"id":3,"tags":["ccc"],"score":1e2}]}"#;

struct Reader<'t> {
    text: &'t [u8],
    at: usize,
    numbers: f64,
    letters: u32,
    values: u32,
}

impl Reader<'_> {
    fn peek(&mut self) -> u8 {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn value(&mut self) -> bool {
        self.values += 1;
        match self.peek() {
            b'{' => self.sequence(b'}', true),
            b'[' => self.sequence(b']', false),
            b'"' => self.string(),
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn sequence(&mut self, end: u8, named: bool) -> bool {
        self.at += 1;
        if self.peek() == end {
            self.at += 1;
            return true;
        }
        loop {
            if named {
                if self.peek() != b'"' || !self.string() || self.peek() != b':' {
                    return false;
                }
                self.at += 1;
            }
            if !self.value() {
                return false;
            }
            let next = self.peek();
            self.at += 1;
            if next == end {
                return true;
            }
            if next != b',' {
                return false;
            }
        }
    }

    fn word(&mut self, word: &[u8]) -> bool {
        let found = self.text[self.at..].starts_with(word);
        self.at += word.len();
        found
    }

    fn string(&mut self) -> bool {
        self.at += 1;
        while let Some(letter) = self.text.get(self.at) {
            self.at += 1;
            match letter {
                b'"' => return true,
                b'\\' => {
                    self.at += if self.text.get(self.at) == Some(&b'u') { 5 } else { 1 };
                    self.letters += 1;
                }
                _ => self.letters += 1,
            }
        }
        false
    }

    fn digits(&mut self) -> (f64, u32) {
        let (mut value, mut count) = (0.0, 0);
        while let Some(digit @ b'0'..=b'9') = self.text.get(self.at) {
            value = value * 10.0 + f64::from(digit - b'0');
            count += 1;
            self.at += 1;
        }
        (value, count)
    }

    fn number(&mut self) -> bool {
        let negative = self.text.get(self.at) == Some(&b'-');
        self.at += usize::from(negative);
        let (mut value, count) = self.digits();
        if count == 0 {
            return false;
        }
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            let (mut part, count) = self.digits();
            for _ in 0..count {
                part /= 10.0;
            }
            value += part;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            let (power, _) = self.digits();
            for _ in 0..power as u32 {
                value *= 10.0;
            }
        }
        self.numbers += if negative { -value } else { value };
        true
    }
}

/// Reads the text twice.
pub fn count(seed: u32) -> u32 {
    let mut sum = seed;
    for _ in 0..2 {
        let mut reader = Reader { text: TEXT, at: 0, numbers: 0.0, letters: 0, values: 0 };
        let read = reader.value();
        sum ^= reader.values << 16 ^ reader.letters ^ reader.numbers as u32 ^ u32::from(read);
    }
    sum
}

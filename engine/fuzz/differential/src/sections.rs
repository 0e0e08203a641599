//! Binary modules, taken apart and put together again.

use std::ops::Range;

use wasmparser::{Parser, Payload};

const EXPORT: u8 = 7;
const CODE: u8 = 10;

/// Sections that come behind the exports.
const BEHIND_EXPORTS: [u8; 5] = [8, 9, 12, CODE, 11];

fn push_number(mut number: usize, to: &mut Vec<u8>) {
    while number >= 0x80 {
        to.push(number as u8 | 0x80);
        number >>= 7;
    }
    to.push(number as u8);
}

fn number(bytes: &mut &[u8]) -> Option<usize> {
    let mut result = 0;
    for shift in (0..35).step_by(7) {
        let (first, rest) = bytes.split_first()?;
        *bytes = rest;
        result |= usize::from(first & 0x7f) << shift;
        if first & 0x80 == 0 {
            return Some(result);
        }
    }
    None
}

/// Ids and contents of the sections.
fn sections(module: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut rest = module.get(8..)?;
    let mut sections = Vec::new();
    while let Some((id, behind)) = rest.split_first() {
        rest = behind;
        let len = number(&mut rest)?;
        let (content, behind) = rest.split_at_checked(len)?;
        sections.push((*id, content));
        rest = behind;
    }
    Some(sections)
}

fn put_together(sections: &[(u8, &[u8])]) -> Vec<u8> {
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        module.push(*id);
        push_number(content.len(), &mut module);
        module.extend_from_slice(content);
    }
    module
}

/// The same module with one more export.
pub(crate) fn with_exported_global(module: &[u8], name: &str, global: u32) -> Option<Vec<u8>> {
    let mut sections = sections(module)?;
    let present = sections.iter().position(|(id, _)| *id == EXPORT);
    let at = present.unwrap_or_else(|| {
        let behind = |(id, _): &(u8, &[u8])| BEHIND_EXPORTS.contains(id);
        sections.iter().position(behind).unwrap_or(sections.len())
    });
    let mut old = present.map_or(&[0][..], |at| sections[at].1);
    let mut exports = Vec::new();
    push_number(number(&mut old)? + 1, &mut exports);
    exports.extend_from_slice(old);
    push_number(name.len(), &mut exports);
    exports.extend_from_slice(name.as_bytes());
    exports.push(3);
    push_number(global as usize, &mut exports);
    match present {
        Some(at) => sections[at].1 = &exports,
        None => sections.insert(at, (EXPORT, &exports)),
    }
    Some(put_together(&sections))
}

/// A module whose functions are lists of instructions, some of which can be left out.
#[derive(Clone)]
pub(crate) struct Bodies {
    module: Vec<u8>,
    pub(crate) funcs: Vec<Body>,
}

/// A function.
#[derive(Clone)]
pub(crate) struct Body {
    locals: Vec<u8>,
    pub(crate) instructions: Vec<Vec<u8>>,
}

impl Bodies {
    pub(crate) fn of(module: &[u8]) -> Option<Self> {
        let mut funcs = Vec::new();
        for payload in Parser::new(0).parse_all(module) {
            if let Payload::CodeSectionEntry(body) = payload.ok()? {
                let operators = body.get_operators_reader().ok()?;
                let first = operators.original_position();
                let mut starts = Vec::new();
                for operator in operators.into_iter_with_offsets() {
                    starts.push(operator.ok()?.1);
                }
                let end = starts.pop()?;
                let bytes = |range: Range<u64>| {
                    module.get(range.start as usize..range.end as usize).map(<[u8]>::to_vec)
                };
                let ends = starts.iter().skip(1).copied().chain([end]);
                let instructions = starts.iter().zip(ends).map(|(start, end)| bytes(*start..end));
                funcs.push(Body {
                    locals: bytes(body.range().start..first)?,
                    instructions: instructions.collect::<Option<_>>()?,
                });
            }
        }
        Some(Self { module: module.to_vec(), funcs })
    }

    /// Instructions of all functions.
    pub(crate) fn len(&self) -> usize {
        self.funcs.iter().map(|func| func.instructions.len()).sum()
    }

    pub(crate) fn encode(&self) -> Option<Vec<u8>> {
        let mut code = Vec::new();
        push_number(self.funcs.len(), &mut code);
        for func in &self.funcs {
            let mut body = func.locals.clone();
            body.extend(func.instructions.iter().flatten());
            body.push(0x0b);
            push_number(body.len(), &mut code);
            code.extend(body);
        }
        let mut sections = sections(&self.module)?;
        for section in sections.iter_mut().filter(|(id, _)| *id == CODE) {
            section.1 = &code;
        }
        Some(put_together(&sections))
    }
}

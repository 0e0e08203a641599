//! Whether bytes can be read at all, whatever they mean.
//!
//! `wasmparser` reads and validates in one go and reports both kinds of mistakes alike. The
//! specification tells them apart: a module that cannot be decoded is *malformed*, one that can but
//! breaks a rule is *invalid*. When validation fails, this reads everything once more without
//! validating.

use alloc::format;
use alloc::string::{String, ToString};

use wasmparser::{BinaryReader, Chunk, Operator, Parser, Payload, Result};

use super::builder::LoadState;
use crate::features::Features;

/// Where and why a module cannot be decoded.
pub(super) enum Malformed {
    Parser(wasmparser::Error),
    /// What `wasmparser` leaves to its validator.
    Rule(String, u64),
}

impl From<wasmparser::Error> for Malformed {
    fn from(error: wasmparser::Error) -> Self {
        Malformed::Parser(error)
    }
}

/// Reads every item of a module, a slice at a time.
pub(super) struct WellFormed {
    parser: Parser,
    features: Features,
    position: usize,
    has_data_count: bool,
}

impl WellFormed {
    /// Begins with the first byte.
    pub(super) fn new(features: Features) -> Self {
        let mut parser = Parser::new(0);
        parser.set_features(features.to_wasm());
        Self { parser, features, position: 0, has_data_count: false }
    }

    /// Reads about `budget` more of `bytes`, at least a section or body; `eof` if there will be no more.
    ///
    /// # Errors
    /// The first item that cannot be decoded.
    pub(super) fn step(
        &mut self,
        bytes: &[u8],
        eof: bool,
        budget: u64,
    ) -> Result<LoadState, Malformed> {
        let mut left = budget;
        loop {
            let rest = bytes.get(self.position..).unwrap_or_default();
            let (consumed, payload) = match self.parser.parse(rest, eof)? {
                Chunk::NeedMoreData(_) => return Ok(LoadState::NeedsBytes),
                Chunk::Parsed { consumed, payload } => (consumed, payload),
            };
            self.position += consumed;
            if let Payload::End(_) = payload {
                return Ok(LoadState::Ready);
            }
            self.payload(payload)?;
            left = left.saturating_sub(consumed as u64);
            if left == 0 {
                return Ok(LoadState::Pending);
            }
        }
    }

    fn payload(&mut self, payload: Payload<'_>) -> Result<(), Malformed> {
        match payload {
            Payload::DataCountSection { .. } => self.has_data_count = true,
            Payload::UnknownSection { id, range, .. } => {
                return Err(Malformed::Rule(format!("malformed section id {id}"), range.start));
            }
            Payload::TypeSection(section) => drain(section)?,
            Payload::ImportSection(section) => drain(section)?,
            Payload::FunctionSection(section) => drain(section)?,
            Payload::TableSection(section) => {
                for table in section {
                    if let wasmparser::TableInit::Expr(expr) = table?.init {
                        expression(expr.get_binary_reader())?;
                    }
                }
            }
            Payload::MemorySection(section) => drain(section)?,
            Payload::GlobalSection(section) => {
                for global in section {
                    expression(global?.init_expr.get_binary_reader())?;
                }
            }
            Payload::ExportSection(section) => drain(section)?,
            Payload::ElementSection(section) => {
                for segment in section {
                    let segment = segment?;
                    if let wasmparser::ElementKind::Active { offset_expr, .. } = segment.kind {
                        expression(offset_expr.get_binary_reader())?;
                    }
                    match segment.items {
                        wasmparser::ElementItems::Functions(items) => drain(items)?,
                        wasmparser::ElementItems::Expressions(_, items) => {
                            for item in items {
                                expression(item?.get_binary_reader())?;
                            }
                        }
                    }
                }
            }
            Payload::DataSection(section) => {
                for segment in section {
                    if let wasmparser::DataKind::Active { offset_expr, .. } = segment?.kind {
                        expression(offset_expr.get_binary_reader())?;
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                drain(body.get_locals_reader()?)?;
                let mut operators = body.get_operators_reader()?;
                while !operators.eof() {
                    let (operator, offset) = operators.read_with_offset()?;
                    operator_rules(&operator, offset, self.has_data_count, self.features)?;
                }
                operators.finish()?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// Rules of the binary format that need an operator's immediates.
fn operator_rules(
    operator: &Operator<'_>,
    offset: u64,
    has_data_count: bool,
    features: Features,
) -> Result<(), Malformed> {
    let names_segment = matches!(
        operator,
        Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
            | Operator::ArrayNewData { .. }
            | Operator::ArrayInitData { .. }
    );
    if names_segment && !has_data_count {
        return Err(Malformed::Rule("data count section required".to_string(), offset));
    }
    // Since memories have an index, the alignment has six bits and can only be too large.
    let memarg = super::operator::memarg_of(operator);
    let few_bits = !features.contains(Features::MULTI_MEMORY);
    if few_bits && memarg.is_some_and(|memarg| memarg.align >= 32) {
        return Err(Malformed::Rule("malformed memop flags".to_string(), offset));
    }
    Ok(())
}

fn drain<T>(items: impl IntoIterator<Item = Result<T>>) -> Result<()> {
    items.into_iter().try_for_each(|item| item.map(drop))
}

fn expression(reader: BinaryReader<'_>) -> Result<()> {
    let mut operators = wasmparser::OperatorsReader::new(reader);
    while !operators.eof() {
        operators.read()?;
    }
    operators.finish()
}

//! Where in the text the parts of an encoded module stand.

use alloc::vec::Vec;

use wasmparser::{BinaryReader, OperatorsReader, Parser, Payload, WasmFeatures};
use wast::core::{
    DataKind, ElemKind, ElemPayload, Expression, FuncKind, GlobalKind, Module, ModuleField,
    ModuleKind, TableKind,
};

/// Offsets in the module with those in the text, in order.
pub(super) struct Positions {
    places: Vec<(u64, usize)>,
}

impl Positions {
    /// Where what stands at `offset` of the module came from.
    pub(super) fn text_of(&self, offset: u64) -> Option<usize> {
        let behind = self.places.partition_point(|(binary, _)| *binary <= offset);
        self.places.get(behind.checked_sub(1)?).map(|(_, text)| *text)
    }

    /// Walks over the module and the text that it was encoded from side by side.
    pub(super) fn new(module: &Module<'_>, bytes: &[u8]) -> Self {
        let ModuleKind::Text(fields) = &module.kind else {
            return Self { places: Vec::from([(0, module.span.offset())]) };
        };
        let mut walk = Walk { fields, places: Vec::from([(0, module.span.offset())]) };
        let mut parser = Parser::new(0);
        parser.set_features(WasmFeatures::all());
        let mut bodies = walk.funcs();
        for payload in parser.parse_all(bytes) {
            // What cannot be read any more has no place of its own.
            let Some(()) = payload.ok().and_then(|payload| walk.payload(payload, &mut bodies))
            else {
                break;
            };
        }
        let mut places = walk.places;
        places.sort_by_key(|(binary, _)| *binary);
        Self { places }
    }
}

/// A function's span, and its instructions.
type Bodies<'f, 'a> = alloc::vec::IntoIter<(usize, &'f Expression<'a>)>;

struct Walk<'f, 'a> {
    fields: &'f [ModuleField<'a>],
    places: Vec<(u64, usize)>,
}

impl<'f, 'a> Walk<'f, 'a> {
    fn funcs(&self) -> Bodies<'f, 'a> {
        let bodies = self.fields.iter().filter_map(|field| match field {
            ModuleField::Func(func) => match &func.kind {
                FuncKind::Inline { expression, .. } => Some((func.span.offset(), expression)),
                FuncKind::Import(..) => None,
            },
            _ => None,
        });
        bodies.collect::<Vec<_>>().into_iter()
    }

    /// Notes the items of a section; `None` where the two sides have parted.
    fn payload(&mut self, payload: Payload<'_>, bodies: &mut Bodies<'f, 'a>) -> Option<()> {
        match payload {
            Payload::TypeSection(reader) => {
                let spans = self.spans(|field| match field {
                    ModuleField::Type(ty) => Some(ty.span.offset()),
                    ModuleField::Rec(group) => Some(group.span.offset()),
                    _ => None,
                });
                self.items(spans, reader.into_iter_with_offsets().map_while(offset_of));
            }
            Payload::ImportSection(reader) => {
                let spans = self.spans(|field| match field {
                    ModuleField::Import(import) => Some(import.span.offset()),
                    _ => None,
                });
                self.items(spans, reader.into_iter_with_offsets().map_while(offset_of));
            }
            Payload::FunctionSection(reader) => {
                let spans = self.spans(|field| match field {
                    ModuleField::Func(func) => Some(func.span.offset()),
                    _ => None,
                });
                self.items(spans, reader.into_iter_with_offsets().map_while(offset_of));
            }
            Payload::MemorySection(reader) => {
                let spans = self.spans(|field| match field {
                    ModuleField::Memory(memory) => Some(memory.span.offset()),
                    _ => None,
                });
                self.items(spans, reader.into_iter_with_offsets().map_while(offset_of));
            }
            Payload::TagSection(reader) => {
                let spans = self.spans(|field| match field {
                    ModuleField::Tag(tag) => Some(tag.span.offset()),
                    _ => None,
                });
                self.items(spans, reader.into_iter_with_offsets().map_while(offset_of));
            }
            Payload::ExportSection(reader) => {
                let spans = self.spans(|field| match field {
                    ModuleField::Export(export) => Some(export.span.offset()),
                    _ => None,
                });
                self.items(spans, reader.into_iter_with_offsets().map_while(offset_of));
            }
            Payload::StartSection { range, .. } => {
                let start = self.fields.iter().find_map(|field| match field {
                    ModuleField::Start(index) => Some(index.span().offset()),
                    _ => None,
                });
                self.places.extend(start.map(|start| (range.start, start)));
            }
            Payload::TableSection(reader) => {
                let mut fields = self.fields.iter().filter_map(|field| match field {
                    ModuleField::Table(table) => Some(table),
                    _ => None,
                });
                for table in reader.into_iter_with_offsets() {
                    let ((offset, table), field) = (table.ok()?, fields.next()?);
                    self.places.push((offset, field.span.offset()));
                    if let wasmparser::TableInit::Expr(init) = &table.init
                        && let TableKind::Normal { init_expr: Some(expr), .. } = &field.kind
                    {
                        self.expr(init.get_binary_reader(), expr, field.span.offset());
                    }
                }
            }
            Payload::GlobalSection(reader) => {
                let mut fields = self.fields.iter().filter_map(|field| match field {
                    ModuleField::Global(global) => Some(global),
                    _ => None,
                });
                for global in reader.into_iter_with_offsets() {
                    let ((offset, global), field) = (global.ok()?, fields.next()?);
                    self.places.push((offset, field.span.offset()));
                    if let GlobalKind::Inline(expr) = &field.kind {
                        let init = global.init_expr.get_binary_reader();
                        self.expr(init, expr, field.span.offset());
                    }
                }
            }
            Payload::ElementSection(reader) => {
                let mut fields = self.fields.iter().filter_map(|field| match field {
                    ModuleField::Elem(elem) => Some(elem),
                    _ => None,
                });
                for element in reader.into_iter_with_offsets() {
                    let ((offset, element), field) = (element.ok()?, fields.next()?);
                    let span = field.span.offset();
                    self.places.push((offset, span));
                    if let wasmparser::ElementKind::Active { offset_expr, .. } = &element.kind
                        && let ElemKind::Active { offset, .. } = &field.kind
                    {
                        self.expr(offset_expr.get_binary_reader(), offset, span);
                    }
                    match (element.items, &field.payload) {
                        (
                            wasmparser::ElementItems::Expressions(_, items),
                            ElemPayload::Exprs { exprs, .. },
                        ) => {
                            for (item, expr) in items.into_iter().zip(exprs) {
                                self.expr(item.ok()?.get_binary_reader(), expr, span);
                            }
                        }
                        (
                            wasmparser::ElementItems::Functions(items),
                            ElemPayload::Indices(indices),
                        ) => {
                            for (item, index) in items.into_iter_with_offsets().zip(indices) {
                                self.places.push((item.ok()?.0, index.span().offset()));
                            }
                        }
                        _ => {}
                    }
                }
            }
            Payload::DataSection(reader) => {
                let mut fields = self.fields.iter().filter_map(|field| match field {
                    ModuleField::Data(data) => Some(data),
                    _ => None,
                });
                for data in reader.into_iter_with_offsets() {
                    let ((offset, data), field) = (data.ok()?, fields.next()?);
                    self.places.push((offset, field.span.offset()));
                    if let wasmparser::DataKind::Active { offset_expr, .. } = &data.kind
                        && let DataKind::Active { offset, .. } = &field.kind
                    {
                        self.expr(offset_expr.get_binary_reader(), offset, field.span.offset());
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                let (span, expr) = bodies.next()?;
                self.places.push((body.range().start, span));
                let operators = body.get_binary_reader_for_operators().ok()?;
                self.expr(operators, expr, span);
            }
            _ => {}
        }
        Some(())
    }

    fn spans(&self, span: impl Fn(&ModuleField<'a>) -> Option<usize>) -> Vec<usize> {
        self.fields.iter().filter_map(span).collect()
    }

    fn items(&mut self, spans: Vec<usize>, offsets: impl Iterator<Item = u64>) {
        self.places.extend(offsets.zip(spans));
    }

    /// Notes the operators of an expression. Its last `end` is written nowhere: the text that tells most
    /// about it is the instruction before.
    fn expr(&mut self, reader: BinaryReader<'_>, expr: &Expression<'_>, otherwise: usize) {
        let spans = expr.instr_spans.as_deref().unwrap_or_default();
        let mut spans = spans.iter().map(|span| span.offset());
        let mut last = otherwise;
        let mut operators = OperatorsReader::new(reader);
        while !operators.eof() {
            let offset = operators.original_position();
            last = spans.next().unwrap_or(last);
            self.places.push((offset, last));
            // As an `else` without `if`; what follows is not looked at by anybody.
            if operators.read().is_err() {
                break;
            }
        }
    }
}

fn offset_of<T>(item: Result<(u64, T), wasmparser::Error>) -> Option<u64> {
    item.ok().map(|(offset, _)| offset)
}

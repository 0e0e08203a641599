//! Names of labels: which of them encloses which instruction.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use wasmparser::Operator;

use super::Module;
use crate::ids::FuncIndex;

/// No instruction: the label of the function itself.
const NONE: u32 = u32::MAX;

/// The named labels of a function; empty where it has none.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    /// The name section's names, by the order in which labels are opened.
    by_order: BTreeMap<u32, String>,
    opened: u32,
    /// Names by the position of the instruction that opens the label.
    names: BTreeMap<u32, String>,
    /// For each instruction the one that opened the innermost label around it.
    around: Vec<u32>,
    open: Vec<u32>,
}

impl Labels {
    pub(super) fn new(module: &Module, func: FuncIndex) -> Self {
        Self { by_order: module.label_names(func).into_iter().collect(), ..Self::default() }
    }

    /// Takes the next instruction of the function.
    pub(super) fn operator(&mut self, operator: &Operator<'_>) {
        if self.by_order.is_empty() {
            return;
        }
        let position = self.around.len() as u32;
        let opener = match operator {
            // Its label counts from outside its `try`.
            Operator::Delegate { .. } => {
                self.open.pop();
                self.open.last()
            }
            _ => self.open.last(),
        };
        self.around.push(opener.copied().unwrap_or(NONE));
        match operator {
            Operator::Block { .. }
            | Operator::Loop { .. }
            | Operator::If { .. }
            | Operator::TryTable { .. }
            | Operator::Try { .. } => {
                if let Some(name) = self.by_order.get(&self.opened) {
                    self.names.insert(position, name.clone());
                }
                self.opened += 1;
                self.open.push(position);
            }
            Operator::End => drop(self.open.pop()),
            _ => {}
        }
    }

    /// The name of the label that an instruction opens.
    pub(super) fn opened_at(&self, position: usize) -> Option<&str> {
        self.names.get(&u32::try_from(position).ok()?).map(String::as_str)
    }

    /// The name of the label that a branch of this depth at an instruction goes to.
    pub(super) fn enclosing(&self, position: usize, depth: u32) -> Option<&str> {
        let mut opener = *self.around.get(position)?;
        for _ in 0..depth {
            opener = *self.around.get(opener as usize)?;
        }
        self.opened_at(opener as usize)
    }
}

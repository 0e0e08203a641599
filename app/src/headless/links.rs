//! What imports nobody satisfies, all of them at once.

use std::collections::BTreeSet;

use stepwell_engine::module::{Import, Matching};
use stepwell_engine::text::dotted;
use stepwell_engine::{ExternType, Module};

use super::cli::Failure;
use crate::hosts::Importer;
use crate::session::extern_type;

/// Imports that cannot be linked, in the order in which they stand in their modules.
#[derive(Default)]
pub(super) struct Unlinked {
    lines: Vec<(Certainty, String)>,
    known: BTreeSet<String>,
    advice: BTreeSet<String>,
    /// Whether `--stub-imports` would help with one.
    could_stub: bool,
    matching: Matching,
}

/// Whether an import fails for certain.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Certainty {
    Certain,
    /// It fits if a memory or table has grown by the time it is linked.
    UnlessGrown,
}

impl Unlinked {
    fn add(&mut self, certainty: Certainty, import: &Import, what: &str) {
        let line = format!("  {}: {what}", dotted(&import.module, &import.name));
        if self.known.insert(line.clone()) {
            self.lines.push((certainty, line));
        }
    }

    /// An import that no module exports and no ready set has.
    pub(super) fn missing(&mut self, import: &Import, importer: &Module, sets: &Importer) {
        self.could_stub = true;
        let wanted = extern_type(importer, &import.ty);
        if let Some(misfit) = sets.misfit(import) {
            let set = misfit.set.title();
            let what = format!("{wanted} imported, but that of {set} is {}", misfit.expected);
            return self.add(Certainty::Certain, import, &what);
        }
        self.add(Certainty::Certain, import, &wanted);
        self.advice.extend(sets.advice(import));
    }

    /// Looks at an import from a module that is linked under the import's module name.
    pub(super) fn check(&mut self, provider: &Module, importer: &Module, position: usize) {
        let Some(import) = importer.imports().get(position) else { return };
        let wanted = extern_type(importer, &import.ty);
        let export = provider.export(&import.name);
        let found =
            export.and_then(|export| Some((export.item, provider.export_type(export.item)?)));
        let Some((item, found)) = found else {
            let what = format!("{wanted} imported, nothing of this name exported");
            return self.add(Certainty::Certain, import, &what);
        };
        let certainty = match self.matching.fits(provider, item, importer, position) {
            false => Certainty::Certain,
            true if is_smaller(&found, &import.ty) => Certainty::UnlessGrown,
            true => return,
        };
        let what = format!("{wanted} imported, {} exported", extern_type(provider, &found));
        self.add(certainty, import, &what);
    }

    /// Fails with all of them, if there is one that fails for certain.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if self.lines.iter().all(|(certainty, _)| *certainty != Certainty::Certain) {
            return Ok(());
        }
        let lines: Vec<String> = self.lines.into_iter().map(|(_, line)| line).collect();
        let what = if lines.len() == 1 { "import is" } else { "imports are" };
        let how = match self.could_stub {
            true => "; give the module as an earlier FILE, or use --stub-imports zero|trap",
            false => "",
        };
        let advice: String = self.advice.iter().map(|text| format!("\n{text}")).collect();
        let count = lines.len();
        Err(Failure::Error(format!(
            "{count} {what} not satisfied{how}:\n{}{advice}",
            lines.join("\n")
        )))
    }
}

/// Whether a memory or table has less now than is imported.
fn is_smaller(found: &ExternType, wanted: &ExternType) -> bool {
    match (found, wanted) {
        (ExternType::Memory(found), ExternType::Memory(wanted)) => {
            found.limits.min < wanted.limits.min
        }
        (ExternType::Table(found), ExternType::Table(wanted)) => {
            found.limits.min < wanted.limits.min
        }
        _ => false,
    }
}

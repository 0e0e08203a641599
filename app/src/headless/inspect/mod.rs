//! `stepwell inspect`: what a module consists of, as text or JSON, written as it is found: a module may have
//! a million functions.

mod json;
mod text;

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use stepwell_engine::{Config, Engine, Module};

use super::cli::{self, Failure};
use crate::session::{Declared, FuncNames};

const HELP: &str = "\
stepwell inspect FILE [--json] [--raw-names]

Shows sections, types, imports, exports, functions with their names, memories, tables, globals, tags,
segments, and what custom sections say.

  --json         one JSON object
  --raw-names    names as the module has them: symbols of Rust and C++ are not taken apart
";

/// A module, and what its functions are called.
struct Inspected {
    file: String,
    module: Module,
    names: FuncNames,
}

impl Inspected {
    fn declared(&self) -> Declared<'_> {
        Declared { module: &self.module, names: &self.names, most: usize::MAX }
    }
}

/// `stepwell inspect`.
pub(super) fn main(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut file, mut as_json, mut raw) = (None::<PathBuf>, false, false);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("json") => as_json = true,
            lexopt::Arg::Long("raw-names") => raw = true,
            lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => return Ok(cli::help(HELP)),
            lexopt::Arg::Value(value) if file.is_none() => file = Some(value.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    let file = file.ok_or_else(|| Failure::Usage("inspect needs a FILE".to_owned()))?;
    let module = cli::load(&Engine::new(Config::default()), &file)?;
    let names = FuncNames::with_form(&module, raw);
    let inspected = Inspected { file: file.display().to_string(), module, names };
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = match as_json {
        true => json::write(&inspected, &mut out),
        false => text::write(&inspected, &mut out),
    };
    // A reader that has gone away has seen enough.
    let _ = written.and_then(|()| out.flush());
    Ok(ExitCode::SUCCESS)
}

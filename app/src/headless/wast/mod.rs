//! Scripts of the specification's test suite.
//!
//! [`run_script`] executes one script and reports every assertion; the subcommand prints what
//! failed. Each command that is not an assertion counts as well: a module that should load and
//! does not is a failure.

mod outcome;
mod refusal;
mod runner;
mod turns;
mod values;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;

use stepwell_engine::text_format::TextError;

use super::cli::{self, Failure};
pub use runner::{run_script, run_script_on};

/// What became of a script's commands.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Report {
    /// Commands that did what the script says.
    pub passed: usize,
    /// Commands that did not, in order.
    pub failures: Vec<Mismatch>,
}

/// A command that did not do what the script says.
#[derive(Clone, PartialEq, Eq, Debug, Default, serde::Serialize)]
pub struct Mismatch {
    /// Line of the script, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What was wanted and what came.
    pub message: String,
    /// For what is wrong with a text: the line, and the mark under the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<[String; 2]>,
}

impl Mismatch {
    /// What is wrong with the text of a script or of a module in it.
    fn at(error: &TextError) -> Self {
        let TextError { line, column, .. } = *error;
        let source = Some([error.source.clone(), error.marker.clone()]);
        Self { line, column, message: error.sentence(), source }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)?;
        match &self.source {
            Some([line, marker]) => write!(f, "\n{line}\n{marker}"),
            None => Ok(()),
        }
    }
}

pub(super) const HELP: &str = "\
stepwell wast FILE… [--json]

Runs scripts of the specification's test suite. What failed goes to stderr with file, line and
column; the last line on stdout is 'N passed, N failed'.

  --json    one JSON object a file instead, then one with the totals
";

/// `stepwell wast`.
pub(super) fn main(parser: &mut lexopt::Parser) -> Result<ExitCode, Failure> {
    let (mut files, mut json) = (Vec::<PathBuf>::new(), false);
    while let Some(argument) = parser.next()? {
        match argument {
            lexopt::Arg::Long("json") => json = true,
            lexopt::Arg::Short('h') | lexopt::Arg::Long("help") => return Ok(cli::help(HELP)),
            lexopt::Arg::Value(file) => files.push(file.into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if files.is_empty() {
        return Err(Failure::Usage("wast needs at least one FILE".to_owned()));
    }
    let (mut passed, mut failed) = (0, 0);
    for file in &files {
        let text = cli::read(file)?;
        let name = file.display().to_string();
        let report = match std::str::from_utf8(&text) {
            Ok(text) => run_script(text),
            Err(error) => Report {
                passed: 0,
                failures: vec![Mismatch {
                    line: 1,
                    column: 1,
                    message: format!("not UTF-8 from byte {} on", error.valid_up_to()),
                    source: None,
                }],
            },
        };
        passed += report.passed;
        failed += report.failures.len();
        if json {
            let object = serde_json::json!({
                "file": name,
                "passed": report.passed,
                "failed": report.failures.len(),
                "failures": report.failures,
            });
            cli::print(&format!("{object}\n"));
        } else {
            for failure in &report.failures {
                cli::complain(&format!("{name}:{failure}"));
            }
        }
    }
    if json {
        cli::print(&format!("{}\n", serde_json::json!({ "passed": passed, "failed": failed })));
    } else {
        cli::print(&format!("{passed} passed, {failed} failed\n"));
    }
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

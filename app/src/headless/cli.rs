//! What all subcommands share: reading files, printing, failing.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use stepwell_engine::text::escaped;
use stepwell_engine::{Engine, Module};

use crate::session::{load_error, load_module};

/// Why a subcommand ends without having done its work.
pub(super) enum Failure {
    /// Wrong arguments: exit code 2.
    Usage(String),
    /// Anything else that is told in a line: exit code 1.
    Error(String),
    /// Errors in a text, with file, line and column, as compilers write them: exit code 1.
    Text(String),
}

impl Failure {
    /// What is said on stderr, and the exit code.
    pub(super) fn told(&self) -> (String, u8) {
        match self {
            Failure::Usage(message) => {
                (format!("stepwell: {message}\nstepwell --help shows how it is used\n"), 2)
            }
            Failure::Error(message) => (format!("stepwell: {message}\n"), 1),
            Failure::Text(message) => (format!("{message}\n"), 1),
        }
    }

    /// Says why on stderr.
    pub(super) fn report(self) -> ExitCode {
        let (text, code) = self.told();
        complain_bytes(text.as_bytes());
        ExitCode::from(code)
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Self {
        Failure::Usage(error.to_string())
    }
}

impl From<stepwell_engine::Error> for Failure {
    fn from(error: stepwell_engine::Error) -> Self {
        Failure::Error(error.to_string())
    }
}

/// Writes to stdout. A reader that has gone away is no error: there is nobody left to tell.
pub(super) fn print(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// Writes bytes to stdout at once, what has been written there before them first.
pub(super) fn print_bytes(bytes: &[u8]) {
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Writes bytes to stderr.
pub(super) fn complain_bytes(bytes: &[u8]) {
    let _ = std::io::stderr().write_all(bytes);
}

/// Writes a line to stderr.
pub(super) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// The exit code of a command whose program has ended itself with this one.
///
/// # Errors
/// For one that the system has no room for: of 256 it would keep 0, and the program would seem to have succeeded.
pub(super) fn exit_code(code: i32) -> Result<u8, Failure> {
    match u8::try_from(code) {
        Ok(code) => Ok(code),
        Err(_) => Err(Failure::Error(format!(
            "the program ended with exit code {code}, which the system cannot hold: it has 0 to 255"
        ))),
    }
}

/// Prints a help text.
pub(super) fn help(text: &str) -> ExitCode {
    print(text);
    ExitCode::SUCCESS
}

/// A number with its noun: `1 entry`, `2 entries`.
pub(super) fn count(number: impl TryInto<u64>, one: &str, more: &str) -> String {
    match number.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {one}"),
        number => format!("{number} {more}"),
    }
}

/// A file's contents.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::Error(format!("{}: {error}", path.display())))
}

/// The name that a file is linked under.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// Loads a module: binary if it begins as one, text otherwise.
pub(super) fn load(engine: &Engine, path: &Path) -> Result<Module, Failure> {
    let bytes = read(path)?;
    let name = path.display().to_string();
    match load_module(engine, bytes) {
        Ok((module, _)) => Ok(module),
        Err(error @ stepwell_engine::Error::Text { .. }) => {
            Err(Failure::Text(load_error(&name, &error)))
        }
        Err(error) => Err(Failure::Error(load_error(&name, &error))),
    }
}

/// What `run` and `trace` are asked to do.
#[derive(Default)]
pub(super) struct Invocation {
    pub(super) files: Vec<PathBuf>,
    pub(super) export: Option<String>,
    pub(super) args: Vec<String>,
    pub(super) budget: Option<u64>,
    /// Most frames, if not as many as usual.
    pub(super) max_call_depth: Option<u32>,
    /// Most slots of all frames' locals and operands.
    pub(super) max_value_stack: Option<u32>,
    pub(super) stubs: Option<Stubs>,
    /// Folders of the system that a WASI program may use, and what it calls them.
    pub(super) folders: Vec<(PathBuf, String)>,
    /// Names and values of a WASI program's environment.
    pub(super) env: Vec<(String, String)>,
    /// A WASI program's arguments, without its name.
    pub(super) program_args: Vec<String>,
    /// Whether functions are called what the module calls them, symbols as they are.
    pub(super) raw_names: bool,
    /// Where the run is written down.
    pub(super) record: Option<PathBuf>,
    /// Whether the command writes to stdout itself: what programs write there then goes to stderr.
    pub(super) keeps_stdout: bool,
}

/// How imports that nothing satisfies are answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stubs {
    Zero,
    Trap,
}

/// Takes one argument of an invocation; `false` if it is not one.
pub(super) fn invocation_argument(
    invocation: &mut Invocation,
    argument: Argument,
    parser: &mut lexopt::Parser,
) -> Result<bool, Failure> {
    match argument {
        Argument::Value(file) => invocation.files.push(file.into()),
        Argument::Long(option) => match option.as_str() {
            "invoke" => {
                invocation.export = Some(text(parser, "--invoke needs the name of an export")?);
                let mut raw = parser.raw_args()?;
                while let Some(value) = raw.next_if(|next| next.to_str().is_some_and(is_value)) {
                    invocation.args.push(value.to_string_lossy().into_owned());
                }
            }
            "budget" => {
                let count = text(parser, "--budget needs a number of instructions")?;
                let parsed = count.replace('_', "").parse();
                let parsed = parsed.map_err(|_| {
                    Failure::Usage(format!("--budget: {count} is not a number of instructions"))
                })?;
                invocation.budget = Some(parsed);
            }
            "max-call-depth" => invocation.max_call_depth = Some(limit(parser, "max-call-depth")?),
            "max-value-stack" => {
                invocation.max_value_stack = Some(limit(parser, "max-value-stack")?);
            }
            "stub-imports" => {
                let how = text(parser, "--stub-imports needs zero or trap")?;
                invocation.stubs = Some(match how.as_str() {
                    "zero" => Stubs::Zero,
                    "trap" => Stubs::Trap,
                    _ => {
                        let message = format!("--stub-imports: {how} is neither zero nor trap");
                        return Err(Failure::Usage(message));
                    }
                });
            }
            "raw-names" => invocation.raw_names = true,
            "dir" => {
                let both = text(parser, "--dir needs HOST::GUEST")?;
                let (host, guest) = both.split_once("::").unwrap_or((&both, &both));
                if host.is_empty() || guest.is_empty() {
                    let message = format!("--dir: {both} is not HOST::GUEST");
                    return Err(Failure::Usage(message));
                }
                invocation.folders.push((host.into(), guest.to_owned()));
            }
            "env" => {
                let both = text(parser, "--env needs NAME=VALUE")?;
                match both.split_once('=') {
                    Some((name, value)) if !name.is_empty() => {
                        invocation.env.push((name.to_owned(), value.to_owned()));
                    }
                    _ => {
                        let message = format!("--env: {both} is not NAME=VALUE");
                        return Err(Failure::Usage(message));
                    }
                }
            }
            _ => return Ok(false),
        },
        Argument::Program(args) => invocation.program_args = args,
        Argument::Short(_) => return Ok(false),
    }
    Ok(true)
}

/// The value of an option that is a limit.
fn limit(parser: &mut lexopt::Parser, option: &str) -> Result<u32, Failure> {
    let count = text(parser, &format!("--{option} needs a number"))?;
    let parsed = count.replace('_', "").parse();
    parsed.map_err(|_| {
        Failure::Usage(format!("--{option}: {} is no number up to {}", escaped(&count), u32::MAX))
    })
}

/// The value of an option that is a count.
pub(super) fn number(parser: &mut lexopt::Parser, option: &str) -> Result<u64, Failure> {
    let count = text(parser, &format!("--{option} needs a number"))?;
    let parsed = count.replace('_', "").parse();
    parsed.map_err(|_| Failure::Usage(format!("--{option}: {} is no number", escaped(&count))))
}

/// An argument that outlives its parser's borrow.
pub(super) enum Argument {
    Short(char),
    Long(String),
    Value(std::ffi::OsString),
    /// What stands behind `--`: the arguments of the program that runs.
    Program(Vec<String>),
}

/// The next argument.
pub(super) fn next(parser: &mut lexopt::Parser) -> Result<Option<Argument>, Failure> {
    if let Some(mut raw) = parser.try_raw_args()
        && raw.next_if(|next| next == "--").is_some()
    {
        let args: Result<Vec<String>, Failure> = raw
            .map(|argument| match argument.into_string() {
                Ok(text) => Ok(text),
                Err(other) => Err(Failure::Usage(format!("{} is not UTF-8", other.display()))),
            })
            .collect();
        return Ok(Some(Argument::Program(args?)));
    }
    Ok(parser.next()?.map(|argument| match argument {
        lexopt::Arg::Short(short) => Argument::Short(short),
        lexopt::Arg::Long(long) => Argument::Long(long.to_owned()),
        lexopt::Arg::Value(value) => Argument::Value(value),
    }))
}

/// An option's value as text.
pub(super) fn text(parser: &mut lexopt::Parser, missing: &str) -> Result<String, Failure> {
    let value = parser.value().map_err(|_| Failure::Usage(missing.to_owned()))?;
    match value.into_string() {
        Ok(text) => Ok(text),
        Err(other) => Err(Failure::Usage(format!("{} is not UTF-8", other.display()))),
    }
}

/// Whether an argument behind `--invoke EXPORT` is a value, not the next option: negative numbers
/// begin like options.
fn is_value(argument: &str) -> bool {
    match argument.strip_prefix('-') {
        None => true,
        Some(rest) => {
            rest.starts_with(|first: char| first.is_ascii_digit() || first == '.')
                || rest == "inf"
                || rest.starts_with("nan")
        }
    }
}

/// An option that the command does not know.
pub(super) fn unexpected(argument: &Argument) -> Failure {
    match argument {
        Argument::Short(short) => Failure::Usage(format!("unknown option -{short}")),
        Argument::Long(long) => Failure::Usage(format!("unknown option --{long}")),
        Argument::Value(value) => {
            Failure::Usage(format!("unexpected argument {}", value.display()))
        }
        Argument::Program(_) => Failure::Usage("unexpected --".to_owned()),
    }
}

//! What the window is asked to open: files, and what their program is given.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use super::cli::{self, Argument, Failure, Invocation};
use crate::session::Command;

/// Files to open, and what is to be done before.
#[derive(Debug, Default, PartialEq)]
pub struct WindowRequest {
    /// Modules, binary or text.
    pub files: Vec<PathBuf>,
    /// What sets the program up.
    pub commands: Vec<Command>,
}

/// Reads the arguments of the window, without the program's name; wrong ones are told on stderr.
///
/// # Errors
/// With the exit code.
pub fn window_request(args: Vec<OsString>) -> Result<WindowRequest, ExitCode> {
    read(&mut lexopt::Parser::from_args(args)).map_err(Failure::report)
}

fn read(parser: &mut lexopt::Parser) -> Result<WindowRequest, Failure> {
    let mut invocation = Invocation::default();
    while let Some(argument) = cli::next(parser)? {
        let is_known = match &argument {
            Argument::Value(_) | Argument::Program(_) => true,
            Argument::Long(option) => matches!(option.as_str(), "dir" | "env"),
            Argument::Short(_) => false,
        };
        if !is_known {
            return Err(cli::unexpected(&argument));
        }
        cli::invocation_argument(&mut invocation, argument, parser)?;
    }
    let Invocation { files, folders, env, program_args: args, .. } = invocation;
    for file in &files {
        if let Err(error) = std::fs::metadata(file) {
            let name = file.display();
            // It may be meant as one.
            let command =
                if file.extension().is_none() { ", and there is no such command" } else { "" };
            return Err(Failure::Error(format!("{name}: {error}{command}")));
        }
    }
    let mut commands = Vec::new();
    if !args.is_empty() || !env.is_empty() {
        commands.push(Command::SetProgram { args, env });
    }
    for (host, guest) in folders {
        // A relative one means the same wherever the program goes.
        let absolute = std::path::absolute(&host).unwrap_or_else(|_| host.clone());
        let opened = std::fs::read_dir(&absolute).map(drop);
        opened.map_err(|error| Failure::Error(format!("--dir {}: {error}", host.display())))?;
        let Ok(host) = absolute.into_os_string().into_string() else {
            return Err(Failure::Usage(format!("--dir: {} is not UTF-8", host.display())));
        };
        commands.push(Command::ShareFolder { host, guest });
    }
    Ok(WindowRequest { files, commands })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    fn request(args: &[&str]) -> Result<WindowRequest, String> {
        read(&mut lexopt::Parser::from_args(args)).map_err(|failure| match failure {
            Failure::Usage(message) | Failure::Error(message) | Failure::Text(message) => message,
        })
    }

    #[test]
    fn files_and_a_program_are_set_up_for_the_window() {
        let folder = std::env::temp_dir().display().to_string();
        let dir = format!("{folder}::/data");
        let [a, b] = ["a.wasm", "b.wat"].map(|name| {
            let file = std::env::temp_dir().join(format!("stepwell-{}-{name}", std::process::id()));
            std::fs::write(&file, "(module)").unwrap();
            file.display().to_string()
        });
        let args = [a.as_str(), "--dir", &dir, &b, "--env", "K=V", "--", "-n", "--dir", "c"];
        let found = request(&args).unwrap();
        assert_eq!(found.files, [PathBuf::from(&a), PathBuf::from(&b)]);
        let args = ["-n", "--dir", "c"].map(str::to_owned).to_vec();
        let env = vec![("K".to_owned(), "V".to_owned())];
        let share = Command::ShareFolder { host: folder, guest: "/data".into() };
        assert_eq!(found.commands, [Command::SetProgram { args, env }, share]);
        assert_eq!(request(&[&a]).unwrap().commands, []);
        let missing = request(&["inspct", &a]).unwrap_err();
        assert!(missing.ends_with("and there is no such command"), "{missing}");
        std::fs::remove_file(&a).unwrap();
        assert!(!request(&[&a]).unwrap_err().contains("command"));
        std::fs::remove_file(&b).unwrap();
    }

    #[test]
    fn what_the_window_does_not_know_is_refused() {
        assert_eq!(request(&["a.wasm", "--invoke", "f"]).unwrap_err(), "unknown option --invoke");
        assert_eq!(request(&["a.wasm", "-x"]).unwrap_err(), "unknown option -x");
        assert!(request(&["--dir", "/no/such/folder"]).unwrap_err().starts_with("--dir /no/such"));
        assert!(request(&["--env", "=V"]).unwrap_err().contains("NAME=VALUE"));
    }
}

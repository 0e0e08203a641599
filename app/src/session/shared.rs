//! Folders of the system that programs may use: on a desktop, not on a page.

use stepwell_wasi::Wasi;

use super::types::SessionError;
use super::{Session, not_now};

/// A folder of the system that programs may use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedFolder {
    /// Where it is.
    pub host: String,
    /// What programs call it.
    pub guest: String,
}

/// Opens them for a program.
#[cfg(not(target_arch = "wasm32"))]
pub(super) fn open(wasi: &mut Wasi, shared: &[SharedFolder]) -> Result<(), SessionError> {
    let folders: Vec<_> =
        shared.iter().map(|folder| (folder.host.clone().into(), folder.guest.clone())).collect();
    crate::hosts::folders::share(wasi, &folders)
        .map_err(|(folder, error)| not_now(format!("the folder {}: {error}", folder.display())))
}

#[cfg(target_arch = "wasm32")]
pub(super) fn open(_: &mut Wasi, _: &[SharedFolder]) -> Result<(), SessionError> {
    Ok(())
}

impl Session {
    /// Folders of the system that programs may use, in the order in which they find them.
    pub fn shared_folders(&self) -> &[SharedFolder] {
        &self.hosts.shared
    }

    pub(super) fn share_folder(&mut self, host: String, guest: String) -> Result<(), SessionError> {
        let input = |field, message: String| SessionError::Input { field, message };
        if cfg!(target_arch = "wasm32") {
            return Err(not_now("a page cannot open folders of the system"));
        }
        if let Err(error) = std::fs::read_dir(&host) {
            return Err(input(0, error.to_string()));
        }
        if guest.is_empty() || guest.contains('\0') {
            return Err(input(1, "a name, as /data".to_owned()));
        }
        self.hosts.shared.retain(|folder| folder.guest != guest);
        self.hosts.shared.push(SharedFolder { host, guest });
        Ok(())
    }

    pub(super) fn unshare_folder(&mut self, guest: &str) -> Result<(), SessionError> {
        let count = self.hosts.shared.len();
        self.hosts.shared.retain(|folder| folder.guest != guest);
        if self.hosts.shared.len() == count {
            return Err(not_now("no folder of the system has this name"));
        }
        Ok(())
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::tests::{reason, run_on, start, with};
    use super::super::{Command, SessionError, StopReason};

    /// Opens `f` in the last folder that it has been given, and returns the error number.
    const READS: &str = r#"(module
      (import "wasi_snapshot_preview1" "path_open"
        (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 8) "f")
      (func (export "run") (param $fd i32) (result i32)
        (call $open (local.get $fd) (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0)
          (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 100))))"#;

    #[test]
    fn a_program_finds_the_folders_that_are_shared_with_it() {
        let folder = std::env::temp_dir().join(format!("stepwell-shared-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("f"), "x").unwrap();
        let mut session = with(&[("main", READS)]);
        let host = folder.display().to_string();
        let share = |host: &str| Command::ShareFolder { host: host.into(), guest: "/data".into() };
        session.apply(share(&host)).unwrap();
        let missing = session.apply(share(&format!("{host}/none")));
        assert!(matches!(missing, Err(SessionError::Input { field: 0, .. })), "{missing:?}");
        let found = |session: &mut super::Session| {
            start(session, "main", "run", &["4"]);
            session.apply(Command::Continue).unwrap();
            run_on(session);
            match reason(session) {
                StopReason::Done(values) => values[0].to_string(),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(found(&mut session), "i32:0");
        session.apply(Command::UnshareFolder("/data".into())).unwrap();
        assert_eq!(found(&mut session), "i32:8", "badf: there is no such folder");
        assert!(session.apply(Command::UnshareFolder("/data".into())).is_err());
        // One that has gone meanwhile is told at the start.
        session.apply(share(&host)).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        let module = session.modules()[0].key;
        let args = vec!["4".to_owned()];
        let refused = session.apply(Command::Start { module, export: "run".into(), args });
        assert!(refused.unwrap_err().to_string().contains(&host));
    }
}

//! Bookmarks: moments of a run with names that a person has given them. They are counts, and stay with the module that was
//! started: a run that is begun again with the same arguments has them where they were.

use serde::{Deserialize, Serialize};

use super::command::ModuleKey;
use super::types::SessionError;
use super::{Session, not_now};

/// Bookmarks of a session.
const MOST: usize = 1_000;

/// A moment with a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Bookmark {
    /// Counts from 1 in a session.
    pub number: u32,
    /// The module whose export was started.
    pub module: ModuleKey,
    /// The count.
    pub clock: u64,
    /// Its name.
    pub name: String,
}

/// All of them, by count.
#[derive(Default)]
pub(super) struct Bookmarks {
    all: Vec<Bookmark>,
    last: u32,
}

impl Bookmarks {
    fn get_mut(&mut self, number: u32) -> Result<&mut Bookmark, SessionError> {
        let found = self.all.iter_mut().find(|bookmark| bookmark.number == number);
        found.ok_or_else(|| not_now("there is no such bookmark"))
    }

    pub(super) fn put(&mut self, module: ModuleKey, clock: u64, name: &str) {
        if self.all.len() >= MOST {
            return;
        }
        self.last += 1;
        let (number, name) = (self.last, name.to_owned());
        let at = self.all.partition_point(|known| known.clock <= clock);
        self.all.insert(at, Bookmark { number, module, clock, name });
    }

    /// Those of a module, as counts and names.
    pub(super) fn of_module(&self, module: ModuleKey) -> Vec<(u64, String)> {
        let own = self.all.iter().filter(|bookmark| bookmark.module == module);
        own.map(|bookmark| (bookmark.clock, bookmark.name.clone())).collect()
    }

    pub(super) fn forget_module(&mut self, module: ModuleKey) {
        self.all.retain(|bookmark| bookmark.module != module);
    }
}

impl Session {
    /// Bookmarks of the run, by count.
    pub fn bookmarks(&self) -> impl Iterator<Item = &Bookmark> {
        let module = self.invocation.as_ref().map(|invocation| invocation.module);
        self.bookmarks.all.iter().filter(move |bookmark| Some(bookmark.module) == module)
    }

    pub(super) fn add_bookmark(&mut self, name: &str) -> Result<(), SessionError> {
        let module = self.invocation.as_ref().map(|invocation| invocation.module);
        let module = module.filter(|_| self.machine.is_some());
        let module = module.ok_or_else(|| not_now("start an export first"))?;
        if self.bookmarks.all.len() >= MOST {
            return Err(not_now(format!("there are {MOST} bookmarks already")));
        }
        let clock = self.clock();
        let name = match name.trim() {
            "" => format!("Moment {clock}"),
            name => name.to_owned(),
        };
        self.bookmarks.put(module, clock, &name);
        Ok(())
    }

    pub(super) fn rename_bookmark(&mut self, number: u32, name: &str) -> Result<(), SessionError> {
        let bookmark = self.bookmarks.get_mut(number)?;
        match name.trim() {
            "" => Err(SessionError::Input { field: 0, message: "it needs a name".to_owned() }),
            name => {
                name.clone_into(&mut bookmark.name);
                Ok(())
            }
        }
    }

    pub(super) fn remove_bookmark(&mut self, number: u32) -> Result<(), SessionError> {
        self.bookmarks.get_mut(number)?;
        self.bookmarks.all.retain(|bookmark| bookmark.number != number);
        Ok(())
    }
}

//! Walking along paths, for all trees alike.
//!
//! A path starts at a directory that the guest holds a descriptor of and never leaves it: `..` goes back along
//! the directories that were walked through, and beyond the first of them there is nothing
//! ([`Errno::Perm`]), wherever it comes from, the path itself or a symbolic link. Absolute paths and links
//! are refused alike. A tree only ever opens one directory by one name, without following links, so nothing
//! that changes meanwhile can lead elsewhere.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::errno::{Errno, Result};
use crate::tree::{Handle, Tree};
use crate::types::FileType;

/// Longest path and longest target of a symbolic link, in bytes.
pub(crate) const MAX_PATH: usize = 4096;

/// Symbolic links that one path may lead through.
const MAX_LINKS: u32 = 40;

/// Directories that a walk keeps open at a time: a path may have more parts than a process descriptors.
const MAX_OPEN: usize = 32;

/// What is done with a symbolic link that a path ends in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Final {
    /// It is followed.
    Follow,
    /// It is followed if a slash comes after it.
    FollowSlash,
    /// It is what is meant.
    Keep,
}

/// Where a path leads: a name in a directory.
pub(crate) struct Place {
    /// The directory.
    pub(crate) at: Handle,
    /// The name; none if the path means the directory itself: `.`, `a/..`.
    pub(crate) name: Option<String>,
    /// Whether a slash comes after the name: it has to be a directory.
    pub(crate) slash: bool,
    /// Whether the path ends in `..`.
    pub(crate) dots: bool,
}

/// Walks along a path, and calls `then` with where it leads.
pub(crate) fn walk<T>(
    tree: &mut dyn Tree,
    base: Handle,
    path: &str,
    last: Final,
    then: impl FnOnce(&mut dyn Tree, &Place) -> Result<T>,
) -> Result<T> {
    let mut walk = Walk { tree, base, stack: Vec::new(), links: 0 };
    let result = match walk.run(path, last) {
        Ok(place) => then(walk.tree, &place),
        Err(error) => Err(error),
    };
    for step in core::mem::take(&mut walk.stack) {
        walk.close(step);
    }
    result
}

/// A directory that was walked into.
struct Step {
    name: String,
    /// The last ones of a walk are open.
    handle: Option<Handle>,
}

struct Walk<'a> {
    tree: &'a mut dyn Tree,
    base: Handle,
    /// Directories below the base, the present one last; that one is open.
    stack: Vec<Step>,
    links: u32,
}

impl Walk<'_> {
    fn at(&self) -> Handle {
        self.stack.last().and_then(|step| step.handle).unwrap_or(self.base)
    }

    fn close(&mut self, step: Step) {
        if let Some(handle) = step.handle {
            self.tree.close(handle);
        }
    }

    /// Goes into a directory.
    fn enter(&mut self, name: &str) -> Result<()> {
        let handle = Some(self.tree.open_directory(self.at(), name)?);
        let far = self.stack.len().checked_sub(MAX_OPEN);
        let far = far.and_then(|far| self.stack.get_mut(far)).and_then(|step| step.handle.take());
        self.stack.push(Step { name: name.to_string(), handle });
        if let Some(far) = far {
            self.tree.close(far);
        }
        Ok(())
    }

    /// Goes back to the directory before. One that is not open any more is found as it was the first time.
    fn leave(&mut self) -> Result<()> {
        let left = self.stack.pop().ok_or(Errno::Perm)?;
        self.close(left);
        if self.stack.last().is_some_and(|step| step.handle.is_none()) {
            for step in core::mem::take(&mut self.stack) {
                self.enter(&step.name)?;
            }
        }
        Ok(())
    }

    fn run(&mut self, path: &str, last: Final) -> Result<Place> {
        let mut slash = path.ends_with('/');
        let mut dots = false;
        let mut rest = Vec::new();
        push(&mut rest, path)?;
        while let Some(part) = rest.pop() {
            match part.as_str() {
                "." => dots = false,
                ".." => {
                    self.leave()?;
                    dots = true;
                }
                name if rest.is_empty() => {
                    let follow = match last {
                        Final::Follow => true,
                        Final::FollowSlash => slash,
                        Final::Keep => false,
                    };
                    if !follow || !self.is_link(name) {
                        return Ok(Place { at: self.at(), name: Some(part), slash, dots: false });
                    }
                    let target = self.target(name)?;
                    slash |= target.ends_with('/');
                    push(&mut rest, &target)?;
                }
                name => {
                    dots = false;
                    match self.enter(name) {
                        Ok(()) => {}
                        Err(Errno::Loop | Errno::Notdir) => {
                            let target = self.target(name)?;
                            push(&mut rest, &target)?;
                        }
                        Err(error) => return Err(error),
                    }
                }
            }
        }
        Ok(Place { at: self.at(), name: None, slash, dots })
    }

    fn is_link(&mut self, name: &str) -> bool {
        let stat = self.tree.stat_at(self.at(), name);
        stat.is_ok_and(|stat| stat.file_type == FileType::SymbolicLink)
    }

    /// What a symbolic link on the way says.
    fn target(&mut self, name: &str) -> Result<String> {
        let target = self.tree.read_link(self.at(), name).map_err(|error| match error {
            Errno::Inval => Errno::Notdir,
            other => other,
        })?;
        self.links += 1;
        match self.links > MAX_LINKS {
            true => Err(Errno::Loop),
            false => Ok(target),
        }
    }
}

/// Puts the parts of a path on top of those that are still to be walked.
fn push(rest: &mut Vec<String>, path: &str) -> Result<()> {
    check(path)?;
    rest.extend(path.split('/').rev().filter(|part| !part.is_empty()).map(ToString::to_string));
    Ok(())
}

/// Fails for what is no path of a capability.
pub(crate) fn check(path: &str) -> Result<()> {
    if path.is_empty() {
        return Err(Errno::Noent);
    }
    if path.contains('\0') {
        return Err(Errno::Inval);
    }
    if path.len() > MAX_PATH {
        return Err(Errno::Nametoolong);
    }
    match path.starts_with('/') {
        true => Err(Errno::Perm),
        false => Ok(()),
    }
}

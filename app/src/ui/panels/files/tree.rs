//! The session's list of files in the order of a tree.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use egui::{Context, Id};

use super::Kept;
use crate::session::{FileView, Session};

/// Files and folders, each folder before what it holds.
pub(super) struct Tree {
    pub(super) files: Vec<FileView>,
    places: HashMap<String, usize>,
}

/// The last part of a path.
pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

/// The path of the folder that something is in; empty for the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Folders before files, then by name as people look for it.
fn order(one: &FileView, other: &FileView) -> Ordering {
    let (mut ones, mut others) = (one.path.split('/'), other.path.split('/'));
    let (mut left, mut right) = (one.path.as_str(), other.path.as_str());
    loop {
        let (a, b) = match (ones.next(), others.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) => (a, b),
        };
        left = left.get(a.len()..).unwrap_or_default();
        right = right.get(b.len()..).unwrap_or_default();
        if a != b {
            let a_is_folder = one.is_folder || !left.is_empty();
            let b_is_folder = other.is_folder || !right.is_empty();
            let by_name = || a.to_lowercase().cmp(&b.to_lowercase()).then_with(|| a.cmp(b));
            return b_is_folder.cmp(&a_is_folder).then_with(by_name);
        }
        left = left.trim_start_matches('/');
        right = right.trim_start_matches('/');
    }
}

impl Tree {
    /// The present one, made anew only when something has changed.
    pub(super) fn of(session: &Session, ctx: &Context) -> Arc<Self> {
        let id = Id::unique("stepwell-files-tree");
        let number = session.files_number();
        let kept: Kept<Self> = ctx.data(|data| data.get_temp(id)).flatten();
        if let Some((_, tree)) = kept.filter(|(known, _)| *known == number) {
            return tree;
        }
        let tree = Arc::new(Self::new(session.files()));
        ctx.data_mut(|data| data.insert_temp::<Kept<Self>>(id, Some((number, tree.clone()))));
        tree
    }

    fn new(mut files: Vec<FileView>) -> Self {
        files.sort_by(order);
        let places = files.iter().enumerate();
        let places = places.map(|(place, file)| (file.path.clone(), place)).collect();
        Self { files, places }
    }

    pub(super) fn find(&self, path: &str) -> Option<&FileView> {
        self.files.get(*self.places.get(path)?)
    }

    /// How much a folder holds, folders within it counted too.
    pub(super) fn inside(&self, path: &str) -> usize {
        let Some(place) = self.places.get(path) else { return 0 };
        let behind = self.files.iter().skip(place + 1);
        behind.take_while(|file| is_inside(&file.path, path)).count()
    }

    /// Places of the files that are not in a folded folder.
    pub(super) fn shown(&self, folded: &BTreeSet<String>) -> Vec<usize> {
        let mut shown = Vec::with_capacity(self.files.len());
        let mut hidden: Option<&str> = None;
        for (place, file) in self.files.iter().enumerate() {
            if hidden.is_some_and(|folder| is_inside(&file.path, folder)) {
                continue;
            }
            hidden = (file.is_folder && folded.contains(&file.path)).then_some(&file.path);
            shown.push(place);
        }
        shown
    }
}

fn is_inside(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str) -> FileView {
        let is_folder = path.ends_with('/');
        let path = path.trim_end_matches('/').to_owned();
        FileView { path, is_folder, link: None, size: 0, is_changed: false }
    }

    #[test]
    fn folders_come_first_and_before_what_they_hold() {
        let paths = ["b.txt", "a.txt", "a/", "a/z", "a/Y", "a/x/", "a/x/q", "a-b/", "a-b/c", "Z"];
        let tree = Tree::new(paths.map(file).to_vec());
        let sorted: Vec<&str> = tree.files.iter().map(|file| file.path.as_str()).collect();
        let expected = ["a", "a/x", "a/x/q", "a/Y", "a/z", "a-b", "a-b/c", "a.txt", "b.txt", "Z"];
        assert_eq!(sorted, expected);
        assert_eq!((tree.inside("a"), tree.inside("a-b"), tree.inside("a/x")), (4, 1, 1));
        let folded = BTreeSet::from(["a".to_owned()]);
        let shown = tree.shown(&folded);
        assert_eq!(shown.len(), 6);
        assert_eq!((name("a/x/q"), parent("a/x/q"), parent("Z")), ("q", "a/x", ""));
    }
}

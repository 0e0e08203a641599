//! Folders of the system that programs may use.

use std::path::PathBuf;

use stepwell_wasi::{NativeTree, Wasi};

/// Opens folders for a program: where each lies, and what the program calls it.
///
/// # Errors
/// The first one that cannot be opened, with why.
pub fn share(wasi: &mut Wasi, folders: &[(PathBuf, String)]) -> Result<(), (PathBuf, String)> {
    let mut tree = None;
    for (host, guest) in folders {
        let fail = |error: String| (host.clone(), error);
        // All in one tree, so that files can be moved from one to another.
        let further = tree.and_then(|id| wasi.tree_as::<NativeTree>(id).map(|tree| (id, tree)));
        let opened = match further {
            Some((id, tree)) => {
                let handle = tree.open_further(host).map_err(|error| fail(error.to_string()))?;
                wasi.preopen_handle(id, handle, guest)
            }
            None => {
                let first = NativeTree::open(host).map_err(|error| fail(error.to_string()))?;
                let id = *tree.insert(wasi.add_tree(first));
                wasi.preopen(id, guest)
            }
        };
        opened.map_err(|error| fail(error.meaning().to_owned()))?;
    }
    Ok(())
}

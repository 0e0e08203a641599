//! Attempts to get out of a folder of the system. Each has to be refused, and what lies outside has to stay
//! as it was.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{CREAT, DIRECTORY, EXCL, FOLLOW, Folder, Guest, READ, ROOT, TRUNC, WRITE};
use stepwell_wasi::Errno;

/// Everything below a path: content or target, number of links, times.
fn listing(path: &Path) -> BTreeMap<String, (Vec<u8>, u64, i64, i64)> {
    let mut listed = BTreeMap::new();
    let mut waiting = vec![path.to_owned()];
    while let Some(path) = waiting.pop() {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let content = if metadata.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            b"directory".to_vec()
        } else if metadata.is_symlink() {
            fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes()
        } else {
            fs::read(&path).unwrap()
        };
        let seen = (content, metadata.nlink(), metadata.mtime(), metadata.mtime_nsec());
        listed.insert(path.display().to_string(), seen);
    }
    listed
}

/// `outside` with a secret, and `inside` with links that lead there.
fn prepare() -> Folder {
    let folder = Folder::new();
    let (outside, inside) = (folder.0.join("outside"), folder.0.join("inside"));
    for path in ["outside/dir", "outside/empty", "inside/sub/deep", "inside/swap"] {
        fs::create_dir_all(folder.0.join(path)).unwrap();
    }
    fs::write(outside.join("secret"), "secret").unwrap();
    fs::write(outside.join("dir/secret"), "secret").unwrap();
    symlink("secret", outside.join("link")).unwrap();
    fs::write(inside.join("file"), "mine").unwrap();
    fs::write(inside.join("swap/secret"), "mine").unwrap();
    let links = [
        ("..", "up"),
        ("../outside", "out"),
        ("../outside/secret", "secret"),
        ("../outside/new", "dangling"),
        ("out", "chain2"),
        ("sub/../chain2", "chain1"),
        ("../../outside", "sub/out"),
        ("sub/../../outside", "indirect"),
    ];
    for (target, name) in links {
        symlink(target, inside.join(name)).unwrap();
    }
    symlink(&outside, inside.join("absolute")).unwrap();
    symlink(outside.join("secret"), inside.join("absolute-secret")).unwrap();
    symlink("/", inside.join("root")).unwrap();
    folder
}

type Attempt = Result<(), Errno>;
type Try = fn(&mut Guest) -> Attempt;

fn open(guest: &mut Guest, path: &str, oflags: u64) -> Attempt {
    guest.open_with(ROOT, FOLLOW, path, oflags, READ | WRITE, 0, 0).map(|_| ())
}

fn look(guest: &mut Guest, path: &str) -> Attempt {
    guest.open_with(ROOT, FOLLOW, path, 0, READ, 0, 0).map(|_| ())
}

fn below(guest: &mut Guest, directory: &str, path: &str) -> Attempt {
    let fd = guest.open_directory(ROOT, directory).unwrap();
    guest.open_with(fd, FOLLOW, path, 0, READ, 0, 0).map(|_| ())
}

#[test]
fn nothing_leads_out_of_the_folder() {
    let attempts: &[(&str, Try)] = &[
        ("parent", |guest| look(guest, "..")),
        ("parent with a slash", |guest| look(guest, "../")),
        ("parent behind a dot", |guest| look(guest, "./../")),
        ("parent by way of a directory", |guest| look(guest, "sub/../..")),
        ("file by way of the parent", |guest| look(guest, "../outside/secret")),
        ("file by a long way", |guest| look(guest, "sub/./.././sub/deep/../../../outside/secret")),
        ("way back in", |guest| look(guest, "../inside/file")),
        ("absolute path", |guest| look(guest, "/etc/passwd")),
        ("absolute path of slashes", |guest| look(guest, "///")),
        ("empty path", |guest| look(guest, "")),
        ("NUL in the path", |guest| look(guest, "file\0/../../outside/secret")),
        ("backslashes", |guest| look(guest, "..\\outside\\secret")),
        ("link to the parent", |guest| look(guest, "up/outside/secret")),
        ("link to the parent itself", |guest| look(guest, "up")),
        ("link to a folder outside", |guest| look(guest, "out/secret")),
        ("link to a folder outside, slash", |guest| look(guest, "out/")),
        ("link to a folder, as directory", |guest| {
            guest.open_with(ROOT, FOLLOW, "out", DIRECTORY, READ, 0, 0).map(|_| ())
        }),
        ("link to a file outside", |guest| look(guest, "secret")),
        ("absolute link", |guest| look(guest, "absolute/secret")),
        ("absolute link to a file", |guest| look(guest, "absolute-secret")),
        ("link to the root", |guest| look(guest, "root/etc/passwd")),
        ("chain of links", |guest| look(guest, "chain1/secret")),
        ("link through a directory and out", |guest| look(guest, "indirect/secret")),
        ("link in a directory", |guest| look(guest, "sub/out/secret")),
        ("parent of a directory's descriptor", |guest| below(guest, "sub", "../file")),
        ("parent's parent of a descriptor", |guest| below(guest, "sub/deep", "../../../outside")),
        ("link below a directory's descriptor", |guest| below(guest, "sub", "out/secret")),
        ("link that the guest makes", |guest| {
            guest.symlink("../outside", "mine").unwrap();
            look(guest, "mine/secret")
        }),
        ("absolute link that the guest makes", |guest| guest.symlink("/etc", "mine")),
        ("link that the guest moves", |guest| {
            guest.symlink("../file", "sub/mine").unwrap();
            guest.rename("sub/mine", "mine").unwrap();
            look(guest, "mine")
        }),
        ("link that the guest links", |guest| {
            guest.link(0, "secret", "mine").unwrap();
            look(guest, "mine")
        }),
        ("what a link says, opened", |guest| {
            let target = String::from_utf8(guest.readlink("secret", 100).unwrap()).unwrap();
            look(guest, &target)
        }),
        ("creating through a dangling link", |guest| open(guest, "dangling", CREAT)),
        ("creating in a folder outside", |guest| open(guest, "out/new", CREAT | EXCL)),
        ("emptying through a link", |guest| open(guest, "secret", TRUNC)),
        ("emptying through an absolute link", |guest| open(guest, "absolute-secret", TRUNC)),
        ("renaming out", |guest| guest.rename("file", "../outside/file")),
        ("renaming out through a link", |guest| guest.rename("file", "out/file")),
        ("renaming over a file outside", |guest| guest.rename("file", "out/secret")),
        ("renaming in", |guest| guest.rename("out/secret", "stolen")),
        ("renaming from the parent", |guest| guest.rename("../outside/secret", "stolen")),
        ("linking out", |guest| guest.link(0, "file", "../outside/file")),
        ("linking out through a link", |guest| guest.link(0, "file", "out/file")),
        ("linking in", |guest| guest.link(0, "out/secret", "stolen")),
        ("linking in by following", |guest| guest.link(FOLLOW, "secret", "stolen")),
        ("removing a file", |guest| guest.unlink("out/secret")),
        ("removing a file by way of the parent", |guest| guest.unlink("../outside/secret")),
        ("removing what a link leads to", |guest| guest.unlink("out/")),
        ("removing a directory", |guest| guest.rmdir("out/empty")),
        ("removing a directory that a link leads to", |guest| guest.rmdir("out/")),
        ("removing the folder itself", |guest| guest.rmdir("../inside")),
        ("making a directory", |guest| guest.mkdir("out/new")),
        ("making a directory beside", |guest| guest.mkdir("../new")),
        ("making a link outside", |guest| guest.symlink("secret", "out/new")),
        ("reading a link outside", |guest| guest.readlink("out/link", 100).map(|_| ())),
        ("looking at a file", |guest| guest.stat(0, "out/secret").map(|_| ())),
        ("looking through a link", |guest| guest.stat(FOLLOW, "secret").map(|_| ())),
        ("looking at the parent", |guest| guest.stat(0, "..").map(|_| ())),
        ("setting times", |guest| guest.set_times(0, "out/secret", [1, 1, 5])),
        ("setting times through a link", |guest| guest.set_times(FOLLOW, "secret", [1, 1, 5])),
        ("setting times of the parent", |guest| guest.set_times(0, "..", [1, 1, 5])),
        ("directory swapped for a link", |guest| {
            guest.rename("swap", "old").unwrap();
            guest.symlink("../outside", "swap").unwrap();
            look(guest, "swap/secret")
        }),
        ("directory moved up while it is open", |guest| {
            let fd = guest.open_directory(ROOT, "sub/deep").unwrap();
            guest.rename("sub/deep", "deep").unwrap();
            guest.open_with(fd, FOLLOW, "../../outside/secret", 0, READ, 0, 0).map(|_| ())
        }),
    ];
    assert!(attempts.len() > 20);
    for (name, attempt) in attempts {
        let folder = prepare();
        let outside = folder.0.join("outside");
        let before = (listing(&outside), fs::read_dir(&folder.0).unwrap().count());
        let mut guest = Guest::in_folder(&folder.0.join("inside"));
        let outcome = attempt(&mut guest);
        // Refused for what it is, not by accident.
        let expected = match *name {
            "empty path" | "backslashes" => Errno::Noent,
            "NUL in the path" | "linking in by following" => Errno::Inval,
            "removing what a link leads to" | "removing a directory that a link leads to" => {
                Errno::Notdir
            }
            _ => Errno::Perm,
        };
        assert_eq!(outcome, Err(expected), "{name}");
        let after = (listing(&outside), fs::read_dir(&folder.0).unwrap().count());
        assert_eq!(before, after, "{name} changes what lies outside");
        assert_eq!(fs::read(folder.0.join("inside/file")).unwrap(), b"mine", "{name}");
    }
}

/// While somebody else swaps a directory for a link that leads out, the guest never sees what is there.
#[test]
fn no_race_leads_out_of_the_folder() {
    let folder = prepare();
    let inside = folder.0.join("inside");
    let (race, aside) = (inside.join("race"), inside.join("aside"));
    fs::create_dir(&race).unwrap();
    fs::write(race.join("secret"), "mine").unwrap();
    symlink("../outside", &aside).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let third = inside.join("third");
            while !stop.load(Ordering::Relaxed) {
                for (from, to) in [(&race, &third), (&aside, &race), (&third, &aside)] {
                    fs::rename(from, to).unwrap();
                }
            }
        });
        let mut guest = Guest::in_folder(&inside);
        let mut seen = 0;
        for _ in 0..5_000 {
            match guest.content("race/secret") {
                Ok(content) => {
                    assert_eq!(content, b"mine");
                    seen += 1;
                }
                Err(Errno::Perm | Errno::Noent | Errno::Notdir | Errno::Loop | Errno::Inval) => {}
                Err(error) => panic!("{error}"),
            }
        }
        stop.store(true, Ordering::Relaxed);
        assert!(seen > 0);
    });
}

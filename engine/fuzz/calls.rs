// What the fuzz target of WASI and a test do with bytes: a series of calls. Included by both.

use stepwell_engine::{ValType, Value};
use stepwell_wasi::{
    Buffer, Errno, Function, MemoryTree, Outcome, Rights, TreeId, Version, Wasi, signature,
};

/// The most that the tree may hold.
const LIMIT: u64 = 256 << 10;

/// Size of the guest's memory.
const SIZE: usize = 4096;

/// Most calls of a series.
const MOST: usize = 500;

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// One byte says what kind of number follows: a small one, an edge, or all of its bytes.
    fn number(&mut self) -> Option<u64> {
        Some(match self.take()? {
            small @ 0..=127 => u64::from(small),
            place @ 128..=223 => u64::from(place - 128) * 16,
            224 => u64::MAX,
            225 => u64::from(u32::MAX),
            226 => 1 << 63,
            227 => i64::MAX as u64,
            near @ 228..=239 => SIZE as u64 + u64::from(near) - 234,
            _ => {
                let mut number = 0;
                for _ in 0..8 {
                    number = number << 8 | u64::from(self.take()?);
                }
                number
            }
        })
    }
}

fn context() -> (Wasi, TreeId) {
    let mut wasi = Wasi::new();
    wasi.args(["program", "argument"]).env("NAME", "value").stdin(Buffer::new());
    wasi.stdout(Buffer::new().limited(SIZE)).stderr(Buffer::new().limited(SIZE));
    let mut tree = MemoryTree::with_limit(LIMIT);
    for path in ["a", "d/b", "d/e/c"] {
        assert_eq!(tree.add_file(path, *b"content"), Ok(()));
    }
    let tree = wasi.add_tree(tree);
    assert_eq!(wasi.preopen(tree, "/"), Ok(3));
    let folder = wasi.preopen_folder(tree, "d", "/d", Rights::ALL, Rights::ALL);
    assert_eq!(folder, Ok(4));
    (wasi, tree)
}

/// The memory begins as these bytes, and the rest are calls.
pub(crate) fn calls(bytes: &[u8]) {
    let (start, rest) = bytes.split_at(bytes.len().min(SIZE / 4));
    let mut memory = vec![0; SIZE];
    memory[..start.len()].copy_from_slice(start);
    let (mut wasi, tree) = context();
    let mut bytes = Bytes(rest);
    for _ in 0..MOST {
        let Some(function) = bytes.take() else { break };
        let function = Function::ALL[usize::from(function) % Function::ALL.len()];
        let version = Version::ALL[usize::from(memory[0] & 1)];
        let argument = |ty: &ValType| {
            let number = bytes.number()?;
            Some(match ty {
                ValType::I64 => Value::I64(number as i64),
                _ => Value::I32(number as u32 as i32),
            })
        };
        let Some(args) = function.ty().params().iter().map(argument).collect::<Option<Vec<_>>>()
        else {
            break;
        };
        let described = signature::describe(function, version, &args, &memory);
        assert_eq!(described.len(), function.signature().len());
        match wasi.call(function, version, &mut memory, &args) {
            Outcome::Return(Errno::Success) => {
                signature::describe_results(function, version, &args, &memory);
            }
            // Nobody closes handles but the functions, and they know theirs.
            Outcome::Return(errno) => assert_ne!(errno, Errno::Stale, "{}", function.name()),
            Outcome::Exit(_) => break,
            Outcome::Pending => wasi.stdin_as::<Buffer>().into_iter().for_each(|stdin| {
                stdin.push(b"typed\n");
            }),
            Outcome::Trap(message) => panic!("{message}"),
        }
        assert_eq!(memory.len(), SIZE);
    }
    let open = wasi.descriptors().into_iter().filter(|(fd, ..)| *fd > 2).count();
    if let Some(tree) = wasi.tree_as::<MemoryTree>(tree) {
        let (used, limit) = tree.usage();
        assert!(used <= limit);
        assert!(tree.open_handles() <= open + 3, "a handle is left open");
    }
}

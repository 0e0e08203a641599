//! Memory views as they are remembered with the file whose memory they show.

use serde::{Deserialize, Serialize};

use super::command::ModuleKey;
use super::types::MemoryView;
use super::{Session, TemplateView};

/// Views that are remembered of a file.
const VIEWS: usize = 16;

/// A view of one of its memories.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct KnownView {
    /// Index of the memory in the file.
    pub(super) memory: u32,
    top: u64,
    cursor: u64,
    follow: bool,
    per_row: u8,
    template: Option<TemplateView>,
}

impl KnownView {
    fn of(view: &MemoryView, memory: u32) -> Self {
        let MemoryView { top, cursor, follow, per_row, .. } = *view;
        Self { memory, top, cursor, follow, per_row, template: view.template.clone() }
    }

    /// Has a view show what it showed, as far as the memory reaches at its beginning.
    pub(super) fn put_into(self, view: &mut MemoryView, size: u64) {
        let last = size.saturating_sub(1);
        (view.top, view.cursor) = (self.top.min(last) & !15, self.cursor.min(last));
        view.follow = self.follow;
        view.per_row = if matches!(self.per_row, 8 | 16 | 32) { self.per_row } else { 0 };
        view.template = self.template;
    }
}

impl Session {
    /// The views of a module's memories, once those that it was remembered with have been opened.
    pub(super) fn views_now(&self, key: ModuleKey) -> Option<Vec<KnownView>> {
        let views = self.memory_views().iter().filter_map(|view| match view.home {
            Some((module, memory)) if module == key => Some(KnownView::of(view, memory)),
            _ => None,
        });
        self.memory.has_taken_up(key).then(|| views.take(VIEWS).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::super::Command;
    use super::super::tests::{key, start, with};
    use super::*;

    const WITH_MEMORY: &str = r#"(module (memory 1) (memory $b 1) (func (export "run")))"#;

    #[test]
    fn views_and_templates_of_a_files_memories_are_there_again() {
        let mut session = with(&[("main", WITH_MEMORY)]);
        let module = key(&session, "main");
        start(&mut session, "main", "run", &[]);
        session.apply(Command::AddMemoryView).unwrap();
        let (view, other) = (session.memory_views()[0].id, session.memory_views()[1].id);
        let name = "P".to_owned();
        let show = TemplateView { name: name.clone(), at: Some(0x40) };
        for command in [
            Command::SetTemplate { module, name, text: "x: i32".into() },
            Command::GoToAddress { view, address: 0x1234 },
            Command::FollowAccesses { view, follow: false },
            Command::SetBytesPerRow { view, count: 16 },
            Command::ShowTemplate { view, show: Some(show.clone()) },
            Command::CloseMemoryView(other),
            Command::AddMemoryView,
        ] {
            session.apply(command).unwrap();
        }
        session.apply(Command::SetBytesPerRow { view, count: 7 }).unwrap_err();
        let agrees = |session: &Session| {
            let [first, second] = session.memory_views() else { panic!("two views") };
            let first = (first.cursor, first.top, first.follow, first.per_row, &first.template);
            assert_eq!(first, (0x1234, 0x1230, false, 16, &Some(show.clone())));
            assert_eq!(second.memory, session.memories()[1].addr);
            assert_eq!(session.templates()[0].text, "x: i32");
        };
        agrees(&session);
        let kept = serde_json::to_string(&session.file_memories()).unwrap();
        let mut other = Session::new();
        other.set_file_memories(serde_json::from_str(&kept).unwrap());
        // Another module before it, so that the store's addresses differ.
        open(&mut other, "first", "(module (memory (export \"m\") 1))");
        open(&mut other, "renamed", WITH_MEMORY);
        let before = other.file_memories().into_iter().find(|known| !known.templates.is_empty());
        assert_eq!(before.unwrap().views.unwrap().len(), 2, "also before anything is started");
        start(&mut other, "renamed", "run", &[]);
        agrees(&other);
        // A view that is closed stays so, in the next run and after the file has been opened again.
        let last = other.memory_views()[1].id;
        other.apply(Command::CloseMemoryView(last)).unwrap();
        other.apply(Command::Restart).unwrap();
        assert_eq!(other.memory_views().len(), 1);
        let module = key(&other, "renamed");
        other.apply(Command::Close(module)).unwrap();
        assert!(other.templates().is_empty() && other.memory_views().is_empty());
        open(&mut other, "main", WITH_MEMORY);
        start(&mut other, "main", "run", &[]);
        assert_eq!(other.memory_views().len(), 1);
        assert_eq!(other.memory_views()[0].cursor, 0x1234);
        // What changes on disk keeps them, too.
        let module = key(&other, "main");
        let bytes = WITH_MEMORY.replace("run", "again").into_bytes();
        other.apply(Command::Reload { module, bytes }).unwrap();
        start(&mut other, "main", "again", &[]);
        assert_eq!(other.memory_views()[0].cursor, 0x1234);
        assert_eq!(other.templates()[0].name, "P");
    }

    fn open(session: &mut Session, name: &str, text: &str) {
        let bytes = text.as_bytes().to_vec();
        session.apply(Command::Open { name: name.to_owned(), bytes }).unwrap();
    }
}

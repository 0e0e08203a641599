//! Fonts of the desktop, found on a thread that begins with the first question.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::epaint::text::{FallbackRequest, FontInsert, FontProvider};
use egui::{Context, FontFamily};
use egui_system_font_provider::SystemFontProvider;

use super::{fitted, is_mono};

/// A character, and whether it is wanted in monospace.
type Question = (char, bool);

/// What has been asked, and what has been found.
#[derive(Default)]
struct Known {
    /// `None` while it is looked for and where nothing has it.
    answers: HashMap<Question, Option<FontInsert>>,
    questions: Option<Sender<Question>>,
    /// The first letter that no font has.
    missing: Option<char>,
}

/// Has the desktop's fonts looked through.
#[derive(Clone)]
pub(in crate::ui) struct Finder {
    ctx: Context,
    known: Arc<Mutex<Known>>,
}

impl Finder {
    pub(in crate::ui) fn start(ctx: &Context) -> Self {
        let finder = Self { ctx: ctx.clone(), known: Arc::default() };
        finder.tell();
        finder
    }

    /// The first letter that is shown as a box, once.
    pub(in crate::ui) fn take_missing(&self) -> Option<char> {
        self.lock().missing.take()
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes egui ask, and ask anew for what it was told is not there.
    fn tell(&self) {
        self.ctx.set_font_providers(vec![Arc::new(self.clone())]);
    }

    /// Hands a question to the thread.
    fn ask(&self, known: &mut Known, question: Question) {
        let sender = known.questions.get_or_insert_with(|| {
            let (sender, receiver) = channel();
            let finder = self.clone();
            let thread = std::thread::Builder::new().name("fonts".to_owned());
            if let Err(error) = thread.spawn(move || finder.answer(&receiver)) {
                log::warn!("fonts of this system are not looked for: {error}");
            }
            sender
        });
        // Where there is no thread, nothing is found.
        let _ = sender.send(question);
    }

    /// What the thread does.
    fn answer(&self, questions: &Receiver<Question>) {
        let system = SystemFontProvider::new();
        let mut is_first_miss = true;
        while let Ok(first) = questions.recv() {
            let mut is_found = false;
            for question in std::iter::once(first).chain(questions.try_iter()) {
                let found = find(&system, question);
                is_found |= found.is_some();
                let (character, _) = question;
                let mut known = self.lock();
                if found.is_none() && character.is_alphanumeric() && is_first_miss {
                    is_first_miss = false;
                    known.missing = Some(character);
                    self.ctx.request_repaint();
                }
                known.answers.insert(question, found);
            }
            if is_found {
                self.tell();
            }
        }
    }
}

impl FontProvider for Finder {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let question = (request.cluster.chars().next()?, is_mono(request.family));
        let mut known = self.lock();
        if let Some(answer) = known.answers.get(&question) {
            return answer.clone();
        }
        known.answers.insert(question, None);
        self.ask(&mut known, question);
        None
    }
}

fn find(system: &SystemFontProvider, (character, is_mono): Question) -> Option<FontInsert> {
    let family = if is_mono { FontFamily::Monospace } else { FontFamily::Proportional };
    let mut room = [0; 4];
    let cluster = &*character.encode_utf8(&mut room);
    let found = system.font_for(&FallbackRequest { cluster, family: &family })?;
    fitted(&found.name, &found.data, character, &family)
}

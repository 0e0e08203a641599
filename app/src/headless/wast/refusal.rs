//! Modules of scripts, and why one is refused.

use stepwell_engine::text_format::Source;
use stepwell_engine::{Engine, Error, Module};
use wast::{QuoteWat, QuoteWatTest};

use super::Mismatch;

/// Why a module was refused.
pub(super) struct Refusal {
    pub(super) kind: Kind,
    /// What is wrong, with its place in a text of its own.
    pub(super) message: String,
    /// What is wrong, where it stands in the script itself.
    pub(super) place: Option<Mismatch>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Malformed,
    Invalid,
    /// Valid in a later version or with a proposal that the engine does not have: what the script
    /// calls malformed or invalid may mean something there.
    Unsupported,
}

/// Text or bytes to a module.
pub(super) fn load(
    engine: &Engine,
    script: &Source<'_>,
    module: &mut QuoteWat<'_>,
) -> Result<Module, Refusal> {
    let malformed = |message: String| Refusal { kind: Kind::Malformed, message, place: None };
    let in_script = matches!(module, QuoteWat::Wat(_));
    let loaded = match module {
        QuoteWat::Wat(wat) => script.load(engine, wat),
        quoted => match quoted.to_test().map_err(|error| malformed(error.message()))? {
            QuoteWatTest::Binary(bytes) => Module::new(engine, &bytes),
            QuoteWatTest::Text(text) => match String::from_utf8(text) {
                Ok(text) => Module::from_wat(engine, &text),
                Err(_) => return Err(malformed("malformed UTF-8 encoding".to_owned())),
            },
        },
    };
    loaded.map_err(|error| refusal(&error, in_script))
}

fn refusal(error: &Error, in_script: bool) -> Refusal {
    let (mut cause, mut place) = (Some(error), None);
    if let Error::Text { errors } = error {
        let first = errors.first();
        cause = first.and_then(|error| error.cause.as_deref());
        place = first.filter(|_| in_script).map(Mismatch::at);
    }
    let kind = match cause {
        None | Some(Error::Malformed { .. } | Error::NotModule { .. }) => Kind::Malformed,
        Some(Error::Unsupported { .. }) => Kind::Unsupported,
        Some(_) => Kind::Invalid,
    };
    let is_quoted = matches!(error, Error::Text { .. }) && !in_script;
    let message = match is_quoted {
        true => format!("in the quoted text, {error}"),
        false => error.to_string(),
    };
    Refusal { kind, message, place }
}

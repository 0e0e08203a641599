//! What became of an execution, and how it differs from what the script says, in words.

use stepwell_engine::{Error, Trap, TrapCode, Value};
use wast::WastRet;

use super::Mismatch;
use super::refusal::Refusal;
use super::values::{pattern_text, value_text};

/// What a directive did in place of what the script says.
pub(super) struct Wrong {
    pub(super) message: String,
    /// Where in the script it is, if that is not where the directive begins.
    pub(super) place: Option<Mismatch>,
}

impl From<String> for Wrong {
    fn from(message: String) -> Self {
        Self { message, place: None }
    }
}

impl From<&str> for Wrong {
    fn from(message: &str) -> Self {
        message.to_owned().into()
    }
}

impl From<Refusal> for Wrong {
    fn from(Refusal { message, place, .. }: Refusal) -> Self {
        match place {
            Some(place) => Self { message: place.message.clone(), place: Some(place) },
            None => message.into(),
        }
    }
}

impl From<Ended> for Wrong {
    fn from(ended: Ended) -> Self {
        told(&ended).into()
    }
}

/// Why an execution did not return.
pub(super) enum Ended {
    Trapped(Trap),
    Failed(String),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        match error {
            Error::Trap(trap) => Ended::Trapped(trap),
            other => Ended::Failed(other.to_string()),
        }
    }
}

impl From<String> for Ended {
    fn from(message: String) -> Self {
        Ended::Failed(message)
    }
}

/// What was executed.
pub(super) type Outcome = Result<Vec<Value>, Ended>;

fn told(ended: &Ended) -> String {
    match ended {
        Ended::Trapped(trap) => match &trap.code {
            TrapCode::Exception(exception) => {
                let values: Vec<String> = exception
                    .values
                    .iter()
                    .map(|value| format!(" {}", value_text(value, None)))
                    .collect();
                let tag = match &exception.name {
                    Some(name) => format!("${name}"),
                    None => format!("of tag {}", exception.tag),
                };
                format!("an exception {tag}{}", values.concat())
            }
            code => format!("trap: {code}"),
        },
        Ended::Failed(message) => message.clone(),
    }
}

fn got(ended: &Ended) -> String {
    match ended {
        Ended::Trapped(_) => format!("got {}", told(ended)),
        Ended::Failed(message) => format!("failed: {message}"),
    }
}

/// An outcome that is not what was wanted.
fn instead(wanted: &str, outcome: &Outcome) -> Result<(), String> {
    let got = match outcome {
        Ok(values) => format!("returned {}", values_text(values)),
        Err(ended) => got(ended),
    };
    Err(format!("expected {wanted}, {got}"))
}

pub(super) fn trap(outcome: Outcome, wanted: &str) -> Result<(), String> {
    match &outcome {
        Err(Ended::Trapped(trap)) if trap_matches(&trap.code, wanted) => Ok(()),
        _ => instead(&format!("trap: {wanted}"), &outcome),
    }
}

pub(super) fn exception(outcome: Outcome) -> Result<(), String> {
    match &outcome {
        Err(Ended::Trapped(trap)) if matches!(trap.code, TrapCode::Exception(_)) => Ok(()),
        _ => instead("an exception", &outcome),
    }
}

pub(super) fn exhaustion(outcome: Outcome, wanted: &str) -> Result<(), String> {
    match &outcome {
        Err(Ended::Trapped(trap)) if trap.code == TrapCode::CallStackExhausted => Ok(()),
        _ => instead(&format!("trap: {wanted}"), &outcome),
    }
}

/// Nothing is ever suspended here.
pub(super) fn suspension(outcome: Outcome, wanted: &str) -> Result<(), String> {
    instead(&format!("a suspension: {wanted}"), &outcome)
}

/// The suite adds an index to some messages, as `uninitialized element 2`.
fn trap_matches(code: &TrapCode, wanted: &str) -> bool {
    let found = code.to_string();
    wanted.starts_with(&found) || found.starts_with(wanted)
}

/// Results beside the patterns that they do not match: each in the notation of its pattern, and which of
/// several differs.
pub(super) fn results(outcome: &Outcome, patterns: &[WastRet<'_>]) -> String {
    let wanted: Vec<String> = patterns.iter().map(pattern_text).collect();
    let values = match outcome {
        Ok(values) => values,
        Err(ended) => return format!("expected {}, {}", list(wanted), got(ended)),
    };
    let found: Vec<String> = values
        .iter()
        .enumerate()
        .map(|(position, value)| value_text(value, patterns.get(position)))
        .collect();
    let counts = match (patterns.len(), values.len()) {
        (wanted, found) if wanted == found => String::new(),
        (wanted, found) => format!(" ({wanted} expected, {found} returned)"),
    };
    format!("expected {}, got {}{counts}", list(wanted), list(found))
}

fn list(texts: Vec<String>) -> String {
    if texts.is_empty() { "nothing".to_owned() } else { texts.join(" ") }
}

/// Values in words for a failure's message.
fn values_text(values: &[Value]) -> String {
    list(values.iter().map(|value| value_text(value, None)).collect())
}

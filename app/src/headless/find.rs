//! The counts of a recorded run at which a condition holds.

use std::collections::HashMap;
use std::process::ExitCode;

use serde_json::json;
use stepwell_engine::expression::{Context, Expression, Program, Scope};
use stepwell_engine::recording::Played;
use stepwell_engine::{FuncIndex, ModuleId};

use super::cli::{self, Failure};
use super::replay::Playing;
use crate::session::told;

/// Lists them.
pub(super) fn list(
    playing: &mut Playing,
    condition: &str,
    to: Option<u64>,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let refuse = |error| Failure::Usage(format!("--find: {}", told(condition, &error)));
    let expression = Expression::parse(condition).map_err(refuse)?;
    let to = to.unwrap_or(u64::MAX);
    let mut programs: HashMap<(ModuleId, FuncIndex), Option<Program>> = HashMap::new();
    let mut span: Option<(u64, u64)> = None;
    let (mut found, mut has_meaning, mut refused) = (false, false, None);
    let mut tell = |(from, until): (u64, u64)| {
        found = true;
        cli::print(&match as_json {
            true => format!("{}\n", json!({ "from": from, "to": until })),
            false if from == until => format!("{from}\n"),
            false => format!("{from}-{until}\n"),
        });
    };
    loop {
        // What was done at this count belongs to it.
        let is_done = playing.go_on(0)? == Played::Done;
        let clock = playing.player.clock();
        let holds = playing.player.next_run().is_some_and(|(task, _)| {
            let store = &playing.machine.store;
            let Some(frame) = task.frames(store).next() else { return false };
            let site = frame.site();
            let (Some(module), Some(instance)) =
                (store.module_of(site.instance), store.instance(site.instance))
            else {
                return false;
            };
            let program =
                programs.entry((instance.module(), site.func)).or_insert_with(|| match expression
                    .resolve_condition(&Scope::of_func(module, site.func))
                {
                    Ok(program) => Some(program),
                    Err(error) => {
                        refused.get_or_insert(error);
                        None
                    }
                });
            has_meaning |= program.is_some();
            let context = Context::of_frame(store, &frame);
            program.as_ref().is_some_and(|program| program.holds(&context).unwrap_or(false))
        });
        match (&mut span, holds) {
            (Some((_, until)), true) => *until = clock,
            (None, true) => span = Some((clock, clock)),
            (Some(_), false) => {
                if let Some(span) = span.take() {
                    tell(span);
                }
            }
            (None, false) => {}
        }
        if is_done || clock >= to {
            break;
        }
        playing.go_on(1)?;
    }
    if let Some(span) = span {
        tell(span);
    }
    match refused {
        // It means nothing in any function that ran.
        Some(error) if !has_meaning => Err(refuse(error)),
        _ => Ok(if found { ExitCode::SUCCESS } else { ExitCode::from(1) }),
    }
}

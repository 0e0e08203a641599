//! The compiled programs in a session as the window drives it, for comparison with the page.

use std::time::Duration;

use stepwell::session::{Command, Session};

use crate::compiled;
use crate::measure::line;

/// Writes the module to a file for the page, and runs each program for a while; the best of some
/// rounds.
pub fn measure(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::write(path, compiled::MODULE)?;
    let mut session = Session::new();
    let (name, bytes) = ("k".to_owned(), compiled::MODULE.to_vec());
    session.apply(Command::Open { name, bytes })?;
    while session.tick(Duration::from_millis(8)) {}
    let module = session.modules().first().ok_or("not opened")?.key;
    for (export, _) in compiled::ALL {
        let (export, args) = (export.to_owned(), vec!["2000000000".to_owned()]);
        let mut rate = 0.0f64;
        for _ in 0..4 {
            let (export, args) = (export.clone(), args.clone());
            session.apply(Command::Start { module, export, args })?;
            session.apply(Command::Continue)?;
            while session.clock() < 300_000_000 {
                session.tick(Duration::from_millis(8));
            }
            rate = rate.max(session.speed().unwrap_or_default() / 1e6);
            session.apply(Command::Stop)?;
        }
        line(&format!("session.{export}"), rate, "M/s");
    }
    Ok(())
}

//! Questions about a whole run, against what a straight run is seen to do.

#![allow(clippy::unwrap_used)]

use super::tests::{key, reason, run_on, start, with};
use super::*;

fn go(session: &mut Session, command: Command) {
    session.apply(command).unwrap();
    run_on(session);
}

const TEXT: &str = r#"(module
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 8) "\09")
  (global $sum (mut i32) (i32.const 2))
  (func $add (param $n i32)
    (global.set $sum (i32.add (global.get $sum) (local.get $n))))
  (func (export "run") (local $i i32)
    (drop (call $random (i32.const 10) (i32.const 1)))
    (loop $next
      (i32.store8 (i32.const 8) (local.get $i))
      (call $add (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $i) (i32.const 5))))))"#;

fn at_end() -> (Session, ModuleKey) {
    let mut session = with(&[("main", TEXT)]);
    let module = key(&session, "main");
    start(&mut session, "main", "run", &[]);
    go(&mut session, Command::Continue);
    assert!(matches!(reason(&session), StopReason::Done(_)));
    (session, module)
}

fn rows(session: &Session) -> Vec<(u64, &str)> {
    let answers = session.answers().unwrap();
    answers.rows.iter().map(|row| (row.clock, row.text.as_str())).collect()
}

fn offset_of(session: &mut Session, func: &str) -> u32 {
    session.apply(Command::BreakOnFunction(func.to_owned())).unwrap();
    session.breakpoints().next().unwrap().offset
}

#[test]
fn all_writes_of_a_global_are_told_with_what_was_there() {
    let (mut session, module) = at_end();
    let end = session.clock();
    let target = WatchTarget::Global { module, global: 0 };
    let question = Question::Accesses { target, when: WatchWhen::Written };
    go(&mut session, Command::AskRun(question));
    let answers = session.answers().unwrap();
    assert_eq!((&answers.state, answers.more), (&AnswerState::Complete, false));
    assert_eq!(answers.title, "Writes of $sum");
    let texts: Vec<&str> = rows(&session).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["= 2", "= 2, written", "2 → 3", "3 → 5", "5 → 8", "8 → 12"]);
    assert_eq!(answers.rows[0].author, Author::Beginning);
    let Author::Instruction { func, .. } = &answers.rows[2].author else { panic!("{answers:?}") };
    assert_eq!((func.as_str(), answers.rows[2].task), ("main.add", Some(1)));
    // One stands where one stood.
    assert!(!session.is_past() && session.clock() == end);
    assert!(matches!(reason(&session), StopReason::Done(_)));
    // And at each of them what was said is there.
    for (row, sum) in [(1, 2), (2, 3), (5, 12)] {
        go(&mut session, Command::GoToAnswer(row));
        let global = session.store().unwrap().global(stepwell_engine::GlobalAddr(0)).unwrap().1;
        assert_eq!(global, Value::I32(sum));
        assert_eq!(session.clock(), session.answers().unwrap().rows[row].clock);
    }
    let csv = session.export_answers(CallsFormat::Csv);
    assert_eq!(csv.lines().count(), 7);
    assert!(csv.lines().nth(3).unwrap().contains(",1,main.add at 0x"), "{csv}");
    let json = session.export_answers(CallsFormat::JsonLines);
    let last: serde_json::Value = serde_json::from_str(json.lines().last().unwrap()).unwrap();
    assert_eq!((&last["text"], &last["module"]), (&"8 → 12".into(), &"main".into()));
}

#[test]
fn what_the_host_and_a_hand_wrote_is_among_the_writes() {
    let mut session = with(&[("main", TEXT)]);
    let module = key(&session, "main");
    start(&mut session, "main", "run", &[]);
    go(&mut session, Command::StepBy(20));
    let by_hand = session.clock();
    let write = Command::WriteMemory { memory: 0, address: 9, bytes: vec![77] };
    session.apply(write).unwrap();
    go(&mut session, Command::Continue);
    let target = WatchTarget::Memory { module, memory: 0, address: 8, len: 4 };
    let question = Question::Accesses { target, when: WatchWhen::Written };
    go(&mut session, Command::AskRun(question));
    let answers = session.answers().unwrap();
    let authors = answers.rows.iter().map(|row| match &row.author {
        Author::Instruction { .. } => "code",
        Author::HostCall { .. } => "host",
        Author::Beginning => "beginning",
        Author::Instance => "instance",
        Author::Hand => "hand",
    });
    let authors: Vec<&str> = authors.collect();
    assert_eq!(authors.iter().filter(|author| **author == "code").count(), 5, "{authors:?}");
    assert_eq!(&authors[..2], ["beginning", "host"]);
    assert_eq!(answers.rows[0].text, "= 9");
    assert!(answers.rows[1].text.starts_with("at 0xa = "), "{:?}", answers.rows[1]);
    let hand = answers.rows.iter().find(|row| row.author == Author::Hand).unwrap();
    assert_eq!(hand.clock, by_hand);
    assert!(answers.rows.is_sorted_by_key(|row| row.clock));
}

#[test]
fn a_breakpoint_that_is_set_only_now_knows_when_it_would_have_been_hit() {
    let (mut session, module) = at_end();
    let offset = offset_of(&mut session, "$add");
    go(&mut session, Command::AskRun(Question::Hits { module, offset }));
    let hits: Vec<u64> = rows(&session).into_iter().map(|(clock, _)| clock).collect();
    assert_eq!(hits.len(), 5);
    for (position, clock) in hits.iter().enumerate() {
        go(&mut session, Command::SeekTo(*clock));
        let frame = &session.frames()[0];
        assert_eq!(frame.offset().0, offset);
        assert_eq!(frame.locals()[0].value, Value::I32(position as i32));
    }
    // From the past, and of a stretch.
    let stretch = Some((hits[3], hits[1]));
    session.apply(Command::LimitQuestions(stretch)).unwrap();
    let condition = "$n != 2".to_owned();
    session.apply(Command::SetCondition { module, offset, condition }).unwrap();
    go(&mut session, Command::AskRun(Question::Hits { module, offset }));
    let found: Vec<u64> = rows(&session).into_iter().map(|(clock, _)| clock).collect();
    assert_eq!(found, [hits[1], hits[3]]);
    assert_eq!((session.is_past(), session.clock()), (true, hits[4]), "where one stood");
    session.apply(Command::LimitQuestions(None)).unwrap();
    let text = "n = {$n}".to_owned();
    go(&mut session, Command::AskRun(Question::Values { module, offset, text }));
    let texts: Vec<&str> = rows(&session).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["n = 0", "n = 1", "n = 2", "n = 3", "n = 4"]);
    let text = "$sum < 6".to_owned();
    go(&mut session, Command::AskRun(Question::Fails { module, offset, text }));
    assert_eq!(rows(&session), [(hits[4], "is not true")]);
    let text = "$nothing".to_owned();
    let refused = session.apply(Command::AskRun(Question::Fails { module, offset, text }));
    assert!(matches!(refused, Err(SessionError::Input { .. })), "{refused:?}");
    assert!(matches!(session.run_state(), RunState::Stopped(StopReason::Past)));
}

#[test]
fn asking_is_left_off_where_it_is() {
    let text = r#"(module (func (export "run") (param $n i32)
      (loop (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br_if 0 (local.get $n)))))"#;
    let mut session = with(&[("main", text)]);
    let module = key(&session, "main");
    start(&mut session, "main", "run", &["3000000"]);
    go(&mut session, Command::Continue);
    let end = session.clock();
    let target = WatchTarget::Local { module, func: 0, local: 0 };
    let question = Question::Accesses { target, when: WatchWhen::Written };
    session.apply(Command::AskRun(question.clone())).unwrap();
    assert!(session.is_asking());
    session.apply(Command::Pause).unwrap();
    while session.tick(std::time::Duration::from_millis(5)) {}
    let answers = session.answers().unwrap();
    assert!(matches!(answers.state, AnswerState::Ended(at) if at < end), "{:?}", answers.state);
    assert_eq!((session.is_past(), session.clock()), (false, end));
    go(&mut session, Command::AskRun(question));
    let answers = session.answers().unwrap();
    assert_eq!((answers.rows.len(), answers.more), (answers::MOST, true));
    assert_eq!(session.clock(), end);
}

#[test]
fn the_run_at_a_glance_is_what_steps_show() {
    let (mut session, module) = at_end();
    let end = session.clock();
    session.apply(Command::LookCloser { from: 0, to: end }).unwrap();
    while session.tick(std::time::Duration::from_millis(5)) {}
    assert_eq!(session.looked_closer_at(), Some((0, end)));
    let activity = session.run_activity();
    assert!(activity.len() as u64 >= end, "each of few instructions");
    for one in activity.iter().filter(|one| one.clock < end) {
        go(&mut session, Command::SeekTo(one.clock));
        let func = session.frames()[0].func();
        assert_eq!((one.task, one.func), (1, Some((module, func))), "at {}", one.clock);
    }
    let turns: u64 = session.run_turns().iter().map(|turn| turn.to - turn.from).sum();
    assert_eq!(turns, end);
    let marks = session.run_marks();
    let call = marks.iter().find(|mark| mark.kind == RunMarkKind::HostCall).unwrap();
    let record = session.host_calls().iter().next().unwrap();
    assert_eq!(call.clock, record.clock);
    assert!(session.run_mark_text(call).contains("random_get"));
}

#[test]
fn bookmarks_stay_with_the_file() {
    let (mut session, _) = at_end();
    go(&mut session, Command::SeekTo(7));
    session.apply(Command::AddBookmark("here it goes wrong".to_owned())).unwrap();
    session.apply(Command::AddBookmark(String::new())).unwrap();
    let (number, name) = {
        let last = session.bookmarks().last().unwrap();
        (last.number, last.name.clone())
    };
    assert_eq!(name, "Moment 7");
    session.apply(Command::RenameBookmark { bookmark: number, name: "again".to_owned() }).unwrap();
    let refused = session.apply(Command::RenameBookmark { bookmark: number, name: " ".to_owned() });
    assert!(matches!(refused, Err(SessionError::Input { .. })));
    let names = |session: &Session| {
        session.bookmarks().map(|known| (known.clock, known.name.clone())).collect::<Vec<_>>()
    };
    let kept = names(&session);
    assert_eq!(kept, [(7, "here it goes wrong".to_owned()), (7, "again".to_owned())]);
    go(&mut session, Command::Restart);
    assert_eq!(names(&session), kept, "of the next run, too");
    let mut other = Session::new();
    other.set_file_memories(session.file_memories());
    let open = Command::Open { name: "other".to_owned(), bytes: TEXT.as_bytes().to_vec() };
    other.apply(open).unwrap();
    start(&mut other, "other", "run", &[]);
    assert_eq!(names(&other), kept);
    session.apply(Command::RemoveBookmark(number)).unwrap();
    assert_eq!(session.bookmarks().count(), 1);
}

#[test]
fn writes_of_an_object_and_of_an_element_are_told() {
    let text = r#"(module
      (type $cell (struct (field $n (mut i32))))
      (global $kept (mut (ref null $cell)) (ref.null $cell))
      (table $all 3 funcref) (elem declare func $run)
      (func $run (export "run") (local $i i32)
        (global.set $kept (struct.new $cell (i32.const 7)))
        (loop $next
          (struct.set $cell $n (global.get $kept) (local.get $i))
          (table.set $all (i32.const 1) (ref.func $run))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $i) (i32.const 3))))))"#;
    let mut session = with(&[("main", text)]);
    let module = key(&session, "main");
    start(&mut session, "main", "run", &[]);
    go(&mut session, Command::Continue);
    let end = session.clock();
    let object = session.store().unwrap().objects().next().unwrap().0;
    let target = WatchTarget::Field { object: object.0, field: 0 };
    let when = WatchWhen::Written;
    go(&mut session, Command::AskRun(Question::Accesses { target, when }));
    let texts: Vec<&str> = rows(&session).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["7 → 0", "0 → 1", "1 → 2"]);
    assert!(session.answers().unwrap().note.is_some());
    let target = WatchTarget::Element { module, table: 0, index: 1 };
    go(&mut session, Command::AskRun(Question::Accesses { target, when }));
    let authors = session.answers().unwrap().rows.iter().map(|row| row.author.clone());
    let by_code = authors.filter(|author| matches!(author, Author::Instruction { .. }));
    assert_eq!(by_code.count(), 3);
    assert_eq!(session.clock(), end);
    // Of one call alone nothing can be asked: which call it was in the past is not known.
    let target = WatchTarget::LocalOfCall { module, func: 0, local: 0, task: 0, base: 0 };
    let refused = session.apply(Command::AskRun(Question::Accesses { target, when }));
    assert!(matches!(refused, Err(SessionError::NotNow(_))), "{refused:?}");
}

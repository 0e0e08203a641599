//! What each command does: one arm a variant, most of them a call of what does it.

use stepwell_engine::{CodeOffset, FuncIndex, GlobalAddr, MemAddr, ObjectAddr};

use super::command::{Command, SetChoice};
use super::goal::Goal;
use super::load::notice_of;
use super::types::{
    Answerer, ImportSource, LayoutRequest, NamedMemory, RunState, SessionError, StopReason,
};
use super::{Invocation, Session, not_now};

impl Session {
    /// Does what a person asks for.
    ///
    /// # Errors
    /// [`SessionError`]; nothing has changed then. All but [`SessionError::Input`], which belongs
    /// beside a field, are also put among the notices.
    pub fn apply(&mut self, command: Command) -> Result<(), SessionError> {
        let looks = command.only_looks();
        // What was to be opened is not there, whatever is opened instead.
        let opens = matches!(
            command,
            Command::Open { .. } | Command::OpenExample(_) | Command::Reload { .. }
        );
        let (jump, edit) = (self.jump_of(&command), self.edit_of(&command));
        let result = self.dispatch(command);
        if result.is_ok() {
            jump.into_iter().for_each(|jump| self.has_jumped(jump));
            edit.into_iter().for_each(|edit| self.has_edited(edit));
        }
        match &result {
            Ok(()) if !looks => self.pass_notices(),
            Ok(()) | Err(SessionError::Input { .. }) => {}
            Err(error) => {
                self.notify(true, notice_of(error));
                if let Some(last) = self.notices.last_mut() {
                    last.passes |= !opens && matches!(error, SessionError::NotNow(_));
                }
            }
        }
        if let Some(machine) = self.machine.as_mut().filter(|machine| machine.is_touched) {
            match &result {
                // What is refused has changed nothing.
                Err(SessionError::Input { .. } | SessionError::NotNow(_)) => {
                    machine.is_touched = false;
                }
                _ => machine.note_change(),
            }
        }
        self.look_at_watches();
        result
    }

    pub(super) fn dispatch(&mut self, command: Command) -> Result<(), SessionError> {
        match command {
            Command::Open { name, bytes } => self.open_file(name, bytes),
            Command::CancelOpening(number) => self.cancel_opening(number),
            Command::OpenExample(id) => self.open_example(&id),
            Command::Close(key) => self.close(key),
            Command::Reload { module, bytes } => self.reload(module, bytes),
            Command::Rename { module, name } => self.rename(module, name),
            Command::SetPolicy { module, import, policy } => {
                let open = self.module_mut(module)?;
                match open.imports.get_mut(import) {
                    Some(state) => {
                        state.policy = policy;
                        // A policy is for what no set satisfies.
                        match state.source {
                            ImportSource::Set(_) => {
                                self.choose_set(module, import, SetChoice::Nobody)
                            }
                            _ => Ok(()),
                        }
                    }
                    None => Err(not_now("the module has no such import")),
                }
            }
            Command::ChooseSet { module, import, set } => self.choose_set(module, import, set),
            Command::ChooseProvider { module, import, provider } => {
                self.choose_provider(module, import, provider)
            }
            Command::SetProgram { args, env } => self.set_program(args, env),
            Command::SetAnswerRules(rules) => self.set_answer_rules(rules),
            Command::ShareFolder { host, guest } => self.share_folder(host, guest),
            Command::UnshareFolder(guest) => self.unshare_folder(&guest),
            Command::Spawn { module, export, args } => self.spawn(module, &export, &args),
            Command::SelectTask(task) => self.select_task(task),
            Command::CancelTask(task) => self.cancel_task(task),
            Command::NextTurn => self.set_out(Goal::Turn),
            Command::SetReductions(count) => self.set_reductions(count),
            Command::BreakOnImport { module, name, when } => {
                self.set_import_break(module, name, when)
            }
            Command::TypeLine(line) => self.type_line(&line),
            Command::EndInput => {
                self.end_input();
                Ok(())
            }
            Command::ClearConsole => {
                self.clear_console();
                Ok(())
            }
            Command::ClearHostCalls => {
                self.clear_host_calls();
                Ok(())
            }
            Command::PutFile { path, bytes } => self.put_file(&path, bytes),
            Command::MakeFolder(path) => self.make_folder(&path),
            Command::RemoveFile(path) => self.remove_file(&path),
            Command::Start { module, export, args } => self.start(module, &export, &args),
            Command::SetCallLimits { depth, slots } => self.set_call_limits(depth, slots),
            Command::Restart => {
                let Some(Invocation { module, export, args }) = self.invocation.clone() else {
                    return Err(not_now("nothing has been started yet"));
                };
                self.discard_machine();
                self.start(module, &export, &args)?;
                self.begun_again = true;
                Ok(())
            }
            Command::Stop => {
                self.discard_machine();
                Ok(())
            }
            Command::Continue => self.set_out(Goal::Run),
            Command::Pause => {
                if self.leave_playing()? {
                    return Ok(());
                }
                if self.stop_asking() {
                    return self.drive(super::run::COMMAND_SLICE);
                }
                if self.is_asking() {
                    self.end_asking();
                } else if self.journey.is_some() {
                    self.asked = None;
                    self.arrive();
                } else if self.state == RunState::Running {
                    self.stop(StopReason::Paused);
                }
                Ok(())
            }
            Command::StepInto => self.set_out(self.goal_into()),
            Command::StepBy(count) => self.set_out(Goal::Instructions(count)),
            Command::StepOver => self.set_out(self.goal_over()),
            Command::StepOut => self.set_out(self.goal_out()),
            Command::RunTo { module, offset } => {
                let offset = self.first_from(module, offset);
                self.check_instruction(module, offset)?;
                self.set_out(Goal::To { module, offset })
            }
            Command::ToggleBreakpoint { module, offset } => self.toggle_breakpoint(module, offset),
            Command::EnableBreakpoint { module, offset, enabled } => {
                self.breakpoint_mut(module, offset)?.state.enabled = enabled;
                Ok(())
            }
            Command::SetCondition { module, offset, condition } => {
                self.set_condition(module, offset, condition)
            }
            Command::SetMessage { module, offset, message } => {
                self.set_message(module, offset, message)
            }
            Command::BreakOnFunction(text) => self.break_on_function(&text),
            Command::ClearLog => {
                self.log.clear();
                Ok(())
            }
            Command::AddWatch(text) => self.add_watch(&text),
            Command::SetWatch { watch, text } => self.set_watch(watch, &text),
            Command::RemoveWatch(watch) => self.remove_watch(watch),
            Command::MoveWatch { watch, to } => self.move_watch(watch, to),
            Command::ClearBreakpoints => {
                self.breakpoints.clear();
                Ok(())
            }
            Command::SetWatchpoint { target, when } => self.set_watchpoint(target, when),
            Command::EnableWatchpoint { number, enabled } => {
                self.enable_watchpoint(number, enabled)
            }
            Command::RemoveWatchpoint(number) => self.remove_watchpoint(number),
            Command::ClearWatchpoints => {
                self.retain_watchpoints(|_| false);
                Ok(())
            }
            Command::SeekTo(clock) => self.seek(clock),
            Command::ScrubTo { clock, begins } => self.scrub(clock, begins),
            Command::StepBack => self.step_back(),
            Command::StepBackOver => self.step_back_over(),
            Command::StepBackOut => self.step_back_out(),
            Command::RunBack => self.run_back(),
            Command::GoToWrite { target, next } => self.go_to_write(target, next),
            Command::AskOrigin(asked) => self.ask_origin(asked),
            Command::OpenOrigin(node) => self.open_origin(node),
            Command::ShowOriginSteps(all_steps) => self.show_origin_steps(all_steps),
            Command::AskRun(question) => self.ask_run(question),
            Command::EndAsking => {
                self.end_asking();
                Ok(())
            }
            Command::GoToAnswer(row) => self.go_to_answer(row),
            Command::ClearAnswers => {
                self.end_asking();
                self.answers = None;
                Ok(())
            }
            Command::LimitQuestions(stretch) => {
                self.limit_questions(stretch);
                Ok(())
            }
            Command::LookCloser { from, to } => {
                self.look_closer(from, to);
                Ok(())
            }
            Command::AddBookmark(name) => self.add_bookmark(&name),
            Command::RenameBookmark { bookmark, name } => self.rename_bookmark(bookmark, &name),
            Command::RemoveBookmark(bookmark) => self.remove_bookmark(bookmark),
            Command::GoToBegin => self.seek(0),
            Command::GoToPresent => self.go_to_present(),
            Command::Answer(texts) => {
                self.refuse_in_past()?;
                self.answer_texts(&texts)?;
                self.go_on()
            }
            Command::AnswerTrap(message) => {
                self.refuse_in_past()?;
                let answer = stepwell_engine::HostAnswer::Trap(message);
                self.answer(answer, Answerer::Person)?;
                self.go_on()
            }
            Command::TimeOut => {
                self.time_out()?;
                self.go_on()
            }
            Command::CollectGarbage => self.collect_garbage(),
            Command::SetLocal { frame, local, value } => self.set_slot(frame, local, &value, true),
            Command::SetOperand { frame, operand, value } => {
                self.set_slot(frame, operand, &value, false)
            }
            Command::SetGlobal { global, value } => self.set_global(GlobalAddr(global), &value),
            Command::SetField { object, field, value } => {
                self.set_field(ObjectAddr(object), field, &value)
            }
            Command::WriteMemory { memory, address, bytes } => {
                let store = &mut self.stopped_machine()?.store;
                if store.memory(MemAddr(memory)).is_none() {
                    return Err(not_now("there is no such memory"));
                }
                Ok(store.write_memory(MemAddr(memory), address, &bytes)?)
            }
            Command::Undo => self.undo(),
            Command::Redo => self.redo(),
            Command::Back(trail) => self.follow(trail, true),
            Command::Forward(trail) => self.follow(trail, false),
            Command::SelectFrame(frame) => {
                if frame >= self.frames().len() {
                    return Err(not_now("there is no such frame"));
                }
                self.selected_frame = frame;
                self.focus_frame();
                Ok(())
            }
            Command::SelectModule(key) => {
                let open = self.module(key).ok_or_else(|| not_now("the module is closed"))?;
                let first = FuncIndex(open.module.imported_func_count());
                let start = open.module.func_body(first).map(|body| body.start);
                self.show(key, start.unwrap_or(CodeOffset(0)));
                Ok(())
            }
            Command::ShowFunction { module, func } => {
                let open = self.module(module).ok_or_else(|| not_now("the module is closed"))?;
                match open.module.func_body(FuncIndex(func)) {
                    Some(body) => self.show(module, body.start),
                    None => return Err(not_now("an imported function has no code here")),
                }
                Ok(())
            }
            Command::ShowOffset { module, offset } => {
                self.module(module).ok_or_else(|| not_now("the module is closed"))?;
                self.show(module, CodeOffset(offset));
                Ok(())
            }
            Command::ShowPc => {
                self.selected_frame = 0;
                self.focus_frame();
                Ok(())
            }
            Command::FindInCode(text) => {
                self.find_in_code(text);
                Ok(())
            }
            Command::EndFinding => {
                self.end_finding();
                Ok(())
            }
            Command::AskWhatToFind => {
                self.ask_what_to_find();
                Ok(())
            }
            Command::ShowObject(object) => self.show_object(object),
            Command::AddMemoryView => {
                let memories = self.memories();
                let shown = |named: &&NamedMemory| {
                    self.memory.views.iter().all(|view| view.memory != named.addr)
                };
                let memory = memories.iter().find(shown).or(memories.first());
                let memory = memory.ok_or_else(|| not_now("start an export first"))?;
                self.memory.add(memory);
                Ok(())
            }
            Command::CloseMemoryView(id) => {
                self.memory.views.retain(|view| view.id != id);
                self.trails.forget_view(id);
                Ok(())
            }
            Command::ViewMemory { view, memory } => {
                let memories = self.memories();
                let known = memories.iter().find(|named| named.addr.0 == memory);
                let home = known.ok_or_else(|| not_now("there is no such memory"))?.home();
                let view = self.memory.get_mut(view)?;
                view.home = home;
                (view.memory, view.top, view.cursor) = (MemAddr(memory), 0, 0);
                view.selected = 1;
                Ok(())
            }
            Command::GoToAddress { view, address } => {
                let size = self.memory_size(view)?;
                let view = self.memory.get_mut(view)?;
                if address >= size {
                    let message = format!("0x{address:x} is beyond the end, 0x{size:x}");
                    return Err(SessionError::Input { field: 0, message });
                }
                (view.cursor, view.selected) = (address, 1);
                view.top = address & !15;
                Ok(())
            }
            Command::ScrollMemory { view, top } => {
                self.memory.get_mut(view)?.top = top & !15;
                Ok(())
            }
            Command::SetBytesPerRow { view, count } => {
                if !matches!(count, 0 | 8 | 16 | 32) {
                    return Err(not_now("a row has 8, 16 or 32 bytes"));
                }
                self.memory.get_mut(view)?.per_row = count;
                Ok(())
            }
            Command::SetTemplate { module, name, text } => self.set_template(module, name, text),
            Command::RemoveTemplate { module, name } => self.remove_template(module, &name),
            Command::ShowTemplate { view, show } => {
                self.memory.get_mut(view)?.template = show;
                Ok(())
            }
            Command::FollowAccesses { view, follow } => {
                self.memory.get_mut(view)?.follow = follow;
                Ok(())
            }
            Command::SelectBytes { view, address, len } => {
                let size = self.memory_size(view)?;
                let view = self.memory.get_mut(view)?;
                view.cursor = address.min(size.saturating_sub(1));
                view.selected = len.clamp(1, size.saturating_sub(view.cursor).max(1));
                Ok(())
            }
            Command::Search { view, kind, text } => {
                let machine = self.machine.as_ref();
                let machine = machine.ok_or_else(|| not_now("start an export first"))?;
                self.memory.search(&machine.store, view, &kind, &text)
            }
            Command::TogglePanel(panel) => {
                self.layout_requests.push(LayoutRequest::Toggle(panel));
                Ok(())
            }
            Command::RevealPanel(panel) => {
                self.layout_requests.push(LayoutRequest::Reveal(panel));
                Ok(())
            }
            Command::ResetLayout => {
                self.layout_requests.push(LayoutRequest::Reset);
                Ok(())
            }
            Command::Arrange(arrangement) => {
                self.layout_requests.push(LayoutRequest::Arrange(arrangement));
                Ok(())
            }
            Command::SetTheme(theme) => {
                self.theme = theme;
                Ok(())
            }
            Command::ShowVectors(shape) => {
                self.vector_shape = shape;
                Ok(())
            }
            Command::SetZoom(zoom) => {
                self.layout_requests.push(LayoutRequest::Zoom(zoom));
                Ok(())
            }
            Command::DismissProblem(name) => {
                self.problems.retain(|problem| problem.name != name);
                Ok(())
            }
            Command::DismissNotice(id) => {
                self.notices.retain(|notice| notice.id != id);
                Ok(())
            }
        }
    }
}

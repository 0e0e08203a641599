#!/usr/bin/env bash
# The window, on a screen of its own that nobody sees: opens an example, takes keys, is looked at
# and is closed by a person's means. Every wait is for a state, with a limit.
#
#   tests/native/run.sh
#
# STEPWELL   the program, by default target/debug/stepwell
# TITLE      what the title of its window contains, by default Stepwell
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target="${CARGO_TARGET_DIR:-target}"
stepwell="${STEPWELL:-$target/debug/stepwell}"
title="${TITLE:-Stepwell}"
picture=target/native.png
limit=90 # seconds for each wait; software rendering is slow

work="$(mktemp -d)"
screen=""
app=""

cleanup() {
  [ -z "$app" ] || kill "$app" 2> /dev/null || true
  [ -z "$screen" ] || kill "$screen" 2> /dev/null || true
  wait
  rm -rf "$work"
}
trap cleanup EXIT

fail() {
  printf 'FAILED  the window: %s\n' "$1"
  sed 's/^/        /' "$work/log" 2> /dev/null || true
  printf '0 passed, 1 failed\n'
  exit 1
}

running() { kill -0 "$app" 2> /dev/null; }

# A tenth of a second without a process of its own: reads from a pipe that stays silent.
mkfifo "$work/silence"
exec 8<> "$work/silence"
pause() { read -r -t 0.1 -u 8 _ || true; }

# wait_until WHAT COMMAND…: until the command succeeds; the program has to stay alive.
wait_until() {
  local what="$1" end=$((SECONDS + limit))
  shift
  until "$@"; do
    running || fail "ended while waiting for $what"
    [ "$SECONDS" -lt "$end" ] || fail "waited in vain for $what"
    pause
  done
}

window_is_there() {
  window="$(xdotool search --onlyvisible --name "$title" 2> /dev/null | head -n 1)"
  [ -n "$window" ]
}

take_picture() { import -window root "$picture"; }

# A window that has drawn nothing yet has a handful of colours at most.
window_is_drawn() {
  take_picture 2> /dev/null || return 1
  [ "$(identify -format '%k' "$picture")" -ge "${COLOURS:-16}" ]
}

window_has_focus() {
  xdotool windowfocus "$window" 2> /dev/null || return 1
  [ "$(xdotool getwindowfocus 2> /dev/null)" = "$window" ]
}

has_ended() { ! running; }

mkdir -p target
[ -x "$stepwell" ] || fail "$stepwell is not there; build it with: cargo build -p stepwell"

# Xvfb picks a free display itself and tells which as soon as it takes connections. It is not to
# begin anew when a client leaves: who connects just then would be turned away.
mkfifo "$work/display"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp -noreset 3> "$work/display" 2> "$work/xvfb" &
screen=$!
read -r -t "$limit" display <> "$work/display" || fail "no display: $(cat "$work/xvfb")"
export DISPLAY=":$display" LIBGL_ALWAYS_SOFTWARE=1
unset WAYLAND_DISPLAY

# open_window FILE…: with a home of its own, which neither reads nor changes anybody's settings.
open_window() {
  XDG_CONFIG_HOME="$work/config" XDG_DATA_HOME="$work/data" \
    "$stepwell" "$@" > "$work/log" 2>&1 8<&- &
  app=$!
  wait_until "the window" window_is_there
  wait_until "the first picture" window_is_drawn
  wait_until "the focus" window_has_focus
}

# title_says TEXT: the title tells what is open and how many instructions were executed.
title_says() { [[ "$(xdotool getwindowname "$window")" == *"$1"* ]]; }

# closed_by COMMAND…: the program ends well, soon after the command.
closed_by() {
  "$@"
  local end=$((SECONDS + 30)) status=0
  until has_ended; do
    [ "$SECONDS" -lt "$end" ] || fail "did not close by $*"
    pause
  done
  wait "$app" || status=$?
  app=""
  [ "$status" -eq 0 ] || fail "closed with exit code $status"
}

# Hundredths of a second that the program has computed.
computed() { awk '{ print $14 + $15 }' "/proc/$app/stat"; }

# Two seconds in which it computes no more than one in two hundred.
rests() {
  local before
  before="$(computed)"
  for _ in {1..20}; do pause; done
  [ "$(($(computed) - before))" -le 1 ]
}

# What opens by itself is ready to step.
open_window
wait_until "no instruction" title_says "executed 0"
for count in 1 2 3 4 5; do
  xdotool key --clearmodifiers F11
  wait_until "instruction $count" title_says "executed $count"
done
take_picture
wait_until "rest where nothing moves" rests
closed_by xdotool key --clearmodifiers ctrl+q

open_window assets/examples/attribution/b.wat assets/examples/attribution/a.wat
wait_until "both modules" title_says "b, a"
# What the cross on a title bar sends, where this xdotool can send it.
if xdotool help 2> /dev/null | grep -qw windowquit; then
  closed_by xdotool windowquit "$window"
else
  closed_by xdotool key --clearmodifiers ctrl+q
fi

printf 'ok      the window opens, steps by key, rests and closes; see %s\n' "$picture"
printf '1 passed, 0 failed\n'

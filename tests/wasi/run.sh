#!/usr/bin/env bash
# Programs in C and Rust, run natively and as WASI programs by Stepwell: what they print, their exit
# codes and the files they leave have to be the same.
#
#   tests/wasi/run.sh [WORD]    only the cases whose title contains the word
#
# STEPWELL   the program, by default target/debug/stepwell
# ZIG        the C compiler for WASI, by default what scripts/setup.sh has installed
#
# Where the two sides have to differ, a case says so: a trap instead of a signal, or a file in
# tests/wasi/expected.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

target="$(realpath -m "${CARGO_TARGET_DIR:-target}")"
stepwell="$(realpath -m "${STEPWELL:-$target/debug/stepwell}")"
built="$target/wasi"
only="${1:-}"
limit=120 # seconds for each program

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

passed=0
failed=0
skipped=0

if [ ! -x "$stepwell" ]; then
  printf 'FAILED  %s is not there; build it with: cargo build -p stepwell\n' "$stepwell"
  exit 1
fi

# --- the programs

zig() {
  if [ -n "${ZIG:-}" ]; then
    "$ZIG" "$@"
  else
    PYTHONPATH="$target/ziglang" python3 -m ziglang "$@"
  fi
}

# build OUTPUT SOURCE COMMAND…: runs the command with `-o OUTPUT SOURCE` unless that was done.
build() {
  local output="$1" source="$2"
  shift 2
  [ "$output" -nt "$source" ] && return
  rm -f "$output"
  "$@" -o "$output" "$source" && return
  printf 'FAILED  cannot build %s\n' "$source"
  exit 1
}

languages=()
build_programs() {
  local source name
  mkdir -p "$built"
  if rustc --print target-libdir --target wasm32-wasip1 2> /dev/null | xargs -r test -d; then
    languages+=(rs)
    for source in tests/wasi/programs/*.rs; do
      name="$built/$(basename "$source" .rs)-rs"
      build "$name" "$source" rustc --edition 2024 -O
      build "$name.wasm" "$source" rustc --edition 2024 -O --target wasm32-wasip1
    done
  else
    echo "skipped: Rust programs, which need: rustup target add wasm32-wasip1"
  fi
  export ZIG_GLOBAL_CACHE_DIR="$built/zig" ZIG_LOCAL_CACHE_DIR="$built/zig"
  if zig version > /dev/null 2>&1 && command -v cc > /dev/null; then
    languages+=(c)
    for source in tests/wasi/programs/*.c; do
      name="$built/$(basename "$source" .c)-c"
      build "$name" "$source" cc -O2 -D_GNU_SOURCE
      build "$name.wasm" "$source" zig cc -O2 -s -target wasm32-wasi -D_GNU_SOURCE
    done
  else
    echo "skipped: C programs, which need cc, and python3 with pip for scripts/setup.sh"
  fi
}

# --- results

ok() {
  passed=$((passed + 1))
  printf 'ok      %s\n' "$1"
}

# fail TITLE: with what was found about it in $work/why.
fail() {
  failed=$((failed + 1))
  printf 'FAILED  %s\n' "$1"
  head -n 40 "$work/why" | cut -c 1-200 | sed 's/^/        /'
}

wanted() { [[ "$1" == *"$only"* ]]; }

# languages_of PROGRAM: those that it is written in here and that can be built.
languages_of() {
  local language
  for language in "${languages[@]}"; do
    [ -e "$built/$1-$language.wasm" ] && echo "$language"
  done
}

# --- a case

# What lies in a folder: kinds, sizes of files, targets of links.
listing() {
  find "$1" -mindepth 1 \( -type f -printf '%P file %s\n' -o -printf '%P %y %l\n' \) | LC_ALL=C sort
}

# same WHAT EXPECTED FOUND: notes a difference.
same() {
  cmp -s "$2" "$3" && return
  {
    printf '%s, expected (-) and found (+):\n' "$1"
    diff --text -u0 "$2" "$3" | tail -n +3
  } >> "$work/why"
}

# side NAME FOLDER COMMAND…: runs one side of a case, with its stdin, in a folder.
side() {
  local out="$work/$1.out" err="$work/$1.err" code="$work/$1.code" folder="$2"
  shift 2
  (
    cd "$folder" || exit
    [ -z "$merge" ] || err=/dev/stdout
    if [ "${#pipe[@]}" -gt 0 ]; then
      cat "${pipe[@]}" | timeout "$limit" "$@" > "$out" 2> "$err"
    else
      timeout "$limit" "$@" < "$stdin" > "$out" 2> "$err"
    fi
    echo "$?" > "$code"
  ) 2> /dev/null
}

# A message of Stepwell's follows what the program itself printed before its trap. The number of a
# thread is nobody's business.
split_trap() {
  sed -i '/^stepwell: trap: .*unreachable/,$d' "$work/wasi.err"
  sed -i -E "s/^(thread 'main') \([0-9]+\)/\1/" "$work/native.err" "$work/wasi.err"
}

# check TITLE PROGRAM [OPTION…] [-- ARGUMENT…]: in each language that the program is written in.
#
#   --stdin FILE      by default nothing
#   --pipe FILE       may be repeated; stdin is a pipe, through which they come
#   --env NAME=VALUE  may be repeated
#   --fixture NAME    the function NAME_fixture fills the folder that is given to the program
#   --dir GUEST       gives that folder under this name; natively it is the working folder.
#                     In arguments, @ is its name on either side.
#   --merge           both outputs go to one file
#   --trap            ends with a trap where the native program gets a signal or panics
#   --expected NAME   what the native program does is another matter; compare with the files
#                     NAME-LANGUAGE.out, .err and .code in tests/wasi/expected
check() {
  local title="$1" program="$2" language
  shift 2
  for language in $(languages_of "$program"); do
    wanted "$title ($language)" && check_one "$title ($language)" "$program-$language" "$@"
  done
}

check_one() {
  local title="$1" program="$built/$2" language="${2##*-}" stdin=/dev/null merge="" trapping="" expected="" fixture=""
  local guest="" host="$work/wasi/data" variables=() pipe=() dirs=() native=() wasi=() one
  shift 2
  while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case "$1" in
      --stdin) stdin="$2" ;;
      --pipe) pipe+=("$2") ;;
      --env) variables+=("$2") ;;
      --fixture) fixture="$2" ;;
      --dir) guest="$2" ;;
      --expected) expected="tests/wasi/expected/$2-$language" ;;
      --merge | --trap) [ "$1" = --merge ] && merge=yes || trapping=yes ;;
    esac
    case "$1" in
      --merge | --trap) shift ;;
      *) shift 2 ;;
    esac
  done
  [ $# -eq 0 ] || shift

  rm -rf "$work/native" "$work/wasi" "$work"/*.out "$work"/*.err "$work"/*.code
  mkdir -p "$work/native/data" "$host"
  if [ -n "$fixture" ]; then
    (cd "$work/native/data" && "${fixture}_fixture")
    (cd "$host" && "${fixture}_fixture")
  fi
  for one in "$@"; do
    # The working folder is the given one natively, so that both have a short name for it.
    case "$guest" in
      .) native+=("${one/#@/.}") ;;
      *) native+=("${one/#@/$work/native/data}") ;;
    esac
    wasi+=("${one/#@/$guest}")
  done
  [ -z "$guest" ] || dirs=(--dir "$host::$guest")
  for one in "${variables[@]}"; do dirs+=(--env "$one"); done

  : > "$work/why"
  : > "$work/native.err"
  : > "$work/wasi.err"
  # This one is not for the program to see.
  export STEPWELL_TEST_SECRET=secret
  side wasi "$work" "$stepwell" run "$program.wasm" "${dirs[@]}" -- "${wasi[@]}"
  if [ -n "$expected" ]; then
    for one in out err code; do
      # What is missing is empty, or 0.
      [ "$one" = code ] && echo 0 > "$work/native.$one" || : > "$work/native.$one"
      [ ! -e "$expected.$one" ] || cp "$expected.$one" "$work/native.$one"
    done
  else
    side native "$work/native/data" env -i "${variables[@]}" "$program" "${native[@]}"
  fi
  if [ -n "$trapping" ]; then
    grep -q '^stepwell: trap: .*unreachable' "$work/wasi.err" || echo "no trap is reported" >> "$work/why"
    split_trap
    echo 1 > "$work/native.code"
  fi
  same stdout "$work/native.out" "$work/wasi.out"
  same stderr "$work/native.err" "$work/wasi.err"
  same "exit code" "$work/native.code" "$work/wasi.code"
  if [ -z "$expected" ]; then
    listing "$work/native/data" > "$work/native.files"
    listing "$host" > "$work/wasi.files"
    same "files" "$work/native.files" "$work/wasi.files"
    diff -r --no-dereference "$work/native/data" "$host" >> "$work/why" 2>&1
  fi
  if [ -s "$work/why" ]; then fail "$title"; else ok "$title"; fi
}

# mounted TITLE PROGRAM …: a case with its folder as the one where relative paths begin, and with
# its folder elsewhere.
mounted() {
  local title="$1"
  shift
  check "$title, in ." "$1" --dir . "${@:2}"
  check "$title, in /data" "$1" --dir /data "${@:2}"
}

# --- what programs are given

letter_fixture() {
  mkdir inner
  printf 'outer letter' > letter.txt
  printf 'inner letter' > inner/letter.txt
}

tree_fixture() {
  local index
  mkdir -p a/b/c empty deep/er/and/deeper many
  printf 'x' > a/one
  printf 'xy' > a/b/two
  printf 'xyz' > a/b/c/three
  : > empty.txt
  printf 'text' > 'name with spaces.txt'
  printf 'text' > 'größe 世界 🌍.txt'
  printf 'text' > .hidden
  head -c 100000 "$work/large.txt" > deep/er/and/deeper/large.txt
  ln -s a/one link
  ln -s nothing dangling
  # More names than one answer of the system holds.
  for index in {1..500}; do : > "many/$index-$((index * index * index))-a-name-that-is-not-short"; done
}

large_fixture() { cp "$work/large.txt" "$work/words.txt" .; }

escape_fixture() {
  mkdir inner
  printf 'own' > own.txt
  printf 'outside' > ../outside.txt
  ln -s ../outside.txt link_to_outside
  ln -s .. link_to_parent
  ln -s ../new.txt dangling_outside
  ln -s /etc/passwd absolute_link
  ln -s ../.. inner/link_up
}

make_inputs() {
  # 25,000 lines, some of them long, and no two alike: a little more than a megabyte.
  awk 'BEGIN {
    state = 1
    for (line = 1; line <= 25000; line++) {
      text = ""
      state = (state * 16807) % 2147483647
      words = 1 + state % 12 + (line % 997 == 0) * 400
      for (word = 0; word < words; word++) {
        state = (state * 16807) % 2147483647
        text = text " " substr("stepwelldownopenlookbackagainstairs", 1 + state % 28, 2 + state % 6)
      }
      print line text
    }
  }' > "$work/large.txt"
  head -n 100 "$work/large.txt" > "$work/words.txt"
  awk 'BEGIN { for (at = 0; at < 33 * 256; at++) printf "\\x%02x", at % 256 }' | xargs -0 printf > "$work/binary.bin"
  printf 'one\ntwo\nthree without an end' > "$work/text.txt"
}

# --- cases of their own

# A conversation: each side waits for what the other has said.
conversation() {
  local language title question answer
  for language in $(languages_of ask); do
    title="a conversation ($language)"
    wanted "$title" || continue
    : > "$work/why"
    coproc talk { timeout "$limit" "$stepwell" run "$built/ask-$language.wasm" 2>&1; }
    local pid="$talk_PID" in out
    exec {in}<&"${talk[0]}" {out}>&"${talk[1]}"
    for name in Ada Grace; do
      read -r -t "$limit" -u "$in" question || question="nothing"
      # Who ended too early does not end the tests.
      (trap "" PIPE; echo "$name" >&"$out") 2> /dev/null
      read -r -t "$limit" -u "$in" answer || answer="nothing"
      printf '%s %s\n' "$question" "$answer" >> "$work/said"
    done
    exec {in}<&- {out}>&-
    wait "$pid" || echo "exit code $?" >> "$work/why"
    printf 'name 1? Hello, Ada!\nname 2? Hello, Grace!\n' > "$work/expected"
    same "what was said" "$work/expected" "$work/said"
    rm -f "$work/said"
    if [ -s "$work/why" ]; then fail "$title"; else ok "$title"; fi
  done
}

# A reader that goes away: the program is told, and Stepwell does not mind.
gone_reader() {
  local language title
  for language in $(languages_of flood); do
    title="a reader that goes away ($language)"
    wanted "$title" || continue
    : > "$work/why"
    # The shell's own child would inherit a signal that is ignored, so this is as from a terminal.
    (
      timeout "$limit" "$built/flood-$language" 2> "$work/native.err"
      echo "$?" > "$work/native.code"
    ) | head -c 1 > /dev/null
    (
      timeout "$limit" "$stepwell" run "$built/flood-$language.wasm" 2> "$work/wasi.err"
      echo "$?" > "$work/wasi.code"
    ) | head -c 1 > /dev/null
    same stderr "$work/native.err" "$work/wasi.err"
    same "exit code" "$work/native.code" "$work/wasi.code"
    if [ -s "$work/why" ]; then fail "$title"; else ok "$title"; fi
  done
}

# Two runs draw different random numbers.
two_runs() {
  local title="random numbers of two runs (rs)" first second
  [ -e "$built/random-rs.wasm" ] && wanted "$title" || return
  first="$("$stepwell" run "$built/random-rs.wasm" -- key 2>&1)"
  second="$("$stepwell" run "$built/random-rs.wasm" -- key 2>&1)"
  printf '%s\n%s\n' "$first" "$second" > "$work/why"
  if [[ "$first" =~ ^[0-9a-f]{16}$ && "$second" =~ ^[0-9a-f]{16}$ && "$first" != "$second" ]]; then
    ok "$title"
  else
    fail "$title"
  fi
}

# Two given folders: files go from one to the other.
two_folders() {
  local title="two folders (c)" where one
  [ -e "$built/two-c.wasm" ] && wanted "$title" || return
  : > "$work/why"
  for where in native wasi; do
    for one in one two; do
      rm -rf "${work:?}/$where/$one"
      mkdir -p "$work/$where/$one"
    done
    printf 'a letter' > "$work/$where/one/letter.txt"
  done
  local stdin=/dev/null merge="" pipe=()
  side native "$work" "$built/two-c" native/one native/two
  side wasi "$work" "$stepwell" run "$built/two-c.wasm" \
    --dir "$work/wasi/one::/first" --dir "$work/wasi/two::second" -- /first second
  same stdout "$work/native.out" "$work/wasi.out"
  same stderr "$work/native.err" "$work/wasi.err"
  same "exit code" "$work/native.code" "$work/wasi.code"
  for one in one two; do diff -r "$work/native/$one" "$work/wasi/$one" >> "$work/why" 2>&1; done
  if [ -s "$work/why" ]; then fail "$title"; else ok "$title"; fi
}

# Nothing beside the given folder was made, moved or changed.
escape() {
  local title="nothing outside was touched (c)"
  [ -e "$built/escape-c.wasm" ] || return
  check "out of the folder" escape --fixture escape --dir . --expected escape
  wanted "$title" || return
  : > "$work/why"
  rm -rf "$work/wasi"
  mkdir -p "$work/wasi/data"
  (cd "$work/wasi/data" && escape_fixture)
  (cd "$work/wasi" && "$stepwell" run "$built/escape-c.wasm" --dir data::. > "$work/found" 2>&1)
  grep -qx "escaped 0 times" "$work/found" || cat "$work/found" >> "$work/why"
  printf 'data\noutside.txt\n' > "$work/expected"
  ls -A "$work/wasi" > "$work/found"
  same "beside the folder" "$work/expected" "$work/found"
  printf 'outside' > "$work/expected"
  same "outside.txt" "$work/expected" "$work/wasi/outside.txt"
  if [ -s "$work/why" ]; then fail "$title"; else ok "$title"; fi
}

# --- all of it

build_programs
make_inputs

check "hello" hello
check "hello, both outputs in one file" hello --merge
check "cat of nothing" cat
check "cat of text" cat --stdin "$work/text.txt"
check "cat of every byte" cat --stdin "$work/binary.bin"
check "cat of a megabyte" cat --stdin "$work/large.txt"
check "cat of a pipe" cat --pipe "$work/text.txt" --pipe "$work/large.txt" --pipe "$work/binary.bin"

check "no arguments" args
check "arguments" args -- one two three
check "arguments with spaces, quotes and nothing" args -- "a b" "" "  " 'say "hi"' "it's" '\n' '$HOME' ""
check "arguments in other alphabets" args -- grüße 世界 🌍 $'tab\tand\nline'
check "arguments that look like options" args -- --dir x::y -h --help --env A=B --
check "long arguments" args -- "$(head -c 20000 "$work/words.txt" | tr -d '\n')" x

check "no environment" env -- PATH HOME STEPWELL_TEST_SECRET
check "an environment" env --env NAME=Ada --env EMPTY= --env "SPACED=a b  c" --env "EQUALS=x=y=z" \
  --env WORLD=世界 -- NAME EMPTY SPACED EQUALS WORLD MISSING

for code in 0 1 2 3 42 125 126 127 128 254 255; do check "exit code $code" exit -- "$code" exit; done
for code in 0 1 42 255; do
  check "exit code $code by main" exit -- "$code" return
  check "exit code $code at once" exit -- "$code" _exit
done
check "abort" abort --trap
check "panic" panic --trap

check "clocks" clock
check "random numbers" random
two_runs
check "memory" memory
check "terminals" tty
check "stdin that is a file" wait --stdin "$work/text.txt"
check "stdin that is a pipe" wait --pipe "$work/text.txt" -- pipe
check "stdin that is empty" wait
conversation
gone_reader

mounted "files" files -- @
mounted "positions" positions -- @
mounted "times" times -- @
mounted "folders" folders -- @
mounted "links" links -- @
mounted "a tree" tree --fixture tree -- @
check "a tree, in /" tree --fixture tree --dir / -- .
check "a tree below" tree --fixture tree --dir . -- a/b
check "a tree that is not there" tree --dir . -- missing
check "a tree without a folder" tree --expected no_folder
check "where it is" cwd --fixture letter --dir . --expected cwd
escape
two_folders

check "count of stdin" count --stdin "$work/large.txt"
mounted "count of files" count --fixture large --stdin "$work/text.txt" -- \
  @/words.txt @/- @/missing.txt @/large.txt
mounted "lines" lines --fixture large -- @/large.txt
check "sort of stdin" sort --stdin "$work/text.txt"
mounted "sort of a file and stdin" sort --fixture large --pipe "$work/text.txt" -- @/large.txt
mounted "sort into a file" sort --fixture large --stdin "$work/text.txt" -- @/large.txt @/sorted.txt

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]

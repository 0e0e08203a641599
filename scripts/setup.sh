#!/usr/bin/env bash
# Installs what the tests need and this machine does not have yet. Safe to run again: what is
# there stays. Used by scripts/test.sh.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

TRUNK_VERSION=0.21.14
CARGO_DENY_VERSION=0.20.2
ZIGLANG_VERSION=0.15.1

say() { printf -- '-- %s\n' "$*"; }
have() { command -v "$1" > /dev/null; }

# Debian packages: a screen without a monitor, software rendering, a browser, pictures.
PACKAGES=(
  xvfb xdotool x11-utils libxkbcommon-x11-0
  mesa-vulkan-drivers libgl1-mesa-dri libgl1 libegl1 libegl-mesa0
  chromium imagemagick mold
)

# For the engine on Windows. Not every system has these; without them that test says so.
WINDOWS_PACKAGES=(wine wine64 gcc-mingw-w64-x86-64)

install_packages() {
  have apt-get || return 0
  local missing=() package root=()
  for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2> /dev/null | grep -q '^install ok installed$' ||
      missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo; then
      say "please install: ${missing[*]}"
      return 0
    fi
    root=(sudo)
  fi
  say "apt-get install ${missing[*]}"
  "${root[@]}" apt-get update -qq
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "${missing[@]}" > /dev/null
}

install_targets() {
  have rustup || return 0
  local installed target
  installed="$(rustup target list --installed)"
  for target in wasm32-unknown-unknown wasm32-wasip1 thumbv7em-none-eabi x86_64-pc-windows-gnu \
    aarch64-apple-darwin x86_64-pc-windows-msvc aarch64-unknown-linux-gnu; do
    grep -qx "$target" <<< "$installed" || rustup target add "$target"
  done
}

# Tools are used for minutes and compiled for minutes: optimise a little, link quickly.
cargo_install() {
  say "cargo install $*"
  CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 cargo install --quiet --force "$@"
}

# version_of COMMAND ARGUMENT…: the second word of what it prints, nothing if it is not there.
version_of() { "$@" 2> /dev/null | awk 'NR == 1 { print $2 }' || true; }

install_tools() {
  [ "$(version_of trunk --version)" = "$TRUNK_VERSION" ] ||
    cargo_install --locked "trunk@$TRUNK_VERSION"

  # The command line tool has to be of the same version as the crate.
  local wanted
  wanted="$(awk '/^name = "wasm-bindgen"$/ { getline; gsub(/[^0-9.]/, ""); print }' Cargo.lock)"
  if [ -n "$wanted" ] && [ "$(version_of wasm-bindgen --version)" != "$wanted" ]; then
    cargo_install "wasm-bindgen-cli@$wanted"
  fi

  # Any newer one does as well.
  local deny
  deny="$(version_of cargo-deny --version)"
  if [ -z "$deny" ] ||
    [ "$(printf '%s\n' "$deny" "$CARGO_DENY_VERSION" | sort -V | head -n 1)" != "$CARGO_DENY_VERSION" ]; then
    cargo_install --locked "cargo-deny@$CARGO_DENY_VERSION"
  fi
}

# A C compiler for WASI. It goes into a folder of its own, which needs no rights and leaves the
# system's Python as it is.
install_ziglang() {
  local folder="${CARGO_TARGET_DIR:-target}/ziglang"
  [ ! -e "$folder/ziglang-$ZIGLANG_VERSION.dist-info" ] || return 0
  python3 -m pip --version > /dev/null 2>&1 || install_packages python3 python3-pip || true
  if ! python3 -m pip --version > /dev/null 2>&1; then
    say "no python3 with pip here: C programs are not tested under WASI"
    return 0
  fi
  say "pip install ziglang==$ZIGLANG_VERSION into $folder"
  rm -rf "$folder"
  PIP_ROOT_USER_ACTION=ignore PIP_DISABLE_PIP_VERSION_CHECK=1 \
    python3 -m pip install --quiet --no-deps --target "$folder" "ziglang==$ZIGLANG_VERSION" ||
    say "no ziglang $ZIGLANG_VERSION to be had: C programs are not tested under WASI"
}

# Playwright's client (it drives the browser that is installed) and wasm-opt.
install_node_packages() {
  local major
  major="$(node --version 2> /dev/null | sed 's/^v\([0-9]*\).*/\1/' || true)"
  if [ "${major:-0}" -lt 20 ]; then
    say "the browser tests need Node 20 or newer, with npm"
    return 1
  fi
  cd tests/browser
  if ! cmp -s package-lock.json node_modules/.installed-from; then
    say "npm ci in tests/browser"
    npm ci --silent
    cp package-lock.json node_modules/.installed-from
  fi
}

install_packages "${PACKAGES[@]}"
install_packages "${WINDOWS_PACKAGES[@]}" || say "no Wine here: the engine is not tested on Windows"
install_targets
install_tools
install_ziglang
(install_node_packages)

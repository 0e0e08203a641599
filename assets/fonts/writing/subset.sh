#!/usr/bin/env bash
# Makes the font files of this folder again from published packages; see README.md.
# Needs npm, apt-get with dpkg, and fonttools (pip install fonttools brotli).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

# npm_font PACKAGE VERSION SUBSET TARGET: one subset of a package of npm as plain TrueType.
npm_font() {
  mkdir -p "$1"
  tar -xzf "$(npm pack --silent --loglevel=error "@fontsource/$1@$2")" -C "$1" --strip-components=1
  fonttools ttLib.woff2 decompress -o "$1.ttf" "$1/files/$1-$3-400-normal.woff2"
  # All features: shaping is what these are for.
  pyftsubset "$1.ttf" --output-file="$here/$4" --unicodes='*' --layout-features='*' \
    --no-hinting --notdef-outline --drop-tables+=DSIG,meta
}

npm_font noto-sans-arabic 5.3.0 arabic arabic.ttf
npm_font noto-sans-hebrew 5.3.0 hebrew hebrew.ttf
npm_font noto-sans-devanagari 5.3.0 devanagari devanagari.ttf
npm_font noto-sans-thai 5.3.0 thai thai.ttf
npm_font noto-emoji 5.3.2 emoji emoji.ttf
cp noto-sans-arabic/LICENSE "$here/LICENSE.txt"

apt-get download fonts-noto-cjk=1:20220127+repack1-1
dpkg-deb -x fonts-noto-cjk_*.deb cjk

# The characters of a plane of 94 by 94 in an encoding: rows FROM to TO.
rows() {
  python3 - "$@" << 'PYTHON'
import sys
encoding, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for row in range(first, last + 1):
    for cell in range(1, 95):
        try:
            print(bytes([0xA0 + row, 0xA0 + cell]).decode(encoding), end="")
        except UnicodeDecodeError:
            pass
PYTHON
}

# cjk NUMBER TARGET TEXT UNICODES: a part of one face of the collection.
cjk() {
  printf '%s' "$3" > text
  pyftsubset cjk/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc --font-number="$1" \
    --output-file="$here/$2" --text-file=text --unicodes="$4" --layout-features='ccmp,ljmo,vjmo,tjmo' \
    --no-hinting --drop-tables+=DSIG,meta,BASE,vhea,vmtx,VORG
}

# What people write most: the first levels of GB 2312 and JIS X 0208, with kana and full-width forms; the
# syllables of KS X 1001, with their letters.
cjk 2 han.otf "$(rows gb2312 16 55)$(rows euc_jp 16 47)" "U+3000-30FF,U+31F0-31FF,U+FF01-FFEE"
cjk 1 hangul.otf "$(rows euc_kr 16 40)" "U+1100-1112,U+1161-1175,U+11A8-11C2,U+3131-318E"
wc -c "$here"/*.?tf

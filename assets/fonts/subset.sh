#!/usr/bin/env bash
# Makes the font files of this folder again from published packages; see README.md.
# Needs npm, apt-get with dpkg, and fonttools (pip install fonttools brotli).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"

# npm_package NAME VERSION FOLDER: unpacks a package of npm.
npm_package() {
  mkdir -p "$3"
  tar -xzf "$(npm pack --silent --loglevel=error "$1@$2")" -C "$3" --strip-components=1
}

npm_package inter-ui 4.1.1 inter
npm_package dejavu-fonts-ttf 2.37.3 dejavu
npm_package @fontsource/noto-sans-symbols-2 5.3.0 noto
npm_package @fontsource/jetbrains-mono 5.3.0 jetbrains-licence
apt-get download fonts-jetbrains-mono=2.242+ds-3
dpkg-deb -x fonts-jetbrains-mono_*.deb jetbrains

# Latin, Latin-1, Latin Extended-A, Greek, Cyrillic, punctuation, super- and subscripts,
# currency, letterlike, arrows, mathematics, technical, boxes, blocks and shapes.
text="U+0020-007E,U+00A0-017F,U+0384-03CE,U+0400-045F,U+2010-2027,U+2030-205E,U+2070-209C,U+20AC,U+2116,U+2122"
symbols="U+2190-21FF,U+2200-22FF,U+2300-23FF,U+2400-2426,U+2500-257F,U+2580-259F,U+25A0-25FF"
marks="U+2605-2606,U+2610-2612,U+2630,U+263C,U+26A0,U+2713-2718,U+270E,U+27E8-27E9,U+FFFD"

# The subsetter keeps the container of its source, and the window wants plain TrueType.
for packed in inter/web/Inter-{Regular,SemiBold}.woff2 \
  noto/files/noto-sans-symbols-2-symbols-400-normal.woff2; do
  fonttools ttLib.woff2 decompress -o "${packed%.woff2}.ttf" "$packed"
done

# subset SOURCE TARGET FEATURES UNICODES
subset() {
  pyftsubset "$1" --output-file="$here/$2" --layout-features="$3" --unicodes="$4" \
    --no-hinting --desubroutinize --notdef-outline --name-IDs='*' --drop-tables+=DSIG,meta
}

# No ligatures in a debugger: `->` and `!=` stay two characters each.
jetbrains=jetbrains/usr/share/fonts/truetype/jetbrains-mono
subset "$jetbrains/JetBrainsMono-Regular.ttf" JetBrainsMono-Regular.ttf 'ccmp,mark,mkmk,locl' "$text,$symbols,$marks"
subset "$jetbrains/JetBrainsMono-Bold.ttf" JetBrainsMono-Bold.ttf 'ccmp,mark,mkmk,locl' "$text,$symbols,$marks"
subset inter/web/Inter-Regular.ttf Inter-Regular.ttf 'ccmp,kern,mark,mkmk,locl,tnum' "$text,U+2190-2193,U+2212,U+2260,U+2264-2265"
subset inter/web/Inter-SemiBold.ttf Inter-SemiBold.ttf 'ccmp,kern,mark,mkmk,locl,tnum' "$text,U+2190-2193,U+2212,U+2260,U+2264-2265"

# Two fallbacks for what JetBrains Mono has no glyph for.
subset dejavu/ttf/DejaVuSansMono.ttf DejaVuSansMono-Symbols.ttf 'ccmp' "$symbols,$marks,U+2070-209C"
subset noto/files/noto-sans-symbols-2-symbols-400-normal.ttf NotoSansSymbols2-Media.ttf 'ccmp' \
  "U+2318,U+2325,U+232B,U+23CE-23CF,U+23E9-23FA,U+2400-2426,U+2B58,U+2BC5-2BC8,U+1F500-1F50E,U+1F4C1-1F4C4,U+1F517"

cp inter/LICENSE.txt "$here/LICENSE-Inter.txt"
cp dejavu/LICENSE "$here/LICENSE-DejaVu.txt"
cp noto/LICENSE "$here/LICENSE-NotoSansSymbols2.txt"
cp jetbrains-licence/LICENSE "$here/LICENSE-JetBrainsMono.txt"
wc -c "$here"/*.ttf

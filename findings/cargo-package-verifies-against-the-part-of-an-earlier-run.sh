#!/usr/bin/env bash
# `cargo package` of a workspace: the second run builds a crate against what the first run packed of its sibling.
#
# A good guess: a workspace of two crates, the upper one needing the lower one by path and version, is packed and verified with one command
# (possible since Cargo 1.90). Verifying builds the upper one "as a registry would", from the archives that were just made; so after both
# gained a function, the next run sees it.
#
# What happens: the archive is new (it holds the function), but Cargo had unpacked the first one to `$CARGO_HOME/registry/src/-HASH/NAME-VERSION`,
# where HASH comes from the place of `target/package/tmp-registry`, and what stands there is not looked at again while the version is the
# same. So a right workspace is refused (E0425), and, worse, one whose lower crate lost a function is accepted. Removing `target` does not help, and
# removing only what was unpacked does not help either, for what `target` holds was built of a registry's crate, which counts as never
# changing. Both must go, or the version must change. It bites where CARGO_HOME is kept between two runs at one place, as in CI.
#
# Seen with cargo 1.95.0 on 2026-11-30. Needs no network.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export CARGO_HOME=$folder/home
unset CARGO_TARGET_DIR
cargo --version

manifest() {
  mkdir -p "$1/src"
  printf '[package]\nname = "%s"\nversion = "0.1.0"\nedition = "2024"\nlicense = "MIT"\ndescription = "probe"\n%s\n' "$1" "${2:-}" > "$1/Cargo.toml"
}
printf '[workspace]\nmembers = ["lower-part", "upper-part"]\nresolver = "3"\n' > Cargo.toml
manifest lower-part
manifest upper-part $'[dependencies]\nlower-part = { path = "../lower-part", version = "0.1.0" }'

found=""
pack() {
  local answer
  answer=$(cargo package --quiet --allow-dirty 2>&1) && answer=accepted || answer="refused: $(grep -m1 '^error' <<< "$answer")"
  printf '%s: %s\n' "$1" "$answer"
  found+="$1: $answer"$'\n'
}

echo 'pub fn one() {}' > lower-part/src/lib.rs
echo 'pub fn all() { lower_part::one() }' > upper-part/src/lib.rs
pack "at first"
echo 'pub fn one() {} pub fn two() {}' > lower-part/src/lib.rs
echo 'pub fn all() { lower_part::two() }' > upper-part/src/lib.rs
pack "both gained a function"
tar xzOf target/package/tmp-registry/lower-part-0.1.0.crate lower-part-0.1.0/src/lib.rs
rm -rf target
pack "without target"
rm -rf "$CARGO_HOME"/registry/src
pack "without what was unpacked"
rm -rf target "$CARGO_HOME"/registry/src
pack "without both"
echo 'pub fn one() {}' > lower-part/src/lib.rs
pack "the lower one lost the function"

expected='at first: accepted
both gained a function: refused: error[E0425]: cannot find function `two` in crate `lower_part`
without target: refused: error[E0425]: cannot find function `two` in crate `lower_part`
without what was unpacked: refused: error[E0425]: cannot find function `two` in crate `lower_part`
without both: accepted
the lower one lost the function: accepted
'
[ "$found" = "$expected" ] || { echo "this has changed"; exit 1; }

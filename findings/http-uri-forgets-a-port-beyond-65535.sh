#!/usr/bin/env bash
# The crate `http`: a URI whose port is larger than 65535 parses, and then has no port.
#
# A good guess: RFC 3986, section 3.2.3, lets a port be any digits, so either parsing fails, for no such port can be connected to, or the
# number is to be had in some form. Whoever writes `uri.port_u16().unwrap_or(80)` would then never connect to a port that nobody named.
#
# What happens: `"ws://h:99999/".parse::<Uri>()` is Ok, its authority is still `h:99999`, and both `port()` and `port_u16()` are None, as for a
# URI without a port; `Authority::from_static("h:99999")` likewise. A port of no digits (`h:`) gives None as well, which is right.
#
# Seen with http 1.5.0 and 1.4.0 on 2026-11-29, rustc 1.95.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 1.5.0 1.4.0; do
  mkdir -p "$version/src"
  cat > "$version/Cargo.toml" <<TOML
[package]
name = "probe"
version = "0.0.0"
edition = "2024"

[dependencies]
http = "=$version"
TOML
  cat > "$version/src/main.rs" <<'RUST'
use http::Uri;
use http::uri::Authority;

fn main() {
    for text in ["ws://h/", "ws://h:/", "ws://h:65535/", "ws://h:65536/", "ws://h:99999/", "ws://[::1]:99999/"] {
        match text.parse::<Uri>() {
            Ok(uri) => println!("{text} authority {:?} port {:?}", uri.authority().map(Authority::as_str), uri.port_u16()),
            Err(error) => println!("{text} error {error}"),
        }
    }
}
RUST
  found=$(cd "$version" && cargo run -q 2>&1)
  printf 'http %s\n%s\n' "$version" "$found"
  expected='ws://h/ authority Some("h") port None
ws://h:/ authority Some("h:") port None
ws://h:65535/ authority Some("h:65535") port Some(65535)
ws://h:65536/ authority Some("h:65536") port None
ws://h:99999/ authority Some("h:99999") port None
ws://[::1]:99999/ authority Some("[::1]:99999") port None'
  [ "$found" = "$expected" ] || { echo "this has changed"; exit 1; }
done

#!/bin/sh
# Packs the built server for this machine: target/dist/encrata-webhooks-VERSION-TRIPLE.tar.gz, the same bytes from the
# same binary. Needs GNU tar. Works from any directory.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}
triple=$(rustc -vV | sed -n 's/^host: //p')
name=encrata-webhooks-$(release/version.sh)-$triple
rm -rf "${target:?}/dist/$name"
mkdir -p "$target/dist/$name"
cp "$target/release/encrata-webhooks" LICENSE LICENSE-APACHE LICENSE-MIT CHANGELOG.md "$target/dist/$name"
cp docs/server.md docs/publish.md docs/operate.md docs/scale.md "$target/dist/$name"
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime='@0' -C "$target/dist" -c "$name" |
    gzip -9n >"$target/dist/$name.tar.gz"
rm -rf "${target:?}/dist/$name"

#!/bin/sh
# Fails when the crates and the npm package are not of one version or, given a tag, not of the tag's.
# Works from any directory.
set -eu
cd "$(dirname "$0")/.."
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
package=$(sed -n 's/^  "version": "\(.*\)",/\1/p' bindings-wasm/package.json)
[ "$version" = "$package" ] || {
    echo "the crates are $version, the npm package is $package" >&2
    exit 1
}
if [ $# -gt 0 ] && [ "$1" != "v$version" ]; then
    echo "the tag is $1, the version is $version" >&2
    exit 1
fi
echo "$version"

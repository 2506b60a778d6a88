#!/bin/sh
# Makes the wheels for this machine in target/dist/: one for Python 3.9 and later, one for 3.11 and later, which is
# faster. Needs cargo and Python 3.9 or later with venv. `manylinux` and `musllinux`, as arguments, build for the Linux
# of others instead, `free-threaded` for Pythons without the lock, `sdist` the source. Works from any directory.
set -eu
cd "$(dirname "$0")"
target=${CARGO_TARGET_DIR:-$(dirname "$PWD")/target}
export CARGO_TARGET_DIR="$target"
tools=$target/python/tools

# What builds is installed once, and again when the list changes.
if ! cmp -s requirements-build.txt "$tools/installed.txt"; then
    rm -rf "$tools"
    "${ENCRATA_PYTHON:-python3}" -m venv "$tools"
    "$tools/bin/pip" install --quiet --disable-pip-version-check -r requirements-build.txt
    cp requirements-build.txt "$tools/installed.txt"
fi
PATH=$tools/bin:$PATH
mkdir -p "$target/dist"

wheels() { # further arguments of maturin; both stable interfaces
    for floor in py39 py311; do
        maturin build --quiet --locked --out "$target/dist" --no-default-features --features "abi3-$floor" "$@"
    done
}

for what in "${@:-native}"; do
    machine=$(uname -m)
    case $what in
        native) wheels ;;
        manylinux) wheels --zig --compatibility manylinux_2_17 --target "$machine-unknown-linux-gnu" ;;
        musllinux)
            rustup --quiet target add "$machine-unknown-linux-musl"
            wheels --zig --compatibility musllinux_1_2 --target "$machine-unknown-linux-musl"
            ;;
        free-threaded) # they load no stable interface; none has to be installed
            for python in python3.14t python3.15t; do
                maturin build --quiet --locked --out "$target/dist" --no-default-features \
                    --zig --compatibility manylinux_2_17 --target "$machine-unknown-linux-gnu" --interpreter "$python"
            done
            ;;
        sdist) maturin sdist --out "$target/dist" ;;
        *) echo "unknown: $what" >&2 && exit 2 ;;
    esac
done

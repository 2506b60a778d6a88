#!/bin/sh
# venv.sh FOLDER: a virtual environment with what FOLDER/requirements.txt names, below target/venv. Prints its Python.
set -eu
folder=$(cd "$1" && pwd)
root=$(cd "$(dirname "$0")/.." && pwd)
venv=${CARGO_TARGET_DIR:-$root/target}/venv/$(basename "$folder")
mkdir -p "$(dirname "$venv")"
wanted=$(python3 --version && cat "$folder/requirements.txt" && cat "$folder/constraints.txt" 2>/dev/null || true)
if [ ! -f "$venv/installed.txt" ] || [ "$wanted" != "$(cat "$venv/installed.txt")" ]; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$folder/requirements.txt" >&2
    printf '%s\n' "$wanted" >"$venv/installed.txt"
fi
echo "$venv/bin/python"

#!/bin/sh
# The documentation: its blocks run, what is made is fresh, and the book has no link to nowhere. Needs a built server,
# python3 (3.10 or later) with venv, curl and openssl; mdbook for the book. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
ENCRATA_WEBHOOKS_BIN=${ENCRATA_WEBHOOKS_BIN:-${CARGO_TARGET_DIR:-$root/target}/debug/encrata-webhooks}
export ENCRATA_WEBHOOKS_BIN PYTHONDONTWRITEBYTECODE=1
python=$("$root/tests/venv.sh" "$here")
"$python" -m pytest -q -p no:cacheprovider "$here" "$@"

PATH="$root/target/tools/bin:$PATH"
if command -v mdbook >/dev/null; then
    mdbook build "$root/docs" >/dev/null
    "$python" "$here/links.py" "$root/target/book"
else
    echo "SKIPPED: mdbook is not installed, so the book was not made (cargo install mdbook)"
    [ "${CI:-}" != true ] || exit 1
fi

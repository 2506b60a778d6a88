#!/bin/sh
# Holds deploy/ against a built server. Needs python3 (3.10 or later) with venv; systemd-analyze and root for two of the
# tests. Packages go to target/deploy. Works from any directory; what it is given goes on to pytest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${CARGO_TARGET_DIR:-$root/target}
venv=$work/deploy/venv
ENCRATA_WEBHOOKS_BIN=${ENCRATA_WEBHOOKS_BIN:-$work/debug/encrata-webhooks}
export ENCRATA_WEBHOOKS_BIN PYTHONDONTWRITEBYTECODE=1

mkdir -p "$work/deploy"
wanted=$work/deploy/wanted.txt
{ python3 --version && cat "$here/requirements.txt" "$here/constraints.txt"; } >"$wanted"
if ! cmp -s "$wanted" "$venv/installed.txt"; then
    python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$wanted" "$venv/installed.txt"
fi
exec "$venv/bin/python" -m pytest -q -rs -p no:cacheprovider "$here" "$@"

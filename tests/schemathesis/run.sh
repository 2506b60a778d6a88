#!/bin/sh
# Drives the server, on SQLite and on PostgreSQL, with what schemathesis makes of its own description: every status must be
# described, none may be 5xx, and every answer must be as it is described. The same requests each time; with
# ENCRATA_TEST_LONG=1 others each time, and many more. Needs Python 3.10 or later with venv; pinned packages go to
# target/venv. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$("$root/tests/venv.sh" "$here")
cd "$root"
ENCRATA_TEST_SCHEMATHESIS=$(dirname "$python")/schemathesis \
    cargo test --quiet --locked -p encrata-webhooks-tests --test schemathesis -- "$@"

#!/bin/sh
# Holds deploy/ against a built server. Needs python3 (3.10 or later) with venv; systemd-analyze, promtool and root for
# some of the tests. Works from any directory; what it is given goes on to pytest.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
ENCRATA_WEBHOOKS_BIN=${ENCRATA_WEBHOOKS_BIN:-${CARGO_TARGET_DIR:-$here/../../target}/debug/encrata-webhooks}
export ENCRATA_WEBHOOKS_BIN PYTHONDONTWRITEBYTECODE=1
python=$("$here/../venv.sh" "$here")
exec "$python" -m pytest -q -rs -p no:cacheprovider "$here" "$@"

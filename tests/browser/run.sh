#!/bin/sh
# The page in a browser: every task of an admin, with the real binary and real deliveries. Expects a binary that was built
# with the page (server/dashboard/build.sh before cargo). Chromium is the installed one (ENCRATA_TEST_CHROMIUM names
# another), else Playwright's own. What it is given goes on to `node --test`. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
export ENCRATA_TEST_TARGET="${CARGO_TARGET_DIR:-$root/target}"

cd "$here"
if ! cmp -s package-lock.json node_modules/installed-lock.json; then
    npm ci --silent --no-audit --no-fund --ignore-scripts
    cp package-lock.json node_modules/installed-lock.json
fi
ENCRATA_TEST_CHROMIUM=$("$root/tests/chromium.sh")
[ -n "$ENCRATA_TEST_CHROMIUM" ] || ENCRATA_TEST_CHROMIUM=$(node -p 'require("playwright-core").chromium.executablePath()')
for tool in "$ENCRATA_TEST_CHROMIUM" openssl; do
    if ! command -v "$tool" >/dev/null; then
        echo "SKIPPED: $tool is not installed, so the page was not tested (Debian: apt-get install chromium openssl)"
        [ "${CI:-}" != true ] || exit 1
        exit 0
    fi
done
export ENCRATA_TEST_CHROMIUM
exec node --test "$@" page.test.mjs

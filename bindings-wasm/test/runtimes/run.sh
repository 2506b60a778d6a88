#!/bin/sh
# Installs the packed package in an empty project and runs test/portable on every runtime: Node, Deno, Bun, workerd,
# Chromium. ENCRATA_TEST_LONG=1 adds later versions of Node, the bundlers and a Next.js server. Runtimes come from npm
# into target/runtimes; Chromium is the installed one (ENCRATA_TEST_CHROMIUM names another). What it is given goes on to
# `node --test`. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$here/../.." && pwd)
root=$(dirname "$package")
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/runtimes

ENCRATA_TEST_CHROMIUM=$("$root/tests/chromium.sh")
export ENCRATA_TEST_CHROMIUM
if [ -z "$ENCRATA_TEST_CHROMIUM" ]; then
    echo "SKIPPED: chromium is not installed, so the npm package was not tested in a browser (Debian: apt-get install chromium)"
    [ "${CI:-}" != true ] || exit 1
fi

"$package/build.sh"
"$here/install.sh" "$here" "$work"
[ -z "${ENCRATA_TEST_LONG:-}" ] || "$here/install.sh" "$here/long" "$work/long"

# Of its own, so that nothing else is found beside the package.
project=$work/project
rm -rf "$project"
mkdir -p "$project"
cp -R "$package/test/portable" "$project"
cp "$root/tests/vectors/vectors.json" "$project/portable"
cd "$project"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts "$target"/dist/encrata-webhooks-*.tgz

export ENCRATA_TEST_RUNTIMES="$work"
node --test "$@" "$here"/*.test.mjs
[ -n "${ENCRATA_TEST_LONG:-}" ] || exit 0
node --test "$@" "$here"/long/*.test.mjs
for node in "$work"/long/node_modules/node2*-*/bin/node; do
    echo "the suite of the package on Node $("$node" --version)"
    ENCRATA_TEST_LONG='' ENCRATA_JS_NODE="$node" "$package/test/run.sh"
done

#!/bin/sh
# Builds the package, packs it, and tests the tarball in a project that has nothing else.
# Needs cargo with the target wasm32-unknown-unknown, and Node 20 or later. What it is given goes on to `node --test`.
# ENCRATA_JS_NODE is another node to run the tests with. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=$(dirname "$here")
root=$(dirname "$package")
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/js

"$package/build.sh"
cd "$package"
node generate.mjs --check
tarball=$(ls "$target"/dist/encrata-webhooks-*.tgz)
node_modules/.bin/publint --strict "$tarball"
node_modules/.bin/attw --quiet "$tarball" || node_modules/.bin/attw "$tarball"

rm -rf "$work"
mkdir -p "$work"
cp -R "$here"/*.test.mjs "$here/portable" "$here/types" "$root/tests/vectors/vectors.json" "$work"
cd "$work"
echo '{"private":true,"type":"module"}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts "$tarball"
# What the tests are written with is the package's own; only they see it.
for tool in esbuild typescript @types; do
    mkdir -p "$(dirname "node_modules/$tool")"
    ln -s "$package/node_modules/$tool" "node_modules/$tool"
done

"$package/node_modules/.bin/tsc" -p types
"${ENCRATA_JS_NODE:-node}" --test "$@" ./*.test.mjs

# The adapters, against the frameworks: siblings of the package, as in a project. It finds their types there.
frameworks=$here/frameworks
"$frameworks/install.sh"
mkdir -p frameworks/node_modules
cp "$frameworks"/*.m?s "$frameworks/tsconfig.json" frameworks
ln -s "$frameworks"/node_modules/* frameworks/node_modules
cp -R node_modules/@encrata frameworks/node_modules
"$package/node_modules/.bin/tsc" -p frameworks
# Here are neither frameworks nor Node's types.
mv frameworks/bare.mts .
"$package/node_modules/.bin/tsc" --ignoreConfig --noEmit --strict --exactOptionalPropertyTypes \
    --target es2022 --lib es2022,dom --module nodenext --types "" bare.mts
cd frameworks
"${ENCRATA_JS_NODE:-node}" --test "$@" ./*.test.mjs

#!/bin/sh
# The examples: each is started as its README says, and gets deliveries from the server. What they are written with comes
# from npm and PyPI into target/, most of it shared with the suites of the packages. Needs what those need, and Go.
# Works from any directory; what it is given goes on to the tests, as in: run.sh fastapi
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
export ENCRATA_TEST_EXAMPLES="$target/examples/receivers" ENCRATA_TEST_RUNTIMES="$target/runtimes"
ENCRATA_TEST_CHROMIUM=$("$root/tests/chromium.sh")
export ENCRATA_TEST_CHROMIUM

# The suites of the packages have made them already.
is_fresh() { # what was made, and what of
    made=$1
    shift
    [ -f "$made" ] && [ -z "$(cd "$root" && find Cargo.toml Cargo.lock core/src "$@" -newer "$made" -print -quit)" ]
}
tarball() { ls "$target"/dist/encrata-webhooks-*.tgz 2>/dev/null; }
js=bindings-wasm
is_fresh "$(tarball)" $js/src $js/diagnose $js/js $js/build.mjs $js/package.json || "$root/$js/build.sh"
"$root/bindings-wasm/test/frameworks/install.sh"
"$root/bindings-wasm/test/runtimes/install.sh" "$root/bindings-wasm/test/runtimes" "$ENCRATA_TEST_RUNTIMES"
"$root/bindings-wasm/test/runtimes/install.sh" "$here" "$target/examples"
modules=$target/examples/node_modules
for framework in express fastify hono; do
    ln -sfn "$root/bindings-wasm/test/frameworks/node_modules/$framework" "$modules/$framework"
done
rm -rf "$modules/@encrata" "$ENCRATA_TEST_EXAMPLES"
mkdir -p "$modules/@encrata/webhooks"
tar -xzf "$(tarball)" --strip-components 1 -C "$modules/@encrata/webhooks"
cp -R "$root/examples" "$ENCRATA_TEST_EXAMPLES"
ln -s "$modules" "$ENCRATA_TEST_EXAMPLES/browser/node_modules"

package=$root/bindings-python
. "$package/tests/environment.sh"
is_fresh "$(native cp39)" "$package/src" "$package/python" "$package/pyproject.toml" || "$package/build.sh" native
environment frameworks "${ENCRATA_PYTHON:-python3}" "$package/requirements-frameworks.txt"
install frameworks "$(native cp39)"

cd "$root"
cargo build --quiet --locked -p example-rust-axum
PATH=$work/frameworks/bin:$ENCRATA_TEST_RUNTIMES/node_modules/.bin:$modules/.bin:$PATH \
    cargo test --quiet --locked -p encrata-webhooks-tests --test examples -- "$@"

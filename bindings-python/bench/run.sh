#!/bin/sh
# The wheels beside the documentation's snippet and other packages, with pyperf; figures go to target/bench/python.json.
# ENCRATA_BENCH_QUICK=1 shows in a minute that it works. Needs what the build needs. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$(dirname "$package")/target}
work=$target/python/bench
python=${ENCRATA_PYTHON:-python3}

"$package/build.sh"
if ! cmp -s "$here/requirements.txt" "$work/installed.txt"; then
    rm -rf "$work"
    "$python" -m venv "$work"
    "$work/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
    cp "$here/requirements.txt" "$work/installed.txt"
fi
for floor in cp39 cp311; do
    [ "$floor" = cp39 ] || "$python" -c "import sys; sys.exit(sys.version_info < (3, 11))" || continue
    wheel=$(ls -t "$target"/dist/encrata_webhooks-*-"$floor"-abi3-*.whl | head -n 1)
    rm -rf "${work:?}/$floor"
    "$work/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps --target "$work/$floor" "$wheel"
    set -- "$@" "$work/$floor"
done
export ENCRATA_BENCH_OUT="$target/bench/python.json"
exec "$work/bin/python" "$here/main.py" "$@"

#!/bin/sh
# Builds the wheels, and tests each in a fresh virtual environment. ENCRATA_TEST_LONG=1 takes every Python that is
# found, every kind of wheel that this machine can build, and many more examples. What it is given goes on to pytest.
# Needs cargo, a built server (ENCRATA_WEBHOOKS_BIN, else the debug build), and Python 3.10 or later with venv; 3.9 does for
# all but the frameworks. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
package=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$(dirname "$package")/target}
. "$here/environment.sh"
python=${ENCRATA_PYTHON:-python3}

"$python" "$package/generate.py" --check
rm -f "$dist"/encrata_webhooks-*
"$package/build.sh" native sdist ${ENCRATA_TEST_LONG:+manylinux musllinux free-threaded}
"$work/tools/bin/twine" check --strict "$dist"/encrata_webhooks-*
"$python" "$here/check_wheels.py" "$dist"/encrata_webhooks-*.whl

tested() { # interpreter, wheel's stable interface, then arguments of pytest
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    environment "test-$version" "$1" "$package/requirements-test.txt"
    install "test-$version" "$(native "$2")"
    echo "Python $version, the wheel for $2"
    shift 2
    (cd "$here" && PYTHONDONTWRITEBYTECODE=1 "$work/test-$version/bin/pytest" -q -p no:cacheprovider "$@" test_*.py)
}
at_least() { "$1" -c "import sys; sys.exit(sys.version_info < (3, $2))" 2>/dev/null; }

tested "$python" cp39 "$@"
! at_least "$python" 11 || tested "$python" cp311 "$@"
if [ -n "${ENCRATA_TEST_LONG:-}" ]; then
    for minor in 9 10 11 12 13 14; do
        for other in "python3.$minor" "${PYENV_ROOT:-$HOME/.pyenv}/versions/3.$minor".*/bin/python3; do
            if at_least "$other" "$minor"; then
                ENCRATA_TEST_LONG="" tested "$other" cp39 "$@"
                ! at_least "$other" 11 || ENCRATA_TEST_LONG="" tested "$other" cp311 "$@"
                break
            fi
        done
    done
    # The source builds where there is no wheel.
    install_from_source() {
        environment source "$python" "$package/requirements-build.txt"
        PATH=$work/source/bin:$PATH "$work/source/bin/pip" install --quiet --disable-pip-version-check --no-deps \
            --no-cache-dir --no-build-isolation --force-reinstall "$dist"/encrata_webhooks-*.tar.gz
        "$work/source/bin/python" -c "import encrata_webhooks as e; assert e.verify_signature(b'', '', '') is False"
    }
    install_from_source
fi

# The adapters in their frameworks, whose current releases want a Python of their own.
if ! at_least "$python" 10; then
    echo "SKIPPED: Python 3.10 is not installed, so neither the adapters in their frameworks nor the types were tested"
    [ "${CI:-}" != true ]
    exit
fi
environment frameworks "$python" "$package/requirements-frameworks.txt"
install frameworks "$(native cp39)"
PATH=$work/frameworks/bin:$PATH
(
    cd "$here/frameworks"
    export ENCRATA_WEBHOOKS_BIN="${ENCRATA_WEBHOOKS_BIN:-$target/debug/encrata-webhooks}"
    PYTHONDONTWRITEBYTECODE=1 pytest -q -p no:cacheprovider "$@"
)

# Types: what is there is what the stubs say, and both checkers narrow.
cd "$here/types"
stubtest encrata_webhooks --allowlist inline.txt --ignore-unused-allowlist
mypy --strict --no-incremental . "$package/python/encrata_webhooks"
if command -v node >/dev/null; then
    pyright --pythonpath "$work/frameworks/bin/python"
    VIRTUAL_ENV=$work/frameworks pyright --verifytypes encrata_webhooks --ignoreexternal >"$work/verified.txt" || {
        cat "$work/verified.txt"
        exit 1
    }
else
    echo "SKIPPED: node is not installed, so pyright did not look at the types"
    [ "${CI:-}" != true ]
fi

#!/bin/sh
# The supply chain: lock files are obeyed, nothing that ships has a known hole, bills of materials name what is in the
# artefacts, the release workflow does what it must. Needs cargo, Python with venv and, for the bills, npm and
# cargo-cyclonedx. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
PATH=$(dirname "$("$root/tests/venv.sh" "$here")"):$PATH
cd "$root"
export PYTHONDONTWRITEBYTECODE=1

release/version.sh >/dev/null
python "$here/check_locked.py"
python "$here/check_workflows.py"
zizmor --quiet --offline .github
"$here/advisories_test.sh"
"$here/advisories.sh"

if cargo cyclonedx --version >/dev/null 2>&1 && command -v npm >/dev/null; then
    python release/sbom.py >/dev/null
    python "$here/check_sboms.py"
else
    echo "SKIPPED: cargo-cyclonedx or npm is not installed, so no bill of materials was made"
    [ "${CI:-}" != true ]
fi

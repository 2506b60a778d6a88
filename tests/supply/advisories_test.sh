#!/bin/sh
# Whether advisories.sh fails when a hole is known, and only then: with tools in place of the real ones that answer as
# those do. Works from any directory.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
export CARGO_HOME="$work/home" CARGO_TARGET_DIR="$work/target"

# Each tool looks into a file for what it is to answer: sound, holes, or nothing, as without a network.
# Given are its name, what it is called with for advisories, what it prints of holes, and with what it fails where it
# finds nothing.
tool() {
    cat >"$work/bin/$1" <<EOF
#!/bin/sh
answer=\$(cat "$work/$1")
case "\$*" in *--version*) exit 0 ;; esac
[ "\$answer" != nothing ] || case "\$*" in $4) exit 1 ;; *) exit 0 ;; esac
case "\$*" in $2) [ "\$answer" = sound ] || { echo '$3'; exit 1; } ;; esac
EOF
    chmod +x "$work/bin/$1"
    echo sound >"$work/$1"
}
tool cargo '*check*advisories*' 'a hole' '*'
tool npm '*audit*' '{"auditReportVersion": 2}' '*'
tool pip-audit '*' 'Name Version ID Fix Versions' '*--strict*'

answers() { # expected exit code
    status=0
    PATH=$work/bin:$PATH "$here/advisories.sh" >"$work/said" 2>&1 || status=$?
    [ "$status" = "$1" ] || {
        echo "it left with $status and not $1 where $(grep . "$work/cargo" "$work/npm" "$work/pip-audit" | tr '\n' ' ')"
        cat "$work/said"
        exit 1
    }
}
answers 0
for name in cargo npm pip-audit; do
    echo holes >"$work/$name"
    answers 1
    echo nothing >"$work/$name"
    answers 0
    grep -q "SKIPPED: .*can't be reached" "$work/said"
    echo sound >"$work/$name"
done

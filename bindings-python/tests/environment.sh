# Sourced, with `package` and `target`: virtual environments below target/python, and the wheels in them.
work=$target/python
dist=$target/dist

# An environment with what the tests are written with is kept; the package in it is always the one just built.
environment() { # name, interpreter, requirements
    if ! cmp -s "$3" "$work/$1/installed.txt"; then
        rm -rf "${work:?}/$1"
        "$2" -m venv "$work/$1"
        "$work/$1/bin/pip" install --quiet --disable-pip-version-check -r "$3"
        cp "$3" "$work/$1/installed.txt"
    fi
}
install() { # name of the environment, what
    "$work/$1/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps --force-reinstall "$2"
}
native() { # the wheel for this machine with this stable interface
    ls "$dist"/encrata_webhooks-*-"$1"-abi3-*linux*.whl "$dist"/encrata_webhooks-*-"$1"-abi3-macosx*.whl 2>/dev/null |
        grep -v -e musllinux -e manylinux_2_17
}

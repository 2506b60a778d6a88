#!/bin/sh
# install.sh FOLDER TARGET: installs what the lock file of a folder says, into a folder in target/.
set -eu
installed="$2/node_modules/installed-lock.json"
mkdir -p "$2"
cp "$1/package.json" "$1/package-lock.json" "$1/.npmrc" "$2"
cd "$2"
if ! cmp -s package-lock.json "$installed"; then
    echo "installing what $1/package-lock.json names in $2"
    npm ci --silent --no-audit --no-fund --ignore-scripts
    # Puts the program itself in the place of a script that would start it.
    for script in bun/install.js deno/install.cjs workerd/install.js; do
        [ ! -f "node_modules/$script" ] || node "node_modules/$script"
    done
    cp package-lock.json "$installed"
fi

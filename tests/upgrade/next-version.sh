#!/bin/sh
# Makes the version that comes after this one, as far as an upgrade can tell, and prints where its binary is: these
# sources with a higher version and, for each table, a migration that adds a column, which is what a migration may do.
# next-version.sh TARGET: TARGET is Cargo's target folder; what is built there already of dependencies is used again.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
target=$1
next=$target/next-version
rm -rf "$next"
mkdir -p "$next"
# The page is no part of it; times are kept, so that what did not change is not built anew.
(cd "$root" && tar -cf - --exclude=dashboard Cargo.toml Cargo.lock core server) | tar -xpf - -C "$next"
cd "$next"

version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
sed -e "s/^version = \"$version\"/version = \"${version%.*}.$((${version##*.} + 1))\"/" \
    -e 's/^members = .*/members = ["core", "server"]/' "$root/Cargo.toml" >Cargo.toml
# Under another name it stands beside the binary of this version.
sed '/^\[\[bin\]\]/,/^path/s/^name = .*/name = "encrata-webhooks-next"/' "$root/server/Cargo.toml" >server/Cargo.toml
for database in postgres sqlite; do
    number=9000 kind=bigint
    [ $database = postgres ] || kind=integer
    # A file each: a step that locks two tables could wait for who waits for it.
    cat "server/migrations/$database"/*.sql | sed -n 's/^create table \([a-z_]*\) .*/\1/p' | while read -r table; do
        number=$((number + 1))
        file=server/migrations/$database/${number}_$table.sql
        echo "alter table $table add column of_the_next_version $kind not null default 0;" >"$file"
        touch -r Cargo.lock "$file"
    done
done
# The lock file forgets the members that are not here and what only they need, and learns the version of the others.
cargo update --quiet --offline --workspace
cargo build --quiet --locked --offline --target-dir "$target" -p encrata-webhooks-server
echo "$target/debug/encrata-webhooks-next"

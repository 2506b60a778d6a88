#!/bin/sh
# Puts a binary and nothing but what it needs into a folder: rootfs.sh BINARY FOLDER. That is the image: the binary, the
# libraries that it links, the certificate authorities, a user without rights, /data.
set -eu
binary=$1 root=$2
user=65532

mkdir -p "$root/usr/bin" "$root/etc/ssl/certs" "$root/data" "$root/tmp"
cp "$binary" "$root/usr/bin/encrata-webhooks"
ldd "$binary" | grep -o '/[^ ]*' | while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
done
cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
echo "encrata:x:$user:$user::/data:/sbin/nologin" >"$root/etc/passwd"
echo "encrata:x:$user:" >"$root/etc/group"
echo "hosts: files dns" >"$root/etc/nsswitch.conf"
# Some builders make root the owner of all that they copy, some engines choose the user: /data is for whoever it is. What the
# server makes there is its user's alone.
chmod 1777 "$root/tmp" "$root/data"

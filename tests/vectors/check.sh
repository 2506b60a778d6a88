#!/bin/sh
# Fails when vectors.json is not what generate/ gives, or when our core and a published Standard Webhooks library do
# not verify each other's signatures.
exec "$(dirname "$0")/generate.sh" --check

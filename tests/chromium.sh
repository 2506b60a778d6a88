#!/bin/sh
# Prints the path of the installed Chromium, or nothing. ENCRATA_TEST_CHROMIUM names another.
for name in "${ENCRATA_TEST_CHROMIUM:-chromium}" chromium-browser google-chrome; do
    command -v "$name" && break
done
exit 0

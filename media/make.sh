#!/bin/bash
# Makes the demo's prompts again: synthetic speech, free of anyone's rights.
# Needs: apt-get install espeak-ng sox
#
# 8 kHz, mono, 16-bit: what FreeSWITCH and Asterisk play without conversion.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { # $1 = file, $2 = text
    local raw
    raw=$(mktemp --suffix=.wav)
    espeak-ng -v en-us -s 200 -w "$raw" "$2"
    # -R: the same dither every time, so that the file only changes with its text.
    sox -R "$raw" -r 8000 -c 1 -b 16 "$1" silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse norm -3 pad 0.1 0.2
    rm -f "$raw"
    echo "$1: $(soxi -D "$1") s, $(stat -c %s "$1") bytes"
}

say demo-prompt.wav "Hello, this is the canvass demonstration. Thank you for listening. Goodbye."

#!/bin/bash
# Makes the prompts of the inbound context again: synthetic speech, free of
# anyone's rights. Replace any of them by a recording of your own.
# Needs: apt-get install espeak-ng sox
#
# 8 kHz, mono, 16-bit: what FreeSWITCH and Asterisk play without conversion.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p canvass

say() { # $1 = name, $2 = text
    local raw file=canvass/$1.wav
    raw=$(mktemp --suffix=.wav)
    espeak-ng -v en-us -s 165 -w "$raw" "$2"
    # -R: the same dither every time, so that the file only changes with its text.
    sox -R "$raw" -r 8000 -c 1 -b 16 "$file" silence 1 0.01 0.5% reverse silence 1 0.01 0.5% reverse norm -3 pad 0.1 0.2
    rm -f "$raw"
    echo "$file: $(soxi -D "$file") s, $(stat -c %s "$file") bytes"
}

say who-called "Hello. We called you from this number. This is an automatic line."
say opt-out-offer "If you do not want to be called again, press 9."
say opted-out "Thank you. Your number will not be called again."
say opt-out-failed "We are sorry. Your wish could not be stored. Please call again later."
say no-number "We are sorry. We cannot see your number. Please call again with your number shown."
say goodbye "Goodbye."

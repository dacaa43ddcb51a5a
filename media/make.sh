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
say demo-welcome.wav "Hello, this is the canvass demonstration, with two short questions. To hear no more from us, press nine."
say demo-vote.wav "Will you vote on the third of November? Press one for yes, two for no, or three if you have not decided."
say demo-issue.wav "What matters most to you? Press one for schools, two for roads, three for health."
say demo-invalid.wav "That is not one of the choices."
say demo-thanks.wav "Thank you. Goodbye."
say demo-opt-out.wav "We will not call this number again. Goodbye."
say demo-voicemail.wav "Hello, this is the canvass demonstration. We are sorry we missed you, and will try again another day. Goodbye."

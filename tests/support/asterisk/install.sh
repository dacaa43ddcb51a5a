#!/bin/bash
# Asterisk and SIPp from Debian packages in a private folder, without root and
# without touching the system's own packages or libc.
#
#   install.sh DIR        fetch and unpack into DIR; nothing to do: returns at once
#
# How: apt is pointed at a private root with an empty package database, so it
# resolves the whole dependency closure, libc included, from another suite of the
# mirror this machine already uses. The .debs are only unpacked (no maintainer
# script runs), and every program is started through the ld.so unpacked with it,
# so a suite newer than the host does it no harm.
#
# Settings (environment):
#   AST_SUITES    suites to try, in order        default "forky sid"
#   AST_MIRROR    mirror URL                     default: the first Debian one in apt's sources
#   AST_FORCE=1   install again whatever is there
set -euo pipefail

die() { echo "install.sh: $*" >&2; exit 1; }
[ $# -eq 1 ] || die "usage: install.sh DIR"
mkdir -p "$1"
dir=$(cd "$1" && pwd)
suites=${AST_SUITES:-forky sid}
packages="asterisk sip-tester"
stamp="$suites | $packages | 1"

for tool in apt-get apt-config apt-cache dpkg dpkg-deb tar awk sed; do
    command -v "$tool" >/dev/null || die "needs $tool (a Debian or Ubuntu machine)"
done

# --- The mirror: first URI of a non-security Debian entry in apt's own sources ------
mirror_url() { # $1 = codename
    { # deb822 files: print "URI suite..." per stanza
      cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v RS= '
        { uri = ""; suites = ""; off = 0
          n = split($0, line, "\n")
          for (i = 1; i <= n; i++) {
            if (line[i] ~ /^URIs:/)        { split(line[i], w, " "); uri = w[2] }
            if (line[i] ~ /^Suites:/)      { suites = line[i] }
            if (line[i] ~ /^Enabled: *no/) { off = 1 }
          }
          if (uri != "" && !off) print uri, suites }'
      # one-line files: drop "deb" and the [options]
      cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
          sed -nE 's/^deb +(\[[^]]*\] +)?//p'
    } | awk -v code="$1" '
        $1 !~ /security/ && !found { for (i = 2; i <= NF; i++) if ($i == code) { print $1; found = 1; break } }'
}

# --- apt in a private root ----------------------------------------------------------
private_apt() { APT_CONFIG="$dir/apt/apt.conf" DEBIAN_FRONTEND=noninteractive apt-get "$@"; }

prepare_apt() { # $1 = suite
    local codename mirror policy a="$dir/apt" ring=/usr/share/keyrings/debian-archive-keyring.gpg
    # shellcheck source=/dev/null
    codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
    mirror=${AST_MIRROR:-$(mirror_url "$codename")}
    [ -n "$mirror" ] || die "no Debian mirror found in apt's sources; set AST_MIRROR"
    mkdir -p "$a"/etc/{apt.conf.d,preferences.d,sources.list.d} \
             "$a"/state/lists/partial "$a"/cache/archives/partial
    : > "$a/status" # no package is installed here
    {
        # Whatever the host sets for downloads (proxy, time-outs) stays in force.
        apt-config dump | grep -Ei '^Acquire::(https?|Check|Force|Retries|Max|Min)' || true
        cat <<CONF
Dir::Etc "$a/etc";
Dir::Etc::TrustedParts "/etc/apt/trusted.gpg.d";
Dir::State "$a/state";
Dir::State::status "$a/status";
Dir::Cache "$a/cache";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::Retries "3";
APT::Architecture "$(dpkg --print-architecture)";
APT::Sandbox::User "$(id -un)";
CONF
    } > "$a/apt.conf"
    if [ -f "$ring" ]; then ring="[signed-by=$ring] "; else ring=""; fi
    echo "deb $ring$mirror $1 main" > "$a/etc/sources.list"
    private_apt update -qq 2>"$a/update.log" || { cat "$a/update.log" >&2; return 1; }
    # (into a variable: "grep -q" on the pipe may end apt-cache with SIGPIPE)
    policy=$(APT_CONFIG="$a/apt.conf" apt-cache policy asterisk)
    [[ $policy =~ Candidate:\ [0-9] ]]
}

# --- One wrapper per program; the folder may be moved --------------------------------
wrapper() { # $1 = name, $2 = path under root
    cat > "$dir/bin/$1" <<'WRAP'
#!/bin/sh
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
r=$top/root
a=x86_64-linux-gnu; l=ld-linux-x86-64.so.2
[ "$(uname -m)" = aarch64 ] && { a=aarch64-linux-gnu; l=ld-linux-aarch64.so.1; }
for ld in "$r/usr/lib64/$l" "$r/lib64/$l" "$r/usr/lib/$a/$l" "$r/lib/$a/$l" "$r/usr/lib/$l" "$r/lib/$l"; do
    # A link such as /lib/... would lead out of the folder and to the host's own.
    [ -f "$ld" ] && [ ! -L "$ld" ] && break
    t=$(readlink "$ld" 2>/dev/null) || continue
    case $t in /*) ld=$r$t ;; esac
    [ -f "$ld" ] && break
done
exec "$ld" --inhibit-cache \
    --library-path "$r/usr/lib/$a:$r/lib/$a:$r/usr/lib/$a/pulseaudio:$r/usr/lib:$r/lib" \
    "$r/PROGRAM" "$@"
WRAP
    sed -i "s#PROGRAM#$2#" "$dir/bin/$1"
    chmod +x "$dir/bin/$1"
}

installed() {
    [ "${AST_FORCE:-}" != 1 ] && [ "$(cat "$dir/.complete" 2>/dev/null)" = "$stamp" ] &&
        "$dir/bin/asterisk" -V >/dev/null 2>&1
}

unpack() {
    local deb sounds="$dir/root/usr/share/asterisk/sounds" voice
    mkdir -p "$dir/root" "$dir/bin"
    for deb in "$dir"/apt/cache/archives/*.deb; do
        # Nothing but programs, libraries and data; the licence texts stay.
        dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir/root" --no-same-owner \
            --exclude='./usr/share/man' --exclude='./usr/share/info' \
            --exclude='./usr/share/locale' --exclude='./usr/share/perl*' \
            --exclude='./usr/lib/*/perl*' --exclude='./usr/share/doc/*/*.gz' \
            --exclude='./usr/share/doc/*/examples'
    done
    # The package's postinst would point "en" at the one English voice there is.
    if [ ! -e "$sounds/en" ]; then
        for voice in "$sounds"/en_US*; do
            [ -d "$voice" ] && ln -s "$(basename "$voice")" "$sounds/en" && break
        done || true
    fi
    # Where modules and data lie differs between versions and architectures.
    local modules data
    for modules in "$dir"/root/usr/lib/asterisk/modules "$dir"/root/usr/lib/*/asterisk/modules; do
        [ -d "$modules" ] && break
    done
    data=root/usr/share/asterisk
    [ -d "$dir/$data/documentation" ] || data=root/var/lib/asterisk
    ln -sfn "${modules#"$dir"/}" "$dir/modules"
    ln -sfn "$data" "$dir/data"
}

# One at a time: a second run waits here and then finds everything done.
exec 9>"$dir/.lock"
if command -v flock >/dev/null; then flock 9; fi
if ! installed; then
    rm -rf "${dir:?}"/{root,bin,.complete,modules,data}
    suite=
    for candidate in $suites; do
        if prepare_apt "$candidate"; then suite=$candidate; break; fi
        echo "install.sh: no asterisk from suite $candidate" >&2
    done
    [ -n "$suite" ] || die "none of these suites has asterisk: $suites"
    # shellcheck disable=SC2086
    private_apt install -y -qq --no-install-recommends --download-only $packages \
        >"$dir/apt/install.log" 2>&1 || { tail -20 "$dir/apt/install.log" >&2; die "download failed"; }
    unpack
    wrapper asterisk usr/sbin/asterisk
    wrapper sipp usr/bin/sipp
    "$dir/bin/asterisk" -V >/dev/null || die "the unpacked asterisk does not run"
    rm -rf "$dir/apt"
    echo "$stamp" > "$dir/.complete"
fi
"$dir/bin/asterisk" -V

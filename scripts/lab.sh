# shellcheck shell=bash
# Functions of scripts/test: finding, installing, starting and stopping what the
# suite runs against. Expects $lab, a folder of this checkout, and $run, a temporary one.

say() { printf '\n== %s\n' "$*"; }

# --- Child processes -----------------------------------------------------------------

# Runs a command so that a signal to this script reaches it and all it started.
run_child() {
    local status=0
    set -m # a process group of its own
    "$@" </dev/null &
    child=$!
    set +m
    wait "$child" || status=$?
    child=
    return "$status"
}

stop_child() {
    [ -n "${child:-}" ] || return 0
    kill -TERM -- "-$child" 2>/dev/null || true
    wait "$child" 2>/dev/null || true
    child=
}

# --- Asterisk and SIPp: a private folder, no root ------------------------------------

asterisk_dir=$PWD/target/lab/asterisk

find_asterisk() {
    asterisk_dir=${CANVASS_TEST_ASTERISK:-$asterisk_dir}
    [ -f "$asterisk_dir/.complete" ] && "$asterisk_dir/bin/asterisk" -V >/dev/null 2>&1 && [ -x "$asterisk_dir/bin/sipp" ]
}

# Returns at once where it was done before.
install_asterisk() {
    [ -z "${CANVASS_TEST_ASTERISK:-}" ] && command -v apt-get >/dev/null || return 1
    [ -f "$asterisk_dir/.complete" ] || echo "Asterisk and SIPp: fetching about 90 MB into $asterisk_dir"
    run_child tests/support/asterisk/install.sh "$asterisk_dir" >/dev/null && find_asterisk
}

# --- PostgreSQL: the system's binaries, a cluster of our own -------------------------

pg_bin=
pg_url=
pg_dir=

# The newest server there is; Debian keeps its programs out of PATH.
find_postgres() {
    local candidate
    for candidate in "${CANVASS_PG_BIN:-}" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) \
        "$(dirname "$(readlink -f "$(command -v postgres || true)")")"; do
        if [ -x "$candidate/postgres" ] && [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then
            pg_bin=$candidate
            return 0
        fi
    done
    return 1
}

install_postgres() {
    command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ] || return 1
    local log=$lab/apt.log conf=/etc/postgresql-common/createcluster.conf
    echo "PostgreSQL: installing Debian's package"
    {
        run_child env DEBIAN_FRONTEND=noninteractive apt-get update -q &&
            run_child env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql-common &&
            # We start a cluster of our own; the system gets none.
            sed -i -E 's/^#? *create_main_cluster.*/create_main_cluster = false/' "$conf" &&
            run_child env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends postgresql
    } >"$log" 2>&1 || { tail -20 "$log" >&2; return 1; }
    find_postgres
}

# PostgreSQL refuses to run as root: an unprivileged user does it then.
as_pg_user() {
    if [ "$(id -u)" -ne 0 ]; then "$@"; else setpriv --reuid="$pg_user" --regid="$pg_group" --clear-groups "$@"; fi
}

start_postgres() {
    local log port attempt
    pg_user=nobody
    if id postgres >/dev/null 2>&1; then pg_user=postgres; fi
    pg_group=$(id -gn "$pg_user")
    # Not under target/: that user may have no way into this checkout.
    pg_dir=$run/pg
    mkdir -m 700 "$pg_dir"
    if [ "$(id -u)" -eq 0 ]; then chown "$pg_user:$pg_group" "$pg_dir"; fi
    log=$pg_dir/server.log
    if ! as_pg_user "$pg_bin/initdb" -D "$pg_dir/data" -U canvass -A trust -E UTF8 --locale=C --no-sync \
        >"$lab/initdb.log" 2>&1; then
        cat "$lab/initdb.log" >&2
        return 1
    fi
    for attempt in $(seq 1 20); do
        port=$((33000 + (RANDOM % 20000)))
        # No fsync: nothing here must survive a power cut.
        if (cd "$pg_dir" && as_pg_user "$pg_bin/pg_ctl" -D data -l server.log -w -t 60 -s start -o "-p $port -k $pg_dir \
            -c listen_addresses=127.0.0.1 -c fsync=off -c full_page_writes=off -c max_connections=300") \
            >"$lab/pg_ctl.log" 2>&1; then
            pg_url=postgres://canvass@127.0.0.1:$port/postgres
            return 0
        fi
        # Another port helps only where the port was the trouble.
        grep -q "Address already in use" "$log" || break
        : > "$log"
    done
    echo "PostgreSQL does not start (attempt $attempt):" >&2
    cat "$lab/pg_ctl.log" "$log" >&2 || true
    return 1
}

stop_postgres() {
    [ -n "$pg_dir" ] || return 0
    if [ -f "$pg_dir/data/postmaster.pid" ]; then
        (cd "$pg_dir" && as_pg_user "$pg_bin/pg_ctl" -D data -m immediate -w -s stop) || true
    fi
    pg_dir=
}

# A test that was killed leaves its folder, and its Asterisk takes a moment to end.
remove_run() {
    rm -rf "$run" 2>/dev/null || { sleep 3; rm -rf "$run"; }
}

# --- The closing lines ---------------------------------------------------------------

# One line a need, from what the tests wrote to $CANVASS_TEST_LOG.
summary() {
    local need name ran skipped
    while read -r need name; do
        ran=$(sed -n "s/^RAN ($need): //p" "$CANVASS_TEST_LOG" | sort -u | wc -l)
        skipped=$(sed -n "s/^SKIPPED ($need): //p" "$CANVASS_TEST_LOG" | sort -u | wc -l)
        printf '%-26s %4d ran' "against $name:" "$ran"
        if [ "$skipped" -gt 0 ]; then printf ', %d SKIPPED: none here' "$skipped"; fi
        printf '\n'
    done <<'NEEDS'
asterisk real Asterisk
sipp SIPp
postgres PostgreSQL
freeswitch real FreeSWITCH
docker Docker
NEEDS
    grep '^SKIPPED' "$CANVASS_TEST_LOG" | sort -u || true
}

#!/bin/sh
# Runs PostgreSQL in the foreground: creates the data on first use and shuts it down cleanly on SIGTERM.
# usage: postgres.sh BIN [OPTION...]   BIN holds initdb and postgres, each OPTION goes to postgres
# environment: PGDATA, PGUSER (the superuser), PGPASSWORD (its password; the data may be older than the password)
set -eu
umask 077
cd /
bin=$1 data=$PGDATA user=$PGUSER password=$PGPASSWORD
shift
unset PGDATA PGUSER PGPASSWORD
export LC_ALL=C TZ=UTC

# PostgreSQL refuses to run as root.
drop=
[ "$(id -u)" != 0 ] || drop='setpriv --reuid=postgres --regid=postgres --init-groups'
as_owner() { $drop "$@"; }

# Data belongs to the major version that created it.
if [ -s "$data/PG_VERSION" ]; then
  created_by=/usr/lib/postgresql/$(cat "$data/PG_VERSION")/bin
  [ ! -x "$created_by/postgres" ] || bin=$created_by
else
  # A killed initdb leaves a draft, never half a data folder.
  rm -rf "$data.new"
  mkdir -p "$data.new"
  printf '%s\n' "$password" > "$data.new.password"
  [ -z "$drop" ] || chown postgres:postgres "$data.new" "$data.new.password" "$(dirname "$data")"
  as_owner "$bin/initdb" --pgdata="$data.new" --username="$user" --pwfile="$data.new.password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync --no-instructions
  rm -f "$data.new.password"
  mv "$data.new" "$data"
fi

# Single-user mode sets the password without knowing the old one.
quote() { printf '%s' "$1" | sed "s/$2/$2$2/g"; }
printf 'ALTER ROLE "%s" PASSWORD '"'%s'"'\n' "$(quote "$user" '"')" "$(quote "$password" "'")" \
  | as_owner "$bin/postgres" --single -D "$data" -c log_min_messages=warning postgres > /dev/null

# A supervisor stops this script with SIGTERM. PostgreSQL would then wait for its clients; SIGINT makes it end their sessions.
# If this script is killed, the kernel sends that SIGINT.
deathsig=
! command -v setpriv > /dev/null || deathsig="${drop:-setpriv} --pdeathsig=INT"
server=
trap '[ -z "$server" ] || kill -INT "$server"' TERM INT
$deathsig "$bin/postgres" -D "$data" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c timezone=UTC "$@" 2>&1 &
server=$!
set +e
wait "$server"
code=$?
# A trapped signal ends "wait" early.
while kill -0 "$server" 2> /dev/null; do
  wait "$server"
  code=$?
done
exit $code

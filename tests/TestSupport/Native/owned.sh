#!/bin/sh
# Runs a server that ends with its owner, however the owner ends.
# usage: owned.sh FOLDER COMMAND [ARG...]
# Standard input is a pipe that the owner holds: the kernel closes it when the owner ends.
# A line on it stops the server. Its end stops the server and deletes FOLDER.
folder=$1
shift
exec 3<&0 < /dev/null > "$folder/server.log" 2>&1

"$@" 3<&- &
server=$!

(
  # A closed terminal ends the owner as well; the server is stopped then and not before.
  trap '' HUP INT
  read -r stop <&3
  owner_ended=$?
  # From here on this part completes, although the server's end is noticed below.
  trap '' TERM
  kill -TERM "$server" 2> /dev/null
  for tenth in $(seq 150); do
    kill -0 "$server" 2> /dev/null || break
    sleep 0.1
  done
  kill -KILL "$server" 2> /dev/null
  [ "$owner_ended" = 0 ] || rm -rf "$folder"
) &
watch=$!
exec 3<&-

wait "$server"
code=$?
kill -TERM "$watch" 2> /dev/null
wait "$watch"
exit "$code"

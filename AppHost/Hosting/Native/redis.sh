#!/bin/sh
# Runs Redis in the foreground.
# usage: redis.sh [OPTION...]   each OPTION goes to redis-server
# environment: REDIS_PASSWORD (an argument would be readable for every user of the machine)
exec redis-server - "$@" <<END
requirepass "$REDIS_PASSWORD"
END

#!/bin/sh
# Starts the course of this pack on Linux and macOS, without internet: sh start.sh
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd) || exit 1
for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
  if command -v "$python" >/dev/null 2>&1 && "$python" -c "" >/dev/null 2>&1; then
    exec "$python" "$here/start.py" "$@"
  fi
done
echo "chatkit: this machine has no Python. Install one (README.txt says which), then start again." >&2
exit 1

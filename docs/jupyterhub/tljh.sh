#!/usr/bin/env bash
# Puts chatkit on The Littlest JupyterHub, for everybody; run it again with a newer wheel to update.
#
#   sudo docs/jupyterhub/tljh.sh dist/chatkit-*.whl
#
# Servers that run go on as they are; the next start of each has chatkit.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
prefix=${TLJH_INSTALL_PREFIX:-/opt/tljh}
user=$prefix/user
config=$prefix/hub/bin/tljh-config
umask 022  # everybody reads what root installs

if [ $# -ne 1 ] || [ ! -f "$1" ]; then
  echo "Usage: sudo $0 WHEEL (python -m hatchling build makes it)" >&2
  exit 2
fi
if [ ! -x "$user/bin/python" ] || [ ! -x "$config" ]; then
  echo "There is no JupyterHub of TLJH in $prefix; https://tljh.jupyter.org says how to install it." >&2
  exit 1
fi

wheel=$(realpath "$1")
"$user/bin/python" -m pip install --upgrade "$wheel[proxy]"
# pip leaves a package alone that has the same version, also when the wheel was built anew.
"$user/bin/python" -m pip install --force-reinstall --no-deps "$wheel"
# What the server of each person reads: begin with chatkit, and end what it started.
cp -R "$here/etc" "$user/"
install -D -m 644 "$here/jupyterhub_config.d/chatkit.py" "$prefix/config/jupyterhub_config.d/chatkit.py"
# A person takes 390 MB with one notebook open. Ten minutes, TLJH's own limit, are less than a talk.
"$config" set limits.memory 1G
"$config" set services.cull.timeout 3600
"$config" reload

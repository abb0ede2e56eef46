#!/usr/bin/env bash
# Print a Python that can make the environment: 3.11 to 3.14, with venv. PYTHON=... overrides the search.
set -euo pipefail

version_ok='import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
without_venv=""
for name in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3 python}; do
    command -v "$name" >/dev/null 2>&1 || continue
    "$name" -c "$version_ok" >/dev/null 2>&1 || continue
    if "$name" -c 'import ensurepip, venv' >/dev/null 2>&1; then
        echo "$name"
        exit 0
    fi
    without_venv=${without_venv:-$name}
done
if [ -n "$without_venv" ]; then
    echo "$without_venv cannot make virtual environments. On Debian or Ubuntu: sudo apt-get install python3-venv" >&2
else
    echo "No Python 3.11 to 3.14 found${PYTHON:+ under the name $PYTHON}. On Debian or Ubuntu:" \
        "sudo apt-get install python3 python3-venv (or set PYTHON=/path/to/python)" >&2
fi
exit 1

#!/usr/bin/env bash
# Write requirements/lock.txt anew: one file for all Pythons and platforms, hashes, no index addresses.
# The extra `spark` is not in it: pyspark has no wheel (requirements/spark.txt). Uses uv from the PATH, or installs it below build/. Pass --upgrade to move the pins.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v uv >/dev/null 2>&1; then
    uv=uv
else
    python="$(bash scripts/find_python.sh)"
    [ -x build/uv/bin/uv ] || { "$python" -m venv build/uv && build/uv/bin/python -m pip install --quiet uv; }
    uv=build/uv/bin/uv
fi

partial=requirements/lock.txt.partial
trap 'rm -f "$partial" "$partial.body"' EXIT
# the present pins are kept unless --upgrade is given
cp requirements/lock.txt "$partial.body" 2>/dev/null || : >"$partial.body"
"$uv" pip compile --quiet --no-config --universal --fork-strategy fewest --python-version 3.11 \
    --extra all --extra mlflow --extra lineage --group dev --override requirements/overrides.txt --only-binary :all: \
    --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header "$@" \
    pyproject.toml requirements/lock.in --output-file "$partial.body" >/dev/null
{
    echo "# Every package of the demo, the tests and CI, pinned and hashed; one file for Python 3.11 to 3.14 on Linux, macOS"
    echo "# and Windows. Written by \`make lock\` from pyproject.toml, requirements/lock.in and requirements/overrides.txt."
    cat "$partial.body"
} >"$partial"
if grep -nE '://|^-|file:| @ ' "$partial" >&2; then
    echo "the lock names an address or a local file; not written" >&2
    exit 1
fi
mv "$partial" requirements/lock.txt

#!/usr/bin/env bash
# Renew the locks after a change of pyproject.toml. They name no host and no path; torch stays out of them (engines.txt has none
# of the hashes, because a hashed torch pin fails against another build of the same version).
set -euo pipefail
cd "$(dirname "$0")/../.."
compile() { "${UV:-.venv/bin/uv}" pip compile -q --universal --generate-hashes --no-header --python-version 3.11 "$@"; }
locks=deploy/locks
compile --override $locks/overrides.txt --extra s3 --group dev pyproject.toml -o $locks/dev.txt
compile --override $locks/overrides.txt pyproject.toml -o $locks/core.txt
echo "uv>=0.9" | compile - -o $locks/bootstrap.txt

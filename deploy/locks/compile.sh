#!/usr/bin/env bash
# Renew the locks after a change of pyproject.toml. They name no host and no path. torch stays out of them: engines-torch.txt
# names its version without a hash, because a hashed torch pin fails against another build of the same version.
set -euo pipefail
cd "$(dirname "$0")/../.."
compile() { "${UV:-.venv/bin/uv}" pip compile -q --universal --generate-hashes --no-header --python-version 3.11 "$@"; }
locks=deploy/locks
compile --override $locks/overrides.txt --extra s3 --group dev pyproject.toml -o $locks/dev.txt
compile --override $locks/overrides.txt pyproject.toml -o $locks/core.txt
echo "uv>=0.9" | compile - -o $locks/bootstrap.txt
echo "boto3>=1.40" | compile --constraint $locks/dev.txt - -o $locks/s3.txt
# Beside the others in one environment, so never another version of the same package. What the overrides switch off is
# left out altogether.
printf "audiocraft==1.3.0\nbasic-pitch==0.4.0\ndiffusers==0.42.1\nonnxruntime>=1.20\ntorchsde==0.2.6\n" | compile --override $locks/engines-overrides.txt --constraint $locks/dev.txt - -o $locks/engines.txt
awk '/^[a-z]/ { keep = !/sys_platform == .never./ } keep' $locks/engines.txt >$locks/engines.tmp
mv $locks/engines.tmp $locks/engines.txt

#!/bin/sh
# Installs from this folder into a new virtual environment; asks no network. sh install.sh [FOLDER]
set -eu
here="$(cd "$(dirname "$0")" && pwd)"
target="${1:-$PWD/forensics-venv}"
python="${PYTHON:-python3}"

(cd "$here" && sha256sum --quiet --strict --check SHA256SUMS) || { echo "the bundle is not what was made" >&2; exit 1; }
wanted="$(cat "$here/python-version")"
found="$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
[ "$wanted" = "$found" ] || { echo "made for Python $wanted, $python is $found: name another with PYTHON=" >&2; exit 1; }
[ ! -e "$target" ] || { echo "$target is there already: name another folder" >&2; exit 1; }

"$python" -m venv "$target"
"$target/bin/python" -m pip --isolated --disable-pip-version-check --quiet install \
  --no-index --no-deps --find-links "$here/wheels" --require-hashes -r "$here/requirements.txt"
"$target/bin/forensics" --version
echo "installed: $target/bin/forensics"

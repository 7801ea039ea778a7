#!/usr/bin/env bash
# How long `pith inspect` takes on a model of 1 GB, beside reading the file once.
# Usage: bench/inspect.sh [FOLDER]   the models (2 GB) are made there, default out/bench/inspect
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

folder="${1:-$root/out/bench/inspect}"
pith="$root/build/release/pith"
[ -x "$pith" ] || fail "build it first: scripts/build.sh release"
mkdir -p "$folder"
if [ ! -f "$folder/external/model.onnx" ]; then
  "$PITH_PYTHON" "$root/bench/inspect_model.py" "$folder"
fi

# The fastest of five runs, and the most memory that one took.
measure() {
  local name="$1"
  shift
  for _ in 1 2 3 4 5; do
    /usr/bin/env python3 - "$@" <<'PYTHON'
import os, resource, subprocess, sys, time
start = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
took = time.perf_counter() - start
print(f"{took:.3f} {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024}")
PYTHON
  done | sort -n | awk -v name="$name" 'NR == 1 { best = $1 } $2 > most { most = $2 }
    END { printf "| %s | %.2f | %d |\n", name, best, most }'
}

echo "| 1 GB of float32 | seconds | peak MiB |"
echo "| --- | ---: | ---: |"
measure "cat" cat "$folder/one-file.onnx"
measure "inspect --no-entropy" "$pith" inspect --no-entropy "$folder/one-file.onnx"
measure "inspect" "$pith" inspect "$folder/one-file.onnx"
measure "cat, external data" cat "$folder/external/weights.bin"
measure "inspect --no-entropy, external data" "$pith" inspect --no-entropy "$folder/external/model.onnx"
measure "inspect, external data" "$pith" inspect "$folder/external/model.onnx"

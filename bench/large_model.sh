#!/usr/bin/env bash
# Memory and speed on a model of 6 GB with external data: bench/large_model.sh [GIGABYTES [FOLDER]]
#
# Prints a Markdown table: wall time, peak memory and what part of the speed of cp, on the same disk in the same
# run, that is. cp is timed twice, with and without waiting for the disk (sync), because pith waits: its
# outputs are synced, read back and compared. Needs 4 times the size on the disk. Uses build/release/pith.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"
gigabytes="${1:-6}"
folder="$(mktemp -d "${2:-/var/tmp}/pith-large-XXXXXX")"
trap 'rm -rf "$folder"' EXIT
pith="$root/build/release/pith"
[ -x "$pith" ] || fail "build it first: scripts/build.sh release"
cd "$folder"
"$PITH_PYTHON" "$root/bench/large_model.py" large.onnx "$gigabytes"
sync

"$PITH_PYTHON" - "$pith" <<'PYTHON'
import os, resource, subprocess, sys, time

pith = sys.argv[1]
size = os.path.getsize("large.onnx.data")
largest = 32 * 2048 * 2048 * 4
bound = 1.2 * largest / 2**20 + 512


def timed(arguments):
    """Wall seconds and peak resident MiB of one child."""
    started = time.monotonic()
    child = subprocess.Popen(arguments)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, arguments
    return time.monotonic() - started, usage.ru_maxrss / 1024


def forget(*names):
    for name in os.listdir("."):
        if name.startswith(names):
            os.remove(name)
    os.sync()


print(f"{size:,} bytes of weights, the largest tensor {largest:,} bytes; bound {bound:,.0f} MiB\n")
print("| run | seconds | GB/s | of cp | of cp + sync | peak MiB |\n| --- | ---: | ---: | ---: | ---: | ---: |")
cp, _ = timed(["cp", "large.onnx.data", "copy"])
forget("copy")
synced, _ = timed(["sh", "-c", "cp large.onnx.data copy && sync copy"])
forget("copy")


def row(name, seconds, peak):
    print(f"| {name} | {seconds:.1f} | {size / 1e9 / seconds:.2f} | {cp / seconds:.2f} | {synced / seconds:.2f} | {peak} |", flush=True)


row("`cp`", cp, "-")
row("`cp` and `sync`", synced, "-")
for name, arguments in (
    ("`inspect --no-entropy`", ["inspect", "large.onnx", "-q", "--no-entropy"]),
    ("`inspect`", ["inspect", "large.onnx", "-q"]),
    ("lossless pass to `.onnx`", ["compress", "large.onnx", "--pipeline", "merge-equal-constants", "-o", "out.onnx", "-f", "-q"]),
    ("`--preset lossless` to `.onnx`", ["compress", "large.onnx", "--preset", "lossless", "-o", "out.onnx", "-f", "-q"]),
    ("`--preset safe` to `.pith`", ["compress", "large.onnx", "--preset", "safe", "-o", "out.pith", "-f", "-q"]),
    ("`prune{sparsity=0.5}` to `.onnx`", ["compress", "large.onnx", "--pipeline", "prune{sparsity=0.5}", "-o", "out.onnx", "-f", "-q"]),
    ("`share-weights{bits=4}` to `.onnx`", ["compress", "large.onnx", "--pipeline", "share-weights{bits=4}", "-o", "out.onnx", "-f", "-q"]),
    ("`pack`", ["pack", "large.onnx", "-o", "out.pith", "-f", "-q"]),
):
    seconds, peak = timed([pith, *arguments])
    row(name, seconds, f"{peak:,.0f}" + (" (over)" if peak > bound else ""))
    forget("out")
PYTHON

#!/usr/bin/env bash
# Sets up, builds the optimised command (build/release/pith) and compresses the example network
# with several pipelines: sizes of the files that ship, accuracy of those files read back, on all
# 10,000 test images. Fails when no pipeline reaches 9x at a loss of 0.5 points or less.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ $# -eq 0 ] || fail "takes no arguments"
cd "$root"

scripts/setup.sh
scripts/build.sh release

example=examples/fashion-mnist
out=out/demo
pipelines=(
  "entropy-code"
  "quantize-weights{bits=8 granularity=channel}, entropy-code"
  "quantize-weights{bits=5 granularity=channel}, entropy-code"
  "share-weights{bits=5}, entropy-code"
  "prune{sparsity=0.3 scope=global}, share-weights{bits=4}, entropy-code"
  "prune{sparsity=0.4 scope=global}, share-weights{bits=3}, entropy-code"
  "prune{sparsity=0.6 scope=global}, share-weights{bits=3}, entropy-code"
)
rm -rf "$out"
reports=()
say "" "compressing $example/lenet-300-100.onnx with ${#pipelines[@]} pipelines"
for number in "${!pipelines[@]}"; do
  folder="$out/$((number + 1))"
  mkdir -p "$folder"
  # -f: the .onnx file of the lossless pipeline is not smaller, and is written all the same.
  build/release/pith compress "$example/lenet-300-100.onnx" -f \
    -o "$folder/lenet-300-100.pith" -o "$folder/lenet-300-100.onnx" \
    --pipeline "${pipelines[number]}" --report "$folder" --format quiet --progress none \
    --eval "$example/t10k-images-idx3-ubyte.gz,labels=$example/t10k-labels-idx1-ubyte.gz,scale=1/255" >/dev/null
  reports+=("$folder/report.json")
done

say ""
"$PITH_PYTHON" scripts/demo_table.py --ratio 9 --drop 0.5 "${reports[@]}"
say "" "files and reports: $out/1 to $out/${#pipelines[@]}"

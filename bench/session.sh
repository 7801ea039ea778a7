#!/usr/bin/env bash
# Sessions from .pith files beside sessions from the same models as .onnx: bench_session on models of
# PITH_ASSETS/models, packed losslessly and compressed; prints a Markdown table.
#
#   bench/session.sh [PITH [BENCH_SESSION]]     (default: build/release/pith, build/release/bench/bench_session)
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
pith="$(realpath "${1:-$root/build/release/pith}")"
bench="$(realpath "${2:-$root/build/release/bench/bench_session}")"
assets="$(realpath -m "${PITH_ASSETS:-$root/../shared}")"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

echo "| model | prepacking | decoded weights | from .onnx | from .pith | time ratio |"
echo "|---|---|---:|---:|---:|---:|"
while read -r model; do
  name="$(basename "$model" .onnx)"
  "$pith" pack -q -f "$model" -o "$folder/$name-packed.pith"
  "$pith" compress -q -f "$model" -o "$folder/$name-compressed.pith" 2>/dev/null
  for plan in packed compressed; do
    "$pith" unpack -q -f "$folder/$name-$plan.pith" -o "$folder/$name-$plan.onnx"
    "$bench" "$folder/$name-$plan.onnx" "$folder/$name-$plan.pith"
  done
done < <(find "$assets/models" -name '*.onnx' -size +1M | sort)

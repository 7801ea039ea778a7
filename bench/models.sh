#!/usr/bin/env bash
# Compresses every model of PITH_ASSETS/models with a few plans and measures it on the data that belongs to
# it; prints a Markdown table: bytes, quality, and for each plan the ratio and the quality of the .pith file.
#
#   bench/models.sh [PITH]     PITH: the command (default: build/release/pith)
#
# PITH_ASSETS (default: the folder 'shared' beside the checkout) holds models/ and data/. Needs python3
# (standard library only). Ends with 1 when a run fails for another reason than a result that is not smaller.
set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
pith="$(realpath "${1:-$root/build/release/pith}")"
assets="$(realpath -m "${PITH_ASSETS:-$root/../shared}")"
fail() {
  printf 'models.sh: %s\n' "$*" >&2
  exit 1
}
[ -x "$pith" ] || fail "no command at $pith; run scripts/demo.sh first, or name it"
[ -d "$assets/models" ] || fail "PITH_ASSETS=$assets has no folder 'models'"

graph="eliminate-identity, remove-dead-values, fold-batch-norm, merge-equal-constants"
plans=(lossless safe rounded shared)
declare -A plan_flags=(
  [lossless]="--preset=lossless"
  [safe]="--preset=safe"
  [rounded]="--pipeline=$graph, quantize-weights{bits=5}, entropy-code"
  [shared]="--pipeline=$graph, share-weights{bits=5}, entropy-code"
)

# The flags that measure a model, one a line; nothing for a model without data.
data_flags() { # data_flags MODEL, as below models/
  local data="$assets/data" folder="${1%/*}"
  case "$1" in
    fashion/*)
      local idx="$data/fashion/t10k"
      printf '%s\n' "--eval=$idx-images-idx3-ubyte.gz,labels=$idx-labels-idx1-ubyte.gz,scale=1/255"
      ;;
    magika/*) printf '%s\n' "--eval=$data/magika/magika_eval_2767.npz" ;;
    mlperf-tiny/autoencoder*)
      printf '%s\n' "--eval=$data/$folder/autoencoder_toycar_196.npz,labels=input" "--metric=mse"
      ;;
    mlperf-tiny/dscnn*) printf '%s\n' "--eval=$data/$folder/dscnn_kws_eval_800.npz" ;;
    mlperf-tiny/mobilenet*) printf '%s\n' "--calib=$data/$folder/mobilenetv1_025_vww_unlabelled_96.npz" ;;
    mlperf-tiny/resnet8*) printf '%s\n' "--eval=$data/$folder/resnet8_eval_1000.npz" ;;
    mlperf-tiny/streaming*) printf '%s\n' "--eval=$data/$folder/streaming_wakeword_45.npz" ;;
    silero-vad/silero_vad_half*) printf '%s\n' "--calib=$data/$folder/silero_16k_batch64_nosr.npz" ;;
    silero-vad/silero_vad_openvino*) printf '%s\n' "--calib=$data/$folder/silero_16k_single_nosr.npz" ;;
    silero-vad/*) printf '%s\n' "--calib=$data/$folder/silero_16k_batch64.npz" ;;
  esac
}

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
failed=0
for plan in "${plans[@]}"; do
  while read -r model; do
    folder="$work/$plan/${model//\//:}"
    mkdir -p "$folder"
    mapfile -t measure < <(data_flags "$model")
    status=0
    "$pith" compress "$assets/models/$model" -o "$folder/out.pith" "${plan_flags[$plan]}" "${measure[@]}" \
      --report "$folder" --format quiet --progress none >/dev/null 2>"$folder/errors" || status=$?
    if [ "$status" != 0 ] && [ "$status" != 6 ]; then # 6: not smaller, the report has the figures
      printf '%s, %s: exit code %s: %s\n' "$model" "$plan" "$status" "$(tail -n 1 "$folder/errors")" >&2
      failed=1
    fi
  done < <(cd "$assets/models" && find . -name '*.onnx' -printf '%P\n' | sort)
done
python3 "$root/bench/models_table.py" "$work" "${plans[@]}"
exit "$failed"

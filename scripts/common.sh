# Sourced by the scripts beside it: where things are, and the pinned versions.
# shellcheck shell=bash
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
source "$root/scripts/versions.sh"

export PITH_CACHE="${PITH_CACHE:-$HOME/.cache/pith}"
case "$PITH_CACHE" in
  /*) ;;
  *) PITH_CACHE="$PWD/$PITH_CACHE" ;;
esac
python_env="$PITH_CACHE/python-onnx-$ONNX_VERSION-onnxruntime-$ORT_VERSION"
tools_env="$PITH_CACHE/tools-cmake-$CMAKE_VERSION-ninja-$NINJA_VERSION"
# The Python that has onnx, onnxruntime and numpy; tests use it as an independent reader.
export PITH_PYTHON="$python_env/bin/python"
export PATH="$tools_env/bin:$PATH"

say() { printf '%s\n' "$@"; } # one line for each argument
fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

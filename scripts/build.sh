#!/usr/bin/env bash
# Configures and builds one preset: scripts/build.sh PRESET [TARGET...]
# After scripts/setup.sh; what it needs from there is found through PITH_CACHE.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -ge 1 ] || fail "usage: scripts/build.sh PRESET [TARGET...]"
preset="$1"
shift

if command -v ccache >/dev/null; then
  export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  # The same file in two checkouts is compiled once.
  export CCACHE_BASEDIR="$root" CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros
fi

cd "$root"
started=$SECONDS
# A configuration that still fits is not repeated; ninja repeats it when CMake's files change.
if ! grep -qsx "PITH_CACHE:PATH=$PITH_CACHE" "build/$preset/CMakeCache.txt" || [ ! -f "build/$preset/build.ninja" ]; then
  log="$(mktemp)"
  cmake --preset "$preset" -DPITH_CACHE="$PITH_CACHE" >"$log" 2>&1 || {
    cat "$log" >&2
    rm -f "$log"
    fail "cmake --preset $preset failed"
  }
  rm -f "$log"
fi
cmake --build "build/$preset" -j "$(nproc)" ${1:+--target "$@"}
say "built $preset in $((SECONDS - started)) s"

#!/usr/bin/env bash
# Everything that is checked before a change is accepted: set-up, the optimised build, the whole
# test suite under AddressSanitizer and UndefinedBehaviorSanitizer, format, and clang-tidy.
#
# PITH_ASSETS (default: the folder 'shared' beside the checkout) holds more models and data; the
# tests that need it are skipped where it is absent, except with CI set, where that is an error.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
[ $# -eq 0 ] || fail "takes no arguments"
cd "$root"

summary=() # one line for each part, printed at the end
failed=0
result() { # result NAME STATUS TEXT
  summary+=("$(printf '%-10s %-6s %s' "$1" "$2" "$3")")
  [ "$2" = FAILED ] && failed=1
  return 0
}
heading() { printf '\n== %s (%d s)\n' "$1" "$SECONDS"; }

heading "set-up"
scripts/setup.sh --tests

export PITH_ASSETS="${PITH_ASSETS:-$(realpath -m ../shared)}"
if [ -d "$PITH_ASSETS/models" ]; then
  say "assets: $PITH_ASSETS"
  result assets ok "$PITH_ASSETS"
elif [ -n "${CI:-}" ]; then
  fail "PITH_ASSETS=$PITH_ASSETS has no folder 'models'; with CI set it must be there"
else
  say "assets: ABSENT ($PITH_ASSETS has no folder 'models'); tests that need them are skipped"
  result assets ABSENT "tests that need $PITH_ASSETS are skipped"
fi

heading "format"
mapfile -t sources < <(git ls-files --cached --others --exclude-standard '*.h' '*.cpp' | sort -u)
if clang-format-19 --dry-run --Werror "${sources[@]}"; then
  result format ok "${#sources[@]} files"
else
  result format FAILED "run clang-format-19 -i on the files above"
fi

heading "release build"
scripts/build.sh release
heading "asan-ubsan build"
scripts/build.sh asan-ubsan

heading "tests"
export PITH_TRACED_COMMAND="$root/build/release/pith" # for strace, which sanitizers would confuse
log=build/ctest.log
if ctest --test-dir build/asan-ubsan -j "$(nproc)" --output-on-failure --no-tests=error 2>&1 | tee "$log"; then
  tests=ok
else
  tests=FAILED
fi
result tests "$tests" "$(grep -E '^[0-9]+% tests passed' "$log" || echo "ctest did not finish")"
skipped="$(grep -c '\*\*\*Skipped' "$log" || true)"
[ "$skipped" = 0 ] || result tests skip "$skipped skipped, listed above"

heading "accuracy of the unpacked file in Python's ONNX Runtime"
if "$PITH_PYTHON" scripts/check_accuracy.py build/release/pith; then
  result accuracy ok "equal to the last image"
else
  result accuracy FAILED "see above"
fi

heading "clang-tidy"
if scripts/tidy.sh; then
  result tidy ok "$(tail -n 1 build/tidy.log)"
else
  result tidy FAILED "$(tail -n 1 build/tidy.log)"
fi

heading "summary"
printf '%s\n' "${summary[@]}"
exit $failed

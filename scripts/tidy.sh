#!/usr/bin/env bash
# clang-tidy 19 on what changed: scripts/tidy.sh [--all | FILE...]
# Changed is what differs from the merge base with origin/main, or from HEAD~1 where there is no
# other base. Stops taking up files after TIDY_SECONDS (default 100) and names those left out.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$root"

changed_sources() {
  local base head
  head="$(git rev-parse HEAD)"
  base="$(git merge-base HEAD origin/main 2>/dev/null || true)"
  if [ -z "$base" ] || [ "$base" = "$head" ]; then
    # The empty tree stands for the parent of a first commit.
    base="$(git rev-parse -q --verify HEAD~1 || git hash-object -t tree /dev/null)"
  fi
  {
    git diff --name-only --diff-filter=d "$base" -- '*.cpp' '*.h'
    git ls-files --others --exclude-standard -- '*.cpp' '*.h'
  } | while read -r file; do
    # A header is seen through the source of its own name.
    case "$file" in *.h) file="${file%.h}.cpp" ;; esac
    [ -f "$file" ] && echo "$file"
  done | sort -u
}

case "${1:-}" in
  --all) mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.cpp' | sort -u) ;;
  "") mapfile -t files < <(changed_sources) ;;
  *) files=("$@") ;;
esac
# The compilation database is clang's own; nothing is built.
mkdir -p build
cmake --preset tidy -DPITH_CACHE="$PITH_CACHE" >build/tidy.log 2>&1 || {
  cat build/tidy.log >&2
  fail "cmake --preset tidy failed"
}
results="$(mktemp -d)"
trap 'rm -rf "$results"' EXIT
export results deadline=$(($(date +%s) + ${TIDY_SECONDS:-100}))

check() {
  local file="$1" name="${1//\//:}"
  if ! grep -qF "$root/$file\"" build/tidy/compile_commands.json; then
    echo "$file" >"$results/$name.unbuilt"
  elif [ "$(date +%s)" -ge "$deadline" ]; then
    echo "$file" >"$results/$name.left"
  elif clang-tidy-19 -p build/tidy --quiet "$file" >"$results/$name.out" 2>&1; then
    echo "$file" >"$results/$name.clean"
  else
    grep -v 'warnings generated\.$' "$results/$name.out" || true
    echo "$file" >"$results/$name.bad"
  fi
}
export -f check
export root
[ ${#files[@]} -eq 0 ] || printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" bash -c 'check "$1"' check

count() { find "$results" -name "*.$1" | wc -l; }
list() { find "$results" -name "*.$1" -exec cat {} + | sort; }
say "checked:"
{ list clean && list bad; } | sort | sed 's/^/  /'
if [ "$(count left)" -gt 0 ]; then
  say "left out, time was up (scripts/tidy.sh FILE... checks them):"
  list left | sed 's/^/  /'
fi
if [ "$(count unbuilt)" -gt 0 ]; then
  say "left out, not part of the tidy build:"
  list unbuilt | sed 's/^/  /'
fi
say "$(count clean) of ${#files[@]} changed files clean, $(count bad) with findings, $(count left) left out for time" |
  tee build/tidy.log
[ "$(count bad)" -eq 0 ]

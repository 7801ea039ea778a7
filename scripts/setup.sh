#!/usr/bin/env bash
# Installs what pith is built with, and skips what is there already.
#
#   scripts/setup.sh           what the command needs
#   scripts/setup.sh --tests   and what scripts/test.sh needs: Catch2, ccache, clang's format and tidy,
#                              ONNX's older test cases
#   scripts/setup.sh --fuzz    and what the fuzz preset needs
#   scripts/setup.sh --bench   and what the benchmarks need (-DPITH_BUILD_BENCH=ON)
#
# Packages come from apt; the rest is fetched by package name from the Python registry
# and lands in ${PITH_CACHE:-~/.cache/pith}, which all checkouts share. Each part is
# made in a folder beside its place and renamed when it is complete.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

packages=(g++ pkg-config ca-certificates python3-venv protobuf-compiler libprotobuf-dev
  libcli11-dev libspdlog-dev libfmt-dev libeigen3-dev nlohmann-json3-dev zlib1g-dev libssl-dev
  libzip-dev libzstd-dev libxxhash-dev libhwy-dev)
for argument in "$@"; do
  case "$argument" in
    --tests) packages+=(git catch2 ccache strace clang-19 clang-format-19 clang-tidy-19 libonnx-testdata) ;;
    --fuzz) packages+=(clang-19 libclang-rt-19-dev) ;;
    --bench) packages+=(libbenchmark-dev libhtscodecs-dev zstd) ;;
    *) fail "unknown argument '$argument'; known: --tests, --fuzz, --bench" ;;
  esac
done

# --- apt -------------------------------------------------------------------------------
have() { printf '  %-22s %s\n' "$1" "$2"; }

missing_packages() {
  local installed
  installed="$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null || true)"
  for package in "${packages[@]}"; do
    grep -qx "installed $package" <<<"$installed" || printf '%s ' "$package"
  done
}

install_packages() {
  command -v dpkg-query apt-get >/dev/null || {
    have "packages" "this system has no apt: install by hand what Debian calls ${packages[*]}"
    return
  }
  local missing as_root=()
  missing="$(missing_packages)"
  if [ -z "$missing" ]; then
    have "packages" "${#packages[@]} from apt, all there"
    return
  fi
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; } ||
      fail "needs root once; install by hand: apt-get install $missing"
    as_root=(sudo)
  fi
  have "packages" "installing $missing"
  local log="$PITH_CACHE/apt.log" apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive
    apt-get -y -o DPkg::Lock::Timeout=600)
  # shellcheck disable=SC2086
  { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends $missing; } >"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "apt could not install everything; install by hand: apt-get install $missing"
  }
}

# --- the cache -------------------------------------------------------------------------
partial="" # the folder a part is being made in

# part NAME TARGET BY_HAND: makes TARGET with make_NAME (which gets the folder to fill).
part() {
  local name="$1" target="$2" by_hand="$3"
  if [ -d "$target" ]; then
    have "$name" "$target"
    return
  fi
  have "$name" "making $target"
  partial="$(mktemp -d "$PITH_CACHE/.partial-XXXXXX")"
  local log="$PITH_CACHE/$name.log" started=$SECONDS
  # Not as a condition: there bash would ignore -e inside the function.
  set +e
  (set -e; "make_$name" "$partial/result" "$partial") >"$log" 2>&1
  local status=$?
  set -e
  if [ $status -ne 0 ]; then
    tail -n 20 "$log" >&2
    fail "$name could not be installed (the whole log: $log); by hand: $by_hand"
  fi
  chmod 755 "$partial/result"
  mv -T "$partial/result" "$target"
  rm -rf "$partial" "$log"
  partial=""
  have "" "done in $((SECONDS - started)) s"
}

# The system's Python, which python3-venv belongs to; any other where there is none.
system_python() {
  if [ -x /usr/bin/python3 ]; then echo /usr/bin/python3; else command -v python3; fi
}

# A venv survives the rename when it is used through bin/python only.
make_python() {
  "$(system_python)" -m venv "$1"
  "$1/bin/python" -m pip install "onnx==$ONNX_VERSION" "onnxruntime==$ORT_VERSION" numpy
  "$1/bin/python" -c 'import numpy, onnx, onnxruntime'
}

make_tools() {
  "$PITH_PYTHON" -m pip install --no-deps --target "$1" "cmake==$CMAKE_VERSION" "ninja==$NINJA_VERSION"
  # The package's own commands are Python scripts that start slowly; these are the programs.
  for program in cmake ctest cpack; do
    ln -sf "../cmake/data/bin/$program" "$1/bin/$program"
  done
  "$1/bin/cmake" --version
  "$1/bin/ninja" --version
}

make_onnxruntime() {
  local library
  library="$(find "$python_env" -name "libonnxruntime.so.$ORT_VERSION" -print -quit)"
  [ -n "$library" ] || { echo "no libonnxruntime.so.$ORT_VERSION in the Python package"; return 1; }
  mkdir -p "$1/lib"
  cp "$library" "$1/lib/"
}

# Mostly registrations that run once: optimising them takes long and gains nothing.
make_onnx() {
  local work="$2" launcher=()
  "$PITH_PYTHON" -m pip download --no-deps --no-binary onnx --dest "$work" "onnx==$ONNX_VERSION"
  echo "$ONNX_SHA256  $work/onnx-$ONNX_VERSION.tar.gz" | sha256sum -c -
  tar xzf "$work/onnx-$ONNX_VERSION.tar.gz" -C "$work"
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  cmake -S "$work/onnx-$ONNX_VERSION" -B "$work/build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS_RELEASE="-O1 -DNDEBUG" -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_INSTALL_LIBDIR=lib \
    -DONNX_USE_PROTOBUF_SHARED_LIBS=ON -DONNX_BUILD_PYTHON=OFF -DONNX_GEN_PB_TYPE_STUBS=OFF \
    -DONNX_ML=ON "${launcher[@]}"
  cmake --build "$work/build" -j "$(nproc)"
  cmake --install "$work/build" --prefix "$1" --strip
}

# Debian 12 has no ONNX Runtime package, the next release has: fetched from the mirror that
# this system's apt already uses, through lists of our own, so that apt itself is unchanged.
make_onnxruntime_headers() {
  local work="$2" mirror options="" keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  local codename
  codename="$(. /etc/os-release && echo "$VERSION_CODENAME")"
  mirror="$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
    'Created-By: Packages' | awk -v suite="$codename" '$2 == suite && $3 == "main" { print $1; exit }')"
  [ -n "$mirror" ] || { echo "apt has no source for $codename main"; return 1; }
  [ -f "$keyring" ] && options="[signed-by=$keyring]"
  mkdir -p "$work"/apt/{lists/partial,cache/archives/partial,sources,preferences}
  : >"$work/apt/status"
  echo "deb $options $mirror $ORT_HEADERS_SUITE main" >"$work/apt/sources/next.list"
  local apt=(apt-get -q -o "Dir::State::lists=$work/apt/lists" -o "Dir::State::status=$work/apt/status"
    -o "Dir::Cache=$work/apt/cache" -o Dir::Etc::sourcelist=/dev/null
    -o "Dir::Etc::sourceparts=$work/apt/sources" -o Dir::Etc::preferences=/dev/null
    -o "Dir::Etc::preferencesparts=$work/apt/preferences" -o "APT::Sandbox::User=$(id -un)"
    -o Acquire::Languages=none)
  "${apt[@]}" update
  (cd "$work" && "${apt[@]}" download libonnxruntime-dev)
  case "$(dpkg-deb -f "$work"/libonnxruntime-dev_*.deb Version)" in
    "$ORT_HEADERS_VERSION".*) ;;
    *) echo "the package is not version $ORT_HEADERS_VERSION"; return 1 ;;
  esac
  dpkg -x "$work"/libonnxruntime-dev_*.deb "$work/unpacked"
  mkdir -p "$1"
  mv "$work/unpacked/usr/include/onnxruntime" "$1/include"
  test -f "$1/include/onnxruntime_cxx_api.h"
}

# --- main ------------------------------------------------------------------------------
mkdir -p "$PITH_CACHE" 2>/dev/null || fail "cannot write to $PITH_CACHE; set PITH_CACHE to another folder"
exec 9>"$PITH_CACHE/.lock"
if ! flock -n 9; then
  say "setup: waiting for another setup to finish"
  flock 9
fi
rm -rf "$PITH_CACHE"/.partial-*
trap '[ -z "$partial" ] || rm -rf "$partial"' EXIT
trap 'exit 130' INT TERM

say "setup: cache $PITH_CACHE"
install_packages
part python "$python_env" \
  "pip install onnx==$ONNX_VERSION onnxruntime==$ORT_VERSION numpy in a venv at $python_env"
part tools "$tools_env" "pip install cmake==$CMAKE_VERSION ninja==$NINJA_VERSION, linked into $tools_env/bin"
part onnxruntime "$PITH_CACHE/onnxruntime-$ORT_VERSION" \
  "put libonnxruntime.so.$ORT_VERSION into $PITH_CACHE/onnxruntime-$ORT_VERSION/lib"
part onnx "$PITH_CACHE/onnx-$ONNX_VERSION" \
  "build onnx $ONNX_VERSION from source with the system's protobuf into $PITH_CACHE/onnx-$ONNX_VERSION"
if [ -f "${ONNXRUNTIME_ROOT:-/usr}/include/onnxruntime_cxx_api.h" ] ||
  [ -f "${ONNXRUNTIME_ROOT:-/usr}/include/onnxruntime/onnxruntime_cxx_api.h" ]; then
  have onnxruntime_headers "${ONNXRUNTIME_ROOT:-/usr}/include"
else
  part onnxruntime_headers "$PITH_CACHE/onnxruntime-headers-$ORT_HEADERS_VERSION" \
    "unpack libonnxruntime-dev (Debian 13, Ubuntu 25.04 on) anywhere and set ONNXRUNTIME_ROOT"
fi
# Paths that stay the same when a version is raised.
ln -sfnT "$(basename "$tools_env")" "$PITH_CACHE/tools"
ln -sfnT "$(basename "$python_env")" "$PITH_CACHE/python"

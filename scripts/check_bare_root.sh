#!/usr/bin/env bash
# Shows that scripts/demo.sh and scripts/test.sh need nothing installed by hand: both run in a new,
# minimal Debian 12 root made by debootstrap.
#
#   scripts/check_bare_root.sh [FOLDER]    FOLDER: where the root is made (default: a temporary folder)
#
# Needs root and debootstrap. The committed state of this checkout is what is tested. Mirror, proxies,
# certificates and pip settings are this machine's, for networks that have their own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

suite=bookworm
[ "$(id -u)" -eq 0 ] || fail "needs root (debootstrap and chroot)"
command -v debootstrap >/dev/null || fail "debootstrap is missing; install it by hand: apt-get install debootstrap"
mirror="$(apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' \
  'Created-By: Packages' | awk -v suite="$suite" '$2 == suite && $3 == "main" { print $1; exit }')"
[ -n "$mirror" ] || fail "apt on this machine has no source for $suite main"

if [ $# -gt 0 ]; then
  bare="$(realpath -m "$1")"
  [ ! -e "$bare" ] || fail "$bare exists already"
  mkdir -p "$bare"
else
  bare="$(mktemp -d)"
fi
# Mounts are made in a mount namespace of their own (below), and so end with the last process in it.
trap 'rm -rf --one-file-system "$bare"' EXIT
times=()
timed() { # timed NAME COMMAND...
  local name="$1" started=$SECONDS status=0
  shift
  say "== $name"
  "$@" || status=$?
  times+=("$(printf '%-12s %5d s   %s' "$name" $((SECONDS - started)) "$([ $status = 0 ] && echo ok || echo "exit code $status")")")
  return $status
}

make_root() {
  debootstrap --variant=minbase "$suite" "$bare" "$mirror" >"$bare.log" 2>&1 || {
    tail -n 20 "$bare.log" >&2
    return 1
  }
  rm -f "$bare.log"
  cp -L /etc/resolv.conf /etc/hosts "$bare/etc/" 2>/dev/null || true
  # The bundle is put where it is read now, and where ca-certificates takes it from when it is installed.
  local bundle=/etc/ssl/certs/ca-certificates.crt
  if [ -f "$bundle" ]; then
    mkdir -p "$bare/etc/ssl/certs" "$bare/usr/local/share/ca-certificates"
    cp "$bundle" "$bare$bundle"
    cp "$bundle" "$bare/usr/local/share/ca-certificates/host-bundle.crt"
  fi
  apt-config dump | grep -E '^Acquire::(http|https|Check-)[^ ]* "' >"$bare/etc/apt/apt.conf.d/90host" || true
  local settings
  for settings in /etc/pip.conf "$HOME/.config/pip/pip.conf" "$HOME/.pip/pip.conf"; do
    [ ! -f "$settings" ] || cp "$settings" "$bare/etc/pip.conf"
  done
  git -c safe.directory='*' clone -q "$root" "$bare/root/pith"
}

# The environment of a fresh login, with this machine's network settings only.
environment=(HOME=/root LANG=C.UTF-8 TERM=dumb PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
while IFS= read -r setting; do
  environment+=("$setting")
done < <(env | grep -E -i '^(https?_proxy|no_proxy|all_proxy|PIP_[A-Z_]*|SSL_CERT_FILE|REQUESTS_CA_BUNDLE)=' || true)

inside() {
  unshare --mount --pid --fork --kill-child --mount-proc="$bare/proc" \
    chroot "$bare" env -i "${environment[@]}" bash -c "cd /root/pith && exec $1"
}

status=0
timed "root" make_root || exit 1
{ timed "demo.sh" inside scripts/demo.sh && timed "test.sh" inside scripts/test.sh; } || status=1
say "" "in a bare $suite root:" "${times[@]}"
exit $status

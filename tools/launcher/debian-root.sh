# shellcheck shell=sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# A private root with Debian's Bazel, for a Debian or Ubuntu machine that has none.
#
# The root is a plain directory in the cache. Bazel runs in a mount namespace of its own in which /usr is
# the root's; everything else of the machine stays where it is, and nothing of it is changed. Two roots:
# `build` has what a build needs; `test` has the browsers and node beside it, since tests see the root's
# /usr. A root appears under its name only when it is whole; downloads are kept, so that an interrupted
# set-up goes on where it was.

debian_suite=forky # the first with a Bazel that has bzlmod and is new enough for rules_go

build_packages=bazel-bootstrap,bazel-skylib,bazel-platforms,bazel-rules-cc,bazel-rules-java,bazel-rules-license,bazel-rules-proto,bazel-rules-python,bazel-rules-shell,ca-certificates,curl,git,unzip
test_packages=$build_packages,caddy,chromium,firefox-esr,fonts-dejavu-core,libgl1-mesa-dri,nginx-light,nodejs,webkitgtk-webdriver,xvfb
# Debian's npm is some 400 packages, wanted only to say which registry is its default.
if [ -z "${NPM_CONFIG_REGISTRY:-}" ] && ! have npm; then test_packages=$test_packages,npm; fi

# What no build or test reads: 340 MB.
debian_excludes='/usr/lib/jvm/*/jmods/*'

# enter_debian_root COMMAND...: replaces this process by COMMAND inside the root, building that first.
enter_debian_root() {
  kind=${KMS_ROOT:-build}
  case $kind in
    build) packages=$build_packages ;;
    test) packages=$test_packages ;;
    *) die "KMS_ROOT is '$kind'; it can be build or test" ;;
  esac
  # A root with more serves a plain build as well, and keeps the running server.
  if [ "$kind" = build ] && [ -d "$(root_dir "$test_packages")" ]; then packages=$test_packages; fi
  root=$(root_dir "$packages")
  if [ ! -d "$root" ]; then
    check_can_build_root
    with_lock debian build_root "$root" "$packages"
  fi
  run_in_root "$root" "$@"
}

root_dir() {
  printf '%s/debian-%s-%s' "$KMS_CACHE" "$debian_suite" "$(printf '%s|%s' "$1" "$debian_excludes" | cksum | cut -d' ' -f1)"
}

check_can_build_root() {
  advice1='Install Bazelisk (https://github.com/bazelbuild/bazelisk) as "bazel" or "bazelisk" on PATH,'
  advice2="or a Bazel that fits $(cat "$workspace/.bazelversion"), 7.$bazel_minimum_minor or later; then run this again."
  [ "$(uname -s)" = Linux ] || die "no Bazel found, and this system is not Linux, so none can be set up here." "$advice1" "$advice2"
  have apt-get || die "no Bazel found, and this system has no apt-get to bring Debian's." "$advice1" "$advice2"
  [ -L /bin ] || die "no Bazel found, and /bin is not merged into /usr here, which the private root needs." "$advice1" "$advice2"
  have unshare || die "no Bazel found, and 'unshare' (package util-linux) is missing." "apt-get install util-linux" "or:" "$advice1" "$advice2"
  if ! have mmdebstrap; then
    [ "$(id -u)" = 0 ] || die "no Bazel found. To set one up without root, install first:" "sudo apt-get install mmdebstrap uidmap" "or:" "$advice1" "$advice2"
    say "no Bazel found; installing mmdebstrap to set one up"
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends mmdebstrap; } >"$KMS_CACHE/mmdebstrap-install.log" 2>&1 ||
      die "apt-get could not install mmdebstrap; its output is in $KMS_CACHE/mmdebstrap-install.log" "$advice1" "$advice2"
  fi
}

# debian_mirror: the mirror that the machine itself installs from.
debian_mirror() {
  if [ -n "${KMS_DEBIAN_MIRROR:-}" ]; then
    printf '%s\n' "$KMS_DEBIAN_MIRROR"
    return
  fi
  apt-get --print-uris update 2>/dev/null | sed -n "s|^'\(.*/debian/*\)/dists/.*|\1|p" | sort -u | head -n 1
}

# build_root ROOT PACKAGES: builds ROOT beside its name, then renames it into place.
build_root() {
  [ -d "$1" ] && return
  mirror=$(debian_mirror)
  [ -n "$mirror" ] || die "no Debian mirror found in this machine's apt sources." "Set KMS_DEBIAN_MIRROR to the URL of one."
  say "setting up Bazel from Debian $debian_suite in $1"
  say "once: about 2 minutes and 1 GB (with browsers for the tests: 4 minutes, 3 GB)"
  rm -rf "$1.partial"
  mkdir -p "$KMS_CACHE/archives/partial"
  log=$1.log
  set -- "$1" "$2" --variant=apt --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='APT::Install-Recommends "false"' \
    --include="$2" --skip=download/empty,essential/unlink,cleanup/apt/cache
  for exclude in $debian_excludes; do set -- "$@" --dpkgopt="path-exclude=$exclude"; done
  root=$1
  shift 2
  if [ "$(id -u)" = 0 ]; then
    # The cache of downloads is mounted, not copied, so that it outlives an interruption.
    KMS_ARCHIVES=$KMS_CACHE/archives unshare -m --propagation private mmdebstrap --mode=root "$@" \
      --setup-hook='mkdir -p "$1/var/cache/apt/archives" && mount --bind "$KMS_ARCHIVES" "$1/var/cache/apt/archives"' \
      --customize-hook='umount "$1/var/cache/apt/archives"' \
      "$debian_suite" "$root.partial" "deb $mirror $debian_suite main" >"$log" 2>&1 ||
      die "Debian's Bazel could not be set up; the last lines of $log:" "$(tail -n 5 "$log")" "Downloads are kept: running this again goes on from here."
  else
    mkdir -p "$root.partial"
    mmdebstrap --mode=unshare "$@" "$debian_suite" - "deb $mirror $debian_suite main" 2>"$log" |
      tar -x --no-same-owner --exclude=./dev -C "$root.partial" ||
      die "Debian's Bazel could not be set up; the last lines of $log:" "$(tail -n 5 "$log")"
  fi
  version=$(run_in_root "$root.partial" /usr/bin/bazel --version | sed -n 's/^bazel \([0-9][0-9.]*\).*/\1/p')
  version_fits "$version" || die "Debian $debian_suite now has Bazel '$version', which does not fit .bazelversion ($(cat "$workspace/.bazelversion"))." "$advice1" "$advice2"
  mv "$root.partial" "$root"
  # The larger root has all that a later set-up could want again.
  [ "$packages" != "$test_packages" ] || rm -rf "$KMS_CACHE/archives"
  say "Bazel $version is ready"
}

# run_in_root ROOT COMMAND...: runs COMMAND with ROOT's /usr, and with ROOT's /etc under the machine's own.
run_in_root() {
  root=$1
  shift
  ns='-m --propagation private'
  [ "$(id -u)" = 0 ] || ns="-r $ns"
  trust=$root/etc/ssl/certs/java/cacerts
  [ -e /etc/ssl/certs/java/cacerts ] && trust=/etc/ssl/certs/java/cacerts
  # /usr goes last: until then the machine's own mount is in use.
  # shellcheck disable=SC2086,SC2016
  KMS_INSIDE_ROOT=1 KMS_ROOT_DIR=$root KMS_JAVA_TRUST=$trust KMS_NS_ROOT=$root exec unshare $ns /bin/sh -c '
    set -e
    mount -t overlay overlay -o "lowerdir=/etc:$KMS_NS_ROOT/etc" /etc
    mount --bind "$KMS_NS_ROOT/etc/alternatives" /etc/alternatives
    mount --bind /usr/local "$KMS_NS_ROOT/usr/local"
    mount --rbind "$KMS_NS_ROOT/usr" /usr
    unset KMS_NS_ROOT
    exec "$@"' sh "$@"
}

# shellcheck shell=sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# The flags that depend on the machine: where modules, Go modules and npm packages come from, and caches.

# The registry that Bazel asks by default.
bcr=https://bcr.bazel.build

# registry_mode: bcr or overlays. Found out once and kept, so that a later build needs no network.
registry_mode() {
  if [ -n "${KMS_REGISTRY:-}" ]; then
    printf '%s\n' "$KMS_REGISTRY"
    return
  fi
  kept=$KMS_CACHE/registry-mode
  if [ ! -s "$kept" ]; then
    mode=overlays
    if fetch "$bcr/bazel_registry.json" /dev/null 2>/dev/null; then mode=bcr; fi
    say "modules come from: $mode (kept in $kept)"
    printf '%s\n' "$mode" >"$kept.$$"
    mv "$kept.$$" "$kept"
  fi
  cat "$kept"
}

# fetch URL FILE
fetch() {
  if have curl; then
    curl -fsSL --connect-timeout 10 --retry 2 -o "$2" "$1"
  elif have wget; then
    wget -q -T 10 -O "$2" "$1"
  else
    die "neither curl nor wget is installed; one of them is needed to fetch Bazel modules."
  fi
}

# unpack ZIP DIR
unpack() {
  if have unzip; then
    unzip -qo "$1" -d "$2"
  elif have bsdtar; then
    bsdtar -xf "$1" -C "$2"
  elif have python3; then
    python3 -m zipfile -e "$1" "$2"
  else
    die "no program to unpack a zip file: install unzip."
  fi
}

# go_proxy: the first address in GOPROXY.
go_proxy() {
  printf '%s\n' "${GOPROXY:-}" | tr ',|' '\n\n' | grep -E '^(https?|file)://' | head -n 1
}

# fetch_modules DIR: lays the modules of modules.txt out in DIR.
fetch_modules() {
  [ -d "$1" ] && return
  proxy=$(go_proxy)
  [ -n "$proxy" ] || die "the Bazel Central Registry is out of reach, and no Go module proxy is known." \
    "Set GOPROXY to one (a machine with Go: go env GOPROXY), or make $bcr reachable."
  partial=$1.partial
  rm -rf "$partial"
  mkdir -p "$partial"
  grep -v '^#' "$workspace/third_party/bazel/modules.txt" | while read -r module subdir path version sha; do
    say "fetching $path $version"
    zip=$partial/module.zip
    fetch "$proxy/$path/@v/$version.zip" "$zip" || die "could not fetch $path $version from the Go module proxy."
    got=$(sha256_of "$zip")
    [ "$got" = "$sha" ] || die "$path $version: the proxy served other bytes than third_party/bazel/modules.txt pins." "expected sha256 $sha" "found    sha256 $got"
    unpack "$zip" "$partial/unpacked"
    mkdir -p "$partial/$module/$subdir"
    cp -R "$partial/unpacked/$path@$version/." "$partial/$module/$subdir/"
    chmod -R u+w "$partial"
    rm -rf "$partial/unpacked" "$zip"
    # A nested module of a workspace has no go.sum in its zip; the root's covers it.
    if [ "$subdir" != . ] && [ ! -e "$partial/$module/$subdir/go.sum" ]; then cp "$partial/$module/go.sum" "$partial/$module/$subdir/"; fi
  done
  # Module zips drop the executable bit.
  find "$partial" -type f | while read -r file; do
    case $(head -c 2 "$file" | tr -d '\0') in '#!') chmod +x "$file" ;; esac
  done
  mv "$partial" "$1"
}

# write_launcher_rc FILE: the generated flags.
write_launcher_rc() {
  {
    echo "common --disk_cache=$KMS_CACHE/disk"
    echo "common --repository_cache=$KMS_CACHE/repository"
    [ -z "${GOPROXY:-}" ] || echo "common --repo_env=GOPROXY=$GOPROXY"
    [ -z "${NPM_CONFIG_REGISTRY:-}" ] || echo "common --repo_env=NPM_CONFIG_REGISTRY=$NPM_CONFIG_REGISTRY"
    # A server lives in the root that it was started in: with another root, another server.
    [ -z "${KMS_ROOT_DIR:-}" ] || echo "startup --host_jvm_args=-Dkms.root=$KMS_ROOT_DIR"
    [ -z "${KMS_JAVA_TRUST:-}" ] || echo "startup --host_jvm_args=-Djavax.net.ssl.trustStore=$KMS_JAVA_TRUST"
    # What the shell and the Go tools need in the hermetic sandbox: libraries, and /proc/self.
    for dir in /bin /lib /lib64 /proc /usr; do
      [ ! -d "$dir" ] || echo "common:release --sandbox_add_mount_pair=$dir"
    done
    # Debian's Bazel says only in the system's rc file where its own parts lie; a release reads no such file.
    [ ! -r /etc/bazel/bazelrc ] || grep -E '^startup --(install_base=|trust_install_base$)' /etc/bazel/bazelrc || true
    # Read after every other rc file, so that no line in user.bazelrc gives a release a cache back.
    for command in common build test run cquery; do
      for flag in --disk_cache= --remote_cache= --remote_executor= --experimental_remote_downloader= --remote_proxy=; do
        echo "$command:release $flag"
      done
    done
  } >"$1"
  [ "$(registry_mode)" = overlays ] || return 0
  modules=$KMS_CACHE/modules-$(cksum <"$workspace/third_party/bazel/modules.txt" | cut -d' ' -f1)
  with_lock modules fetch_modules "$modules"
  {
    echo "# Versions are pinned by third_party/bazel, not by a registry's lock file."
    echo "common --lockfile_mode=off"
    for module in rules_go gazelle; do echo "common --override_module=$module=$modules/$module"; done
    for dir in "$workspace"/third_party/bazel/overlays/*/; do
      echo "common --override_module=$(basename "$dir")=${dir%/}"
    done
    for pair in bazel_skylib=tools/skylib platforms=tools/platforms rules_cc=rules/cc rules_java=rules/java \
      rules_license=rules/license rules_proto=rules/proto rules_python=rules/python rules_shell=rules/shell; do
      dir=/usr/share/bazel/${pair#*=}
      [ -d "$dir" ] || die "the Bazel Central Registry is out of reach, and $dir is missing." "Install Debian's packages of the Bazel rules, or make $bcr reachable."
      echo "common --override_module=${pair%%=*}=$dir"
    done
  } >>"$1"
}

# is_release ARGUMENTS...: whether they ask for --config=release.
is_release() {
  before=
  for argument in "$@"; do
    case $before$argument in
      --) break ;;
      --config=release | --configrelease) return 0 ;;
    esac
    before=
    [ "$argument" != --config ] || before=--config
  done
  return 1
}

# exec_with_rc BAZEL RC ARGUMENTS...: becomes Bazel with the generated flags. The file is kept under a name
# made of its content, so that equal flags keep Bazel's server and its caches. A release is built by the
# checkout's flags alone: the rc files of the system and of the home folder are not read.
exec_with_rc() {
  bazel=$1
  kept=$KMS_CACHE/launcher-$(cksum <"$2" | cut -d' ' -f1).bazelrc
  mv "$2" "$kept.$$"
  mv "$kept.$$" "$kept"
  shift 2
  if is_release "$@"; then
    set -- --nosystem_rc --nohome_rc "$@"
    unset TMPDIR # actions get it, and in the hermetic sandbox they do not have that folder
  fi
  BAZELISK_SKIP_WRAPPER=1 exec "$bazel" --bazelrc="$kept" "$@"
}

# shellcheck shell=sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# find_bazel: prints the path of a Bazel that fits .bazelversion, or fails.

# The oldest that rules_go's module accepts; .bazelversion gives the major version.
bazel_minimum_minor=7

# version_fits VERSION: whether VERSION (such as 7.7.1) is in the range of .bazelversion (such as 7.x).
version_fits() {
  want=$(cat "$workspace/.bazelversion")
  major=${1%%.*}
  rest=${1#*.}
  minor=${rest%%.*}
  case $want in
    *.x) [ "$major" = "${want%.x}" ] && [ "$minor" -ge "$bazel_minimum_minor" ] 2>/dev/null ;;
    *) [ "$1" = "$want" ] ;;
  esac
}

find_bazel() {
  if [ -n "${BAZEL_REAL:-}" ]; then
    printf '%s\n' "$BAZEL_REAL"
    return
  fi
  IFS_before=$IFS
  IFS=:
  for dir in $PATH; do
    IFS=$IFS_before
    # Bazelisk reads .bazelversion itself. It would come back here for its wrapper: not from here.
    for name in bazel bazelisk; do
      candidate=$dir/$name
      [ -x "$candidate" ] && [ ! -d "$candidate" ] || continue
      [ "$candidate" -ef "$workspace/tools/bazel" ] && continue
      version=$(cd "$workspace" && BAZELISK_SKIP_WRAPPER=1 "$candidate" --version 2>/dev/null | sed -n 's/^bazel \([0-9][0-9.]*\).*/\1/p')
      if [ -n "$version" ] && version_fits "$version"; then
        say "using $candidate, Bazel $version"
        printf '%s\n' "$candidate"
        return
      fi
      say "passing over $candidate: ${version:-no version}, where $(cat "$workspace/.bazelversion") from $bazel_minimum_minor on is wanted"
    done
  done
  IFS=$IFS_before
  return 1
}

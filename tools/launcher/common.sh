# shellcheck shell=sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by tools/bazel and its parts: messages, the cache directory, locks. Needs $workspace.

say() { printf 'tools/bazel: %s\n' "$*" >&2; }

die() {
  say "$1"
  shift
  for line in "$@"; do printf '  %s\n' "$line" >&2; done
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

KMS_CACHE=${KMS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kms-enclave}
mkdir -p "$KMS_CACHE"
KMS_CACHE=$(CDPATH='' cd -- "$KMS_CACHE" && pwd -P)
export KMS_CACHE

# with_lock NAME COMMAND...: runs COMMAND while holding the cache's lock NAME; a second caller waits.
with_lock() {
  lock=$KMS_CACHE/$1.lock
  shift
  if ! have flock; then
    "$@"
    return
  fi
  exec 9>"$lock"
  if ! flock -n 9; then
    say "another run is preparing the same thing; waiting for it"
    flock 9
  fi
  "$@"
  exec 9>&-
}

# sha256_of FILE: its lowercase hex digest.
sha256_of() {
  if have sha256sum; then sha256sum "$1" | cut -d' ' -f1; else shasum -a 256 "$1" | cut -d' ' -f1; fi
}

# export_registries: makes known where Go modules and npm packages come from, asking the machine's own
# clients. Nothing is assumed: without an answer the rules that need one say so.
export_registries() {
  if [ -z "${GOPROXY:-}" ] && have go; then GOPROXY=$(cd / && go env GOPROXY); fi
  if [ -z "${NPM_CONFIG_REGISTRY:-}" ] && have npm; then
    NPM_CONFIG_REGISTRY=$(cd / && npm config get registry 2>/dev/null) || NPM_CONFIG_REGISTRY=
  fi
  export GOPROXY="${GOPROXY:-}" NPM_CONFIG_REGISTRY="${NPM_CONFIG_REGISTRY:-}"
}

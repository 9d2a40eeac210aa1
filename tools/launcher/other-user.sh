# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# Sourced by tools/reprotest and tools/trusttest, after common.sh.

# can_be_other_user: whether this process may become another user on another host.
can_be_other_user() { [ "$(id -u)" = 0 ] && have setpriv; }

# as_other_user UID HOST CACHE COMMAND...: runs a command as that user, on a machine of that name. Bazel itself,
# its modules and downloads are lent from KMS_CACHE to the folder CACHE by mounts; what is built is not shared.
as_other_user() {
  other_uid=$1 other_host=$2 other_cache=$3
  shift 3
  mkdir -p "$other_cache"
  [ ! -e "$KMS_CACHE/registry-mode" ] || cp "$KMS_CACHE/registry-mode" "$other_cache/"
  chown -R "$other_uid:$other_uid" "$other_cache"
  # shellcheck disable=SC2016
  KMS_LENT="$KMS_CACHE" unshare -m -u --propagation private sh -c '
    uid=$1 host=$2 cache=$3
    shift 3
    hostname "$host"
    for dir in "$KMS_LENT"/debian-* "$KMS_LENT"/modules-* "$KMS_LENT"/repository; do
      [ -d "$dir" ] && [ "${dir%.partial}" = "$dir" ] || continue
      mkdir -p "$cache/$(basename "$dir")"
      mount --bind "$dir" "$cache/$(basename "$dir")"
    done
    chown "$uid:$uid" "$cache"
    unset KMS_LENT
    export KMS_CACHE="$cache"
    exec setpriv --reuid="$uid" --regid="$uid" --clear-groups "$@"
  ' sh "$other_uid" "$other_host" "$other_cache" "$@"
}

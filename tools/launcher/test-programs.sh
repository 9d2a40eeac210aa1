# shellcheck shell=sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# need_test_programs: on a machine with a Bazel of its own, sees to the programs that the tests run.

need_test_programs() {
  missing=
  have chromium || missing="$missing chromium"
  have firefox-esr || have firefox || missing="$missing firefox-esr"
  node_fits || missing="$missing nodejs"
  have nginx || [ -x /usr/sbin/nginx ] || missing="$missing nginx-light"
  have caddy || missing="$missing caddy"
  have Xvfb || missing="$missing xvfb"
  have WebKitWebDriver || missing="$missing $(webkit_package)"
  [ -n "$missing" ] || return 0
  if have apt-get && [ "$(id -u)" = 0 ]; then
    say "installing for the tests:$missing"
    # shellcheck disable=SC2086
    { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing; } >"$KMS_CACHE/test-programs.log" 2>&1 ||
      die "apt-get could not install$missing; its output is in $KMS_CACHE/test-programs.log"
    node_fits && return 0
  fi
  die "the tests need programs that this machine lacks:$missing" \
    "Debian: apt-get install$missing" \
    "elsewhere: Chromium as 'chromium', Firefox as 'firefox-esr' or 'firefox', Node.js 22.12 or later as 'node', nginx, caddy, Xvfb and WebKitWebDriver, all in /usr/bin or /usr/sbin."
}

# webkit_package: Debian 12 has WebKitGTK's driver under another name than later releases.
webkit_package() {
  if apt-cache show webkitgtk-webdriver >/dev/null 2>&1; then echo webkitgtk-webdriver; else echo webkit2gtk-driver; fi
}

# node_fits: whether there is a node that puppeteer-core runs on.
node_fits() {
  have node || return 1
  version=$(node --version)
  version=${version#v}
  major=${version%%.*}
  rest=${version#*.}
  [ "$major" -gt 22 ] || { [ "$major" = 22 ] && [ "${rest%%.*}" -ge 12 ]; }
}

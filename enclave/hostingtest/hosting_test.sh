#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# Serves the release with nginx and with Caddy, each by the configuration in the release, and lets
# kmsverify judge the running site: it must be verified as it is, and refuted once a file is altered.
set -u
verify=$PWD/$1 release=$PWD/$2
work=$TEST_TMPDIR/hosting
embedders=https://app.example
cases=
failed=0

# outcome NAME GOT WANT: records one case by the verifier's exit code.
outcome() {
  if [ "$2" = "$3" ]; then
    echo "ok    $1"
    cases="$cases<testcase name=\"$1\"/>"
  else
    echo "FAIL  $1: kmsverify exited $2, expected $3"
    cases="$cases<testcase name=\"$1\"><failure>kmsverify exited $2, expected $3</failure></testcase>"
    failed=1
  fi
}

# judge HOST URL PID: waits for the site, then checks it, alters one file, and checks again.
judge() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    "$verify" site "$2" >"$work/$1.log" 2>&1
    code=$?
    [ "$code" = 2 ] || break
    kill -0 "$3" 2>/dev/null || break
    sleep 0.5
  done
  [ "$code" = 0 ] || cat "$work/$1.log" "$work/$1-server.log"
  outcome "$1 serves a verified site" "$code" 0
  printf ' ' >>"$work/$1/LICENSE.txt"
  "$verify" site "$2" >/dev/null 2>&1
  outcome "$1 with an altered file is refuted" "$?" 1
  kill "$3"
  wait "$3" 2>/dev/null
}

# root HOST: a document root as docs/hosting.md describes it.
root() {
  mkdir -p "$work/$1"
  cp -RL "$release"/. "$work/$1/"
  chmod -R u+w,a+rX "$work"
  printf '{"format":"kms-enclave-deployment/1","embedders":["%s"]}' "$embedders" >"$work/$1/deployment.json"
}

root nginx
cat >"$work/nginx.conf" <<CONF
daemon off;
pid $work/nginx.pid;
error_log stderr;
events { }
http {
  access_log off;
  client_body_temp_path $work/t1; proxy_temp_path $work/t2; fastcgi_temp_path $work/t3; uwsgi_temp_path $work/t4; scgi_temp_path $work/t5;
  server {
    listen 127.0.0.1:18081;
    root $work/nginx;
    set \$kms_embedders "$embedders";
    include $work/nginx/nginx.conf;
  }
}
CONF
PATH=$PATH:/usr/sbin nginx -p "$work" -e stderr -g "master_process off;" -c "$work/nginx.conf" >"$work/nginx-server.log" 2>&1 &
judge nginx http://127.0.0.1:18081 $!

root caddy
cat >"$work/caddy.conf" <<CONF
{
	admin off
	auto_https off
}
http://127.0.0.1:18082 {
	root * $work/caddy
	import $work/caddy/Caddyfile
}
CONF
HOME=$work XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work KMS_EMBEDDERS=$embedders \
  caddy run --adapter caddyfile --config "$work/caddy.conf" >"$work/caddy-server.log" 2>&1 &
judge caddy http://127.0.0.1:18082 $!

printf '<testsuites><testsuite name="hosting">%s</testsuite></testsuites>\n' "$cases" >"$XML_OUTPUT_FILE"
exit "$failed"

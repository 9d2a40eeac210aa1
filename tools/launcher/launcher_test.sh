#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# Runs tools/bazel in a copy of what it needs, with stand-ins for Bazel and for the module proxy, and holds
# what it decides against what its head promises. A real set-up is what every other test runs in.
set -u
here=$PWD
failed=0
cases=

check() { # check NAME CONDITION...
  name=$1
  shift
  if "$@"; then
    echo "ok    $name"
    cases="$cases<testcase name=\"$name\"/>"
  else
    echo "FAIL  $name"
    sed 's/^/      /' "$TEST_TMPDIR/output"
    cases="$cases<testcase name=\"$name\"><failure>see the log</failure></testcase>"
    failed=1
  fi
}

said() { grep -qF -- "$1" "$TEST_TMPDIR/output"; }
unsaid() { ! said "$1"; }

# A checkout with the launcher, and one module to fetch.
tree=$TEST_TMPDIR/checkout
mkdir -p "$tree/tools/launcher" "$tree/third_party/bazel/overlays/zlib" "$TEST_TMPDIR/path"
cp -L tools/bazel "$tree/tools/bazel"
cp -L tools/launcher/*.sh "$tree/tools/launcher/"
cp -L .bazelversion "$tree/.bazelversion"
echo 'module(name = "zlib")' >"$tree/third_party/bazel/overlays/zlib/MODULE.bazel"

# The programs that the launcher uses, without any bazel or apt-get that this machine may have.
bare=$TEST_TMPDIR/bare
mkdir -p "$bare"
for program in basename cat chmod cksum cp curl cut dirname env find flock grep head id ls mkdir mktemp mv rm sed sh sha256sum tr uname unzip; do
  found=$(command -v "$program") && ln -sf "$found" "$bare/$program"
done

# bazel VERSION: a stand-in on PATH that tells its version, or its arguments and the generated flags.
bazel() {
  cat >"$TEST_TMPDIR/path/bazel" <<STAND_IN
#!/bin/sh
[ "\$1" != --version ] || { echo "bazel $1"; exit; }
echo "ran stand-in with: \$*"
echo "temporary folder: \${TMPDIR-none}"
cat "\${1#--bazelrc=}"
STAND_IN
  chmod +x "$TEST_TMPDIR/path/bazel"
}

run() { # run VARIABLE=VALUE... ARGUMENTS: output and error in one file
  (cd "$tree" && env -u GOPROXY -u BAZEL_REAL KMS_CACHE="$TEST_TMPDIR/cache" KMS_REGISTRY=bcr HOME="$TEST_TMPDIR" \
    PATH="$TEST_TMPDIR/path:$bare" "$@") >"$TEST_TMPDIR/output" 2>&1
}

bazel 7.8.2
run tools/bazel build //x
check "a fitting bazel on PATH is used and named" said "Bazel 7.8.2"
check "arguments are passed on after the generated flags" said " build //x"
check "caches lie in the cache directory" said "common --disk_cache=$TEST_TMPDIR/cache/disk"
check "with the registry in reach no module is overridden" unsaid "--override_module"

run GOPROXY=https://proxy.example,direct tools/bazel build //x
check "the module proxy is passed on" said "common --repo_env=GOPROXY=https://proxy.example,direct"

# What a release takes from: nothing that another rc file names.
run tools/bazel build --config=release //x
check "a release reads no rc file of the system or the home folder" said " --nosystem_rc --nohome_rc build --config=release //x"
for flag in disk_cache remote_cache remote_executor experimental_remote_downloader; do
  check "no other rc file has the last word on --$flag for a release" said "build:release --$flag="
done
run TMPDIR="$TEST_TMPDIR" tools/bazel build --config=release //x
check "the actions of a release do not get a TMPDIR that they cannot see" said "temporary folder: none"
run tools/bazel build --config release //x
check "the configuration may be named in two words" said " --nosystem_rc --nohome_rc build --config release //x"
run tools/bazel run //x -- --config=release
check "an argument of a program is no configuration" unsaid "--nosystem_rc"

bazel 6.4.0
run KMS_ROOT=nonsense tools/bazel build //x
check "an old bazel on PATH is passed over and named" said "6.4.0, where 7.x from 7 on is wanted"
check "an unknown kind of root is refused by name" said "KMS_ROOT is 'nonsense'"

bazel 9.1.0
run KMS_ROOT=nonsense tools/bazel build //x
check "a bazel of a later major version is passed over" said "9.1.0"

cp "$TEST_TMPDIR/path/bazel" "$TEST_TMPDIR/real"
run BAZEL_REAL="$TEST_TMPDIR/real" tools/bazel build //x
check "BAZEL_REAL is obeyed whatever its version" said "ran stand-in with:"

rm "$TEST_TMPDIR/path/bazel"
run tools/bazel build //x
check "where none can be set up it says what to install" said "Install Bazelisk"

# Without the registry: modules come from the proxy, checked against their digest.
bazel 7.7.1
proxy=$TEST_TMPDIR/proxy/example.com/rules/@v
mkdir -p "$proxy" "$TEST_TMPDIR/zip/example.com/rules@v1.0.0"
printf '#!/bin/sh\n' >"$TEST_TMPDIR/zip/example.com/rules@v1.0.0/run.sh"
echo 'module(name = "rules_go")' >"$TEST_TMPDIR/zip/example.com/rules@v1.0.0/MODULE.bazel"
"$here/$1" "$TEST_TMPDIR/zip" "$proxy/v1.0.0.zip"
digest=$(sha256sum "$proxy/v1.0.0.zip" | cut -d' ' -f1)

printf '# pins\nrules_go . example.com/rules v1.0.0 %064d\n' 0 >"$tree/third_party/bazel/modules.txt"
run KMS_REGISTRY=overlays GOPROXY="file://$TEST_TMPDIR/proxy" tools/bazel build //x
check "a module with other bytes than the pinned ones is refused" said "found    sha256 $digest"

printf '# pins\nrules_go . example.com/rules v1.0.0 %s\n' "$digest" >"$tree/third_party/bazel/modules.txt"
run KMS_REGISTRY=overlays tools/bazel build //x
check "without a module proxy it says how to name one" said "Set GOPROXY"

run KMS_REGISTRY=overlays GOPROXY="file://$TEST_TMPDIR/proxy" tools/bazel build //x
module=$(ls -d "$TEST_TMPDIR"/cache/modules-*[0-9]/rules_go)
check "a module is laid out with its executable files" test -x "$module/run.sh"
if [ -d /usr/share/bazel/tools/skylib ]; then
  check "each overlay is an override" said "--override_module=zlib=$tree/third_party/bazel/overlays/zlib"
  check "a fetched module is an override" said "--override_module=rules_go=$module"
else
  check "missing Debian packages are named" said "Install Debian's packages"
fi

rm -r "$TEST_TMPDIR/proxy"
run KMS_REGISTRY=overlays GOPROXY="file://$TEST_TMPDIR/proxy" tools/bazel build //x
check "what was fetched once is not fetched again" unsaid "could not fetch"

printf '<testsuites><testsuite name="launcher">%s</testsuite></testsuites>\n' "$cases" >"$XML_OUTPUT_FILE"
exit "$failed"

# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""A test that lets each Fuzz function of a go_test mutate its seeds for a while."""

_SCRIPT = """#!/bin/sh
# Runs each Fuzz function for {runs} inputs and writes one case for each.
set -u
export GO_TEST_RUN_FROM_BAZEL=1 # the test looks for its data from its own package, as go test does
program=$PWD/{program}
functions=$("$program" -test.list '^Fuzz' | grep '^Fuzz')
[ -n "$functions" ] || {{ echo "{program} has no Fuzz function"; exit 1; }}
failed=0
cases=
for function in $functions; do
  echo "=== $function"
  if "$program" -test.run='^$' -test.fuzz="^$function\\$" -test.fuzztime={runs}x -test.parallel=2 -test.fuzzcachedir="$TEST_TMPDIR/$function"; then
    cases="$cases<testcase name=\\"$function\\"/>"
  else
    failed=1
    cases="$cases<testcase name=\\"$function\\"><failure>see the log</failure></testcase>"
  fi
done
printf '<testsuites><testsuite name="fuzz">%s</testsuite></testsuites>\\n' "$cases" >"$XML_OUTPUT_FILE"
exit "$failed"
"""

def _fuzz_test_impl(ctx):
    script = ctx.actions.declare_file(ctx.label.name + ".sh")
    ctx.actions.write(script, _SCRIPT.format(
        program = ctx.executable.test.short_path,
        runs = ctx.attr.runs,
    ), is_executable = True)
    return [DefaultInfo(
        executable = script,
        runfiles = ctx.runfiles([ctx.executable.test]).merge(ctx.attr.test[DefaultInfo].default_runfiles),
    )]

fuzz_test = rule(
    implementation = _fuzz_test_impl,
    doc = "A short run of every Fuzz function of a go_test.",
    test = True,
    attrs = {
        "runs": attr.int(default = 20000, doc = "inputs for each function"),
        "test": attr.label(mandatory = True, executable = True, cfg = "target", doc = "a go_test with Fuzz functions"),
    },
)

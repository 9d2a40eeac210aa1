#!/bin/sh
# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0
#
# packages_test.sh PACKAGES LOCK STRENGTH: the list names each package in the script, as the lock file pins it.
set -eu
exec node -e '
const { readFileSync } = require("node:fs");
const [list, lock, script] = process.argv.slice(1).map((path) => readFileSync(path, "utf8"));
const pinned = JSON.parse(lock).packages;
const lines = list.split("\n").filter((line) => line && !line.startsWith("#"));
const listed = lines.map((line) => line.split(" ")[0]);
const used = [...script.matchAll(/^  \/\/ package:((?:@[^/]+\/)?[^/]+)\//gm)].map((match) => match[1]);
const want = [...new Set(used)].sort().join();
if (want === "" || listed.join() !== want) throw new Error(`strength.js has ${want}; packages.txt lists ${listed}`);
for (const line of lines) {
  const [name, version, sha512, license] = line.split(" ");
  const entry = pinned[`node_modules/${name}`];
  const hash = Buffer.from(entry.integrity.replace("sha512-", ""), "base64").toString("hex");
  if (entry.version !== version || hash !== sha512 || entry.license !== license)
    throw new Error(`packages.txt: ${name} is not as the lock file pins it`);
}
' "$@"

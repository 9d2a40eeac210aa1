// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { checkProof, entryBody, maxProof, parseProof, ProofError, type ProofRule, readRule } from "../sdk/tlogproof.ts";
import { compareVersions, isVersion } from "../sdk/version.ts";
import { settings } from "./settings.ts";
import { UpdateLog } from "./updatelog.ts";

/** One block of a file of vectors, whose form kmslib/internal/vectors specifies. */
type Vector = Record<string, string>;

function readVectors(...path: string[]): Vector[] {
  const text = readFileSync(join(settings.vectors(), ...path), "utf8");
  return text
    .trimEnd()
    .split("\n\n")
    .map((block) => block.split("\n").filter((line) => !line.startsWith("#")))
    .filter((lines) => lines.length > 0)
    .map((lines) => Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)])));
}

const octets = (bytes: Buffer | string) => new Uint8Array(typeof bytes === "string" ? Buffer.from(bytes) : bytes);

function words(text = ""): string[] {
  return text.split(" ").filter((word) => word !== "");
}

/** How checking ends: "accept", or the code. */
async function outcome(proof: Uint8Array<ArrayBuffer>, rule: ProofRule, manifest: Uint8Array<ArrayBuffer>) {
  try {
    return { word: "accept", ...(await checkProof(parseProof(proof), await readRule(rule), manifest)) };
  } catch (error) {
    if (!(error instanceof ProofError)) throw error;
    assert.notEqual(error.message, "");
    return { word: error.code };
  }
}

test("the vectors of update proofs end as they do in Go", async (t) => {
  const vectors = readVectors("update", "proofs.txt");
  assert.ok(vectors.length > 100);
  for (const vector of vectors) {
    await t.test(vector.name ?? "", async () => {
      const rule = {
        keys: words(vector.keys),
        log: vector.log ?? "",
        witnesses: words(vector.witnesses),
        threshold: Number(vector.threshold),
      };
      const file = octets(Buffer.from(vector["proof-hex"] ?? "", "hex"));
      const manifest = octets(vector.manifest ?? "");
      const ended = await outcome(file, rule, manifest);
      if (vector.expect !== "accept") return assert.deepEqual(ended, { word: vector.expect });
      assert.deepEqual(ended, { word: "accept", time: Number(vector.time), index: Number(vector.index) });
      await assertEntry(vector, parseProof(file).signature);
    });
  }
});

/** The entry of the log is the one that the vector shows, for one of the keys. */
async function assertEntry(vector: Vector, signature: Uint8Array<ArrayBuffer>): Promise<void> {
  const digest = octets(Buffer.from(await crypto.subtle.digest("SHA-256", octets(vector.manifest ?? ""))));
  const entries = words(vector.keys).map((key) => entryBody(digest, signature, octets(Buffer.from(key, "base64"))));
  assert.ok(entries.some((entry) => Buffer.from(entry).toString() === vector.entry));
}

test("no proof with an altered byte is accepted", async () => {
  const manifest = Buffer.from('{"format":"kms-enclave-release/2","version":"0.5.0"}');
  const log = new UpdateLog();
  const good = octets(log.prove(manifest, 1_790_000_000));
  assert.deepEqual(await outcome(good, log.rule, octets(manifest)), { word: "accept", time: 1_790_000_000, index: 2 });
  const rule = await readRule(log.rule);
  for (let at = 0; at < good.length; at++) {
    for (const bit of [1, 1 << (at % 8)]) {
      const altered = good.slice();
      altered[at] = (altered[at] ?? 0) ^ bit;
      const accepted = await Promise.resolve()
        .then(() => checkProof(parseProof(altered), rule, octets(manifest)))
        .then(() => true, (error: unknown) => !(error instanceof ProofError));
      assert.equal(accepted, false, `byte ${at} with bit ${bit} altered`);
    }
  }
});

test("a file that is longer than any proof is not read", () => {
  assert.throws(() => parseProof(new Uint8Array(maxProof + 1)), { code: "format", message: /131072/ });
});

test("where Ed25519 is missing nothing is skipped", async (t) => {
  const log = new UpdateLog();
  const manifest = Buffer.from("{}");
  const importKey = crypto.subtle.importKey.bind(crypto.subtle) as (...args: unknown[]) => Promise<CryptoKey>;
  t.mock.method(crypto.subtle, "importKey", async (...args: unknown[]) => {
    const { name } = args[2] as { name: string };
    if (name === "Ed25519") throw new DOMException("unknown algorithm", "NotSupportedError");
    return importKey(...args);
  });
  await assert.rejects(outcome(octets(log.prove(manifest, 1)), log.rule, octets(manifest)), { code: "not_supported", message: /Ed25519/ });
});

test("versions are ordered as Semantic Versioning says", () => {
  const ascending = [
    "0.0.0", "0.0.1", "0.1.0", "0.9.0", "0.10.0", "1.0.0-0", "1.0.0-1", "1.0.0-10", "1.0.0--", "1.0.0-1a", "1.0.0-a",
    "1.0.0-a.1", "1.0.0-a.a", "1.0.0-b", "1.0.0", "1.0.1-0", "2.0.0", "10.0.0", "9007199254740993.0.0", "9007199254740994.0.0",
  ];
  for (const [i, a] of ascending.entries()) {
    assert.ok(isVersion(a), a);
    for (const [j, b] of ascending.entries()) assert.equal(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a}, ${b}`);
  }
  for (const text of ["", "1", "1.0", "v1.0.0", "1.0.0+1", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0-a..b", "1.0.0 ", "1.0.0\n", `1.0.0-${"a".repeat(60)}`, 1]) {
    assert.ok(!isVersion(text), String(text));
  }
});

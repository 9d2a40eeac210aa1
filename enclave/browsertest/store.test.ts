// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { stage, visit } from "./stage.ts";
import { runTogether, runWasm } from "./wasm.ts";

test("in a real worker keys, storage, locks, tabs and sessions keep their promises", async (t) => {
  const posts = await visit(stage.app.url, (page) => runWasm(page, { do: "cases" }));
  const outcomes = posts.slice(0, -1) as { name: string; ok: boolean; error?: string }[];
  for (const { name, ok, error } of outcomes) await t.test(name, () => assert.ok(ok, error ?? ""));
  await t.test("the cases that matter most were among them", () => {
    const names = outcomes.map((outcome) => outcome.name).join("\n");
    for (const needed of [
      /cannot be exported/,
      /survives closing and opening/,
      /damaged record is reported and kept/,
      /a lock is free when the worker of its holder ends/,
    ]) {
      assert.match(names, needed);
    }
    assert.ok(outcomes.length >= 100, `${outcomes.length} cases`);
  });
});

test("a vault that two workers use at once with 300 operations each has a log without gap or fork", async () => {
  await visit(stage.app.url, async (page) => {
    await runWasm(page, { do: "prepare", database: "mixed" });
    const mixed = { do: "mixed", database: "mixed", operations: 300 } as const;
    const posts = await runTogether(page, [
      { ...mixed, seed: 1 },
      { ...mixed, seed: 2 },
    ]);
    for (const each of posts) assert.equal(each.at(-1)?.failed, 0, JSON.stringify(each.at(-1)));
    const [checked] = await runWasm(page, { do: "check", database: "mixed" });
    assert.equal(checked?.verified, true, String(checked?.findings));
  });
});

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import { stage, visit } from "./stage.ts";

/** What cmd/enclavetest posts for each case, and at the end. */
interface Outcome {
  name: string;
  ok: boolean;
  error?: string;
}

test("in a real worker the store keeps its promises and no private key can be exported", async (t) => {
  const outcomes = await visit(stage.app.url, (page) =>
    page.evaluate(
      () =>
        new Promise<Outcome[]>((done, fail) => {
          const outcomes: Outcome[] = [];
          const worker = new Worker("/wasmworker.js");
          worker.onerror = (event) => fail(new Error(event.message));
          worker.onmessage = (event: MessageEvent<string>) => {
            const message = JSON.parse(event.data) as Outcome | { done: true };
            if ("done" in message) done(outcomes);
            else outcomes.push(message);
          };
        }),
    ),
  );
  for (const { name, ok, error } of outcomes) await t.test(name, () => assert.ok(ok, error ?? ""));
  await t.test("the cases that matter most were among them", () => {
    const names = outcomes.map((outcome) => outcome.name).join("\n");
    for (const needed of [
      /cannot be exported/,
      /survives closing and opening/,
      /damaged record is reported and kept/,
    ]) {
      assert.match(names, needed);
    }
    assert.ok(outcomes.length >= 20, `${outcomes.length} cases`);
  });
});

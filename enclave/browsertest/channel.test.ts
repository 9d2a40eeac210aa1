// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import type { AnswerMessage, ErrorCode } from "../sdk/index.ts";
import { stage, visit } from "./stage.ts";

/** Asserts that an answer has this id and refuses with this code. */
function assertRefused(answer: AnswerMessage | null, id: number, code: ErrorCode): void {
  assert.ok(answer && "error" in answer, `expected ${code}, found ${JSON.stringify(answer)}`);
  assert.equal(answer.error.code, code, answer.error.message);
  assert.equal(answer.id, id);
  assert.ok(answer.error.message.length > 0);
}

/** Says one hello, right but for changes, to a frame of its own, and returns the answer. */
function greetWith(page: Page, changes: Record<string, unknown>): Promise<AnswerMessage> {
  return page.evaluate(
    async (url, changes) => {
      const frame = await app.embed(url);
      const line = app.greet(frame.contentWindow as Window, new URL(url).origin, { ...app.hello(), ...changes });
      return line.next().finally(() => frame.remove());
    },
    stage.enclave.url,
    changes,
  );
}

test("a right hello is answered with its nonce, the protocol and the release", async () => {
  const answer = await visit(stage.app.url, (page) => greetWith(page, { nonce: "x".repeat(43) }));
  assert.ok("result" in answer);
  assert.equal(answer.id, 0);
  const hello = JSON.parse(answer.result) as Record<string, unknown>;
  assert.equal(hello.nonce, "x".repeat(43));
  assert.equal(hello.protocol, stage.enclave.manifest.protocol);
  assert.equal(hello.release, stage.enclave.digest);
});

test("a hello of another shape is refused", async (t) => {
  await visit(stage.app.url, async (page) => {
    for (const [name, changes, code] of [
      ["nonce too short", { nonce: "x".repeat(21) }, "invalid_message"],
      ["nonce too long", { nonce: "x".repeat(44) }, "invalid_message"],
      ["nonce not base64url", { nonce: "+".repeat(22) }, "invalid_message"],
      ["nonce no string", { nonce: 1 }, "invalid_message"],
      ["protocol no number", { protocol: "2" }, "invalid_message"],
      ["protocol of the previous release", { protocol: 1 }, "unsupported_protocol"],
      ["protocol of the future", { protocol: 3 }, "unsupported_protocol"],
      ["a member more", { extra: true }, "invalid_message"],
    ] as const) {
      await t.test(name, async () => assertRefused(await greetWith(page, changes), 0, code));
    }
  });
});

test("a second hello is refused, and the first connection goes on", async () => {
  const { second, first } = await visit(stage.app.url, (page) =>
    page.evaluate(async (url) => {
      const frame = await app.embed(url);
      const say = () => app.greet(frame.contentWindow as Window, new URL(url).origin, app.hello());
      const connection = say();
      await connection.next();
      const second = await say().next();
      return { second, first: await connection.ask({ id: 1, method: "status", params: "{}" }) };
    }, stage.enclave.url),
  );
  assertRefused(second, 0, "already_connected");
  assert.ok("result" in first);
});

test("a hello without a port changes nothing", async () => {
  const answer = await visit(stage.app.url, (page) =>
    page.evaluate(async (url) => {
      const frame = await app.embed(url);
      const window = frame.contentWindow as Window;
      window.postMessage(app.hello(), new URL(url).origin);
      return app.greet(window, new URL(url).origin, app.hello()).next();
    }, stage.enclave.url),
  );
  assert.ok("result" in answer);
});

test("a message that is no request is refused, and the channel goes on", async (t) => {
  await visit(stage.app.url, async (page) => {
    await page.evaluate(async (url) => {
      globalThis.line = await app.connect(url);
    }, stage.enclave.url);
    for (const [name, message] of [
      ["text", "status"],
      ["null", null],
      ["a list", []],
      ["nothing in it", {}],
      ["no id", { method: "status", params: "{}" }],
      ["id 0", { id: 0, method: "status", params: "{}" }],
      ["id below 0", { id: -5, method: "status", params: "{}" }],
      ["id with a fraction", { id: 1.5, method: "status", params: "{}" }],
      ["id as text", { id: "1", method: "status", params: "{}" }],
      ["id beyond 2^53", { id: 2 ** 53, method: "status", params: "{}" }],
    ] as const) {
      await t.test(name, async () => {
        assertRefused(await page.evaluate((message) => line.ask(message), message), -1, "invalid_message");
      });
    }
    for (const [id, name, rest] of [
      [1, "no method", { params: "{}" }],
      [2, "no params", { method: "status" }],
      [3, "params as an object", { method: "status", params: {} }],
      [4, "method as a number", { method: 1, params: "{}" }],
      [5, "bodies that are no list", { method: "status", params: "{}", bodies: 1 }],
      [6, "a member more", { method: "status", params: "{}", extra: 1 }],
    ] as const) {
      await t.test(name, async () => {
        assertRefused(await page.evaluate((message) => line.ask(message), { id, ...rest }), id, "invalid_message");
      });
    }
    await t.test("and a right one is answered", async () => {
      const answer = await page.evaluate(() => line.ask({ id: 7, method: "status", params: "{}" }));
      assert.ok("result" in answer && answer.id === 7);
    });
  });
});

test("a message of values that no request has is refused, and the enclave lives on", async (t) => {
  await visit(stage.app.url, async (page) => {
    await page.evaluate(async (url) => {
      globalThis.line = await app.connect(url);
    }, stage.enclave.url);
    const names = await page.evaluate(() => {
      const strange: Record<string, unknown> = {
        "a bigint": 5n,
        "a bigint as id": { id: 1n, method: "status", params: "{}" },
        "a bigint as params": { id: "x", method: "status", params: 10n ** 40n },
        "a date": new Date(0),
        "a map": new Map([["id", 1]]),
        "an error": new Error("id"),
        "bytes with an index for each member": new Uint8Array(1_000_000),
        "a list with holes as bodies": { id: -1, method: "status", params: "{}", bodies: new Array(1_000_000) },
        "an object in itself": Object.assign({ id: NaN, method: "status", params: "{}" }, { toString: { valueOf: 1 } }),
      };
      const cycle: Record<string, unknown> = { method: "status", params: "{}" };
      cycle.id = cycle;
      strange["a cycle"] = cycle;
      Object.assign(globalThis, { strange });
      return Object.keys(strange);
    });
    for (const name of names) {
      await t.test(name, async () => {
        const answer = await page.evaluate(
          (name) => line.ask((globalThis as unknown as { strange: Record<string, unknown> }).strange[name]),
          name,
        );
        assertRefused(answer, -1, "invalid_message");
      });
    }
    await t.test("and a right one is answered", async () => {
      const answer = await page.evaluate(() => line.ask({ id: 1, method: "status", params: "{}" }));
      assert.ok("result" in answer);
    });
  });
});

test("a request that the table does not allow is refused", async (t) => {
  await visit(stage.app.url, async (page) => {
    await page.evaluate(async (url) => {
      globalThis.line = await app.connect(url);
    }, stage.enclave.url);
    for (const [index, [name, method, params, code]] of (
      [
        ["unknown method", "vapid.steal", "{}", "unknown_method"],
        ["name of an object's own member", "constructor", "{}", "unknown_method"],
        ["hello on the port", "hello", "{}", "already_connected"],
        ["method name beyond the limit", "x".repeat(65), "{}", "too_large"],
        ["params that are no JSON", "status", "{", "invalid_params"],
        ["params that are no object", "status", "[]", "invalid_params"],
        ["unknown member", "status", '{"x":1}', "invalid_params"],
        ["missing member", "vapid.publicKey", "{}", "invalid_params"],
        ["member of another type", "vapid.publicKey", '{"kid":1}', "invalid_params"],
        ["the same member twice", "vapid.publicKey", '{"kid":"a","kid":"b"}', "invalid_params"],
        // Mistakes M06 and M17 (docs/mistakes.md): a caller could choose the master secret, and a token's id.
        ["a master secret", "vault.setup", '{"secret":"AAAA"}', "invalid_params"],
        ["a passphrase", "vault.unlock", '{"passphrase":"x"}', "invalid_params"],
        ["a jti", "vapid.sign", '{"kid":"a","aud":"b","sub":"c","jti":"d"}', "invalid_params"],
        ["params at the size limit", "status", `{}${" ".repeat(65_534)} `, "too_large"],
      ] as const
    ).entries()) {
      await t.test(name, async () => {
        const message = { id: index + 1, method, params };
        assertRefused(await page.evaluate((message) => line.ask(message), message), index + 1, code);
      });
    }
    await t.test("more bodies than allowed", async () => {
      const answer = await page.evaluate(() => {
        const bodies = Array.from({ length: 65 }, () => new ArrayBuffer(1));
        return line.ask({ id: 100, method: "status", params: "{}", bodies }, bodies);
      });
      assertRefused(answer, 100, "too_large");
    });
  });
});

test("an id that was used is refused, and so is one below it", async () => {
  const answers = await visit(stage.app.url, (page) =>
    page.evaluate(async (url) => {
      const line = await app.connect(url);
      const ask = (id: number) => line.ask({ id, method: "status", params: "{}" });
      return [await ask(5), await ask(5), await ask(4), await ask(6)];
    }, stage.enclave.url),
  );
  const [first, same, below, next] = answers;
  assert.ok(first && "result" in first);
  assertRefused(same ?? null, 5, "duplicate_id");
  assertRefused(below ?? null, 4, "duplicate_id");
  assert.ok(next && "result" in next && next.id === 6);
});

test("a flood is answered with busy and a time to wait, after which calls succeed again", async () => {
  const count = 1000;
  const { busy, answered, waits, after } = await visit(stage.app.url, (page) =>
    page.evaluate(
      async (url, count) => {
        const line = await app.connect(url);
        for (let id = 1; id <= count; id++) line.port.postMessage({ id, method: "status", params: "{}" });
        const ids = new Set<number>();
        const waits: number[] = [];
        for (let n = 0; n < count; n++) {
          const answer = await line.next();
          ids.add(answer.id);
          if ("error" in answer && answer.error.code === "busy") waits.push(answer.error.retryAfter ?? 0);
        }
        await new Promise((done) => setTimeout(done, Math.max(...waits)));
        const after = await line.ask({ id: count + 1, method: "status", params: "{}" });
        return { busy: waits.length, answered: ids.size, waits, after };
      },
      stage.enclave.url,
      count,
    ),
  );
  assert.equal(answered, count, "each message of the flood was answered once");
  assert.ok(busy > 0 && busy < count, `${busy} of ${count} were refused`);
  assert.ok(
    waits.every((wait) => wait > 0 && wait <= 5000),
    "each refusal says how long to wait",
  );
  assert.ok("result" in after, `after the wait: ${JSON.stringify(after)}`);
});

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { test } from "node:test";

import type { KmsErrorCode } from "../sdk/index.ts";
import { assertFailed, connect, connectFailure } from "./client.ts";
import { Host } from "./host.ts";
import { openIn, stage, visit } from "./stage.ts";
import { visitVault } from "./vault.ts";

/** A page that answers hello in the named manner; see pages/impostor.ts. */
function impostor(manner: string): string {
  return `${stage.otherApp.host.origin}/impostor.html?manner=${manner}&release=${stage.enclave.digest}`;
}

test("connect makes one hidden, sandboxed, labelled frame and close takes it away", async () => {
  await visit(stage.app.url, async (page) => {
    await connect(page);
    const frame = await page.evaluate(() => {
      const [frame] = document.querySelectorAll("iframe");
      const attributes = [...(frame?.attributes ?? [])]
        .filter(({ name }) => name !== "style")
        .map(({ name, value }) => [name, value]);
      return {
        attributes: Object.fromEntries(attributes) as Record<string, string>,
        shown: frame?.getClientRects().length,
      };
    });
    assert.equal(frame.shown, 0);
    assert.deepEqual(frame.attributes, {
      sandbox: "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads",
      allow: "publickey-credentials-get; publickey-credentials-create; clipboard-write",
      referrerpolicy: "strict-origin",
      title: "Key enclave",
      src: stage.enclave.url,
    });
    assert.equal(await page.evaluate(() => (kms.close(), document.querySelectorAll("iframe").length)), 0);
  });
});

test("the frame goes where the app says", async () => {
  await visit(stage.app.url, async (page) => {
    const parent = await page.evaluate(
      async (url, release) => {
        const container = document.body.appendChild(document.createElement("aside"));
        await app.sdk.connect({ url, release: { digest: release }, container });
        return document.querySelector("iframe")?.closest("dialog")?.parentElement?.localName;
      },
      stage.enclave.url,
      stage.enclave.digest,
    );
    assert.equal(parent, "aside");
  });
});

test("another release than the pinned one is refused", async () => {
  await visit(stage.app.url, async (page) => {
    for (const release of ["0".repeat(64), { digest: "f".repeat(64) }]) {
      assertFailed(
        await connectFailure(page, { url: stage.enclave.url, release }),
        "release_mismatch",
        new RegExp(stage.enclave.digest),
      );
    }
    assert.equal(await page.evaluate(() => document.querySelectorAll("iframe").length), 0, "no frame is left");
  });
});

test("options that cannot be right are refused before anything is embedded", async (t) => {
  const release = stage.enclave.digest;
  const url = stage.enclave.url;
  await visit(stage.app.url, async (page) => {
    for (const [name, options, message] of [
      ["pin of another length", { url, release: "abc" }, /64 lowercase hex/],
      ["pin in upper case", { url, release: release.toUpperCase().replace(/^./, "A") }, /64 lowercase hex/],
      ["relative URL", { url: "/enclave/", release }, /absolute/],
      ["no URL", { url: "", release }, /absolute/],
      ["the page's own origin", { url: `${stage.app.host.origin}/x`, release }, /another origin/],
      ["http beyond loopback", { url: "http://kms.example/", release }, /https/],
      ["http on a name that begins like loopback", { url: "http://localhost.example/", release }, /https/],
      ["a data: URL", { url: "data:text/html,x", release }, /https/],
      ["a user name", { url: "https://user@kms.example/", release }, /user name/],
      ["a timeout of nothing", { url, release, timeout: 0 }, /timeout/],
      ["a timeout below nothing", { url, release, timeout: -1 }, /timeout/],
    ] as const) {
      await t.test(name, async () => {
        assertFailed(await connectFailure(page, options), "invalid_params", message);
        assert.equal(await page.evaluate(() => document.querySelectorAll("iframe").length), 0);
      });
    }
  });
});

test("a page without an origin is refused", async () => {
  await visit(stage.app.url, async (page) => {
    await page.evaluate(() => app.embed("/app.html", { sandbox: "allow-scripts" }));
    const opaque = page.frames().find((frame) => frame.parentFrame());
    assert.ok(opaque);
    const code = await opaque.evaluate(
      (url, release) =>
        app.sdk.connect({ url, release }).then(
          () => "connected",
          (error) => (error as { code: string }).code,
        ),
      stage.enclave.url,
      stage.enclave.digest,
    );
    assert.equal(code, "not_supported");
  });
});

test("a worker is told that it cannot embed", async () => {
  await visit(stage.app.url, async (page) => {
    const code = await page.evaluate(
      () =>
        new Promise((done) => {
          new Worker("/worker.js", { type: "module" }).onmessage = (event) => done(event.data);
        }),
    );
    assert.equal(code, "not_supported");
  });
});

test("where nothing answers, connect says unreachable in the given time", async () => {
  const host = await Host.start(() => undefined);
  await host.close();
  await visit(stage.app.url, async (page) => {
    const failure = await connectFailure(page, { url: `${host.origin}/`, release: stage.enclave.digest, timeout: 700 });
    assertFailed(failure, "unreachable", /700 ms/);
    assert.equal(await page.evaluate(() => document.querySelectorAll("iframe").length), 0);
  });
});

test("a page that answers hello wrongly is refused", async (t) => {
  const codes: Record<string, KmsErrorCode> = {
    nonce: "invalid_message",
    members: "invalid_message",
    json: "invalid_message",
    id: "invalid_message",
    protocol: "unsupported_protocol",
    code: "internal",
  };
  await visit(stage.app.url, async (page) => {
    for (const [manner, code] of Object.entries(codes)) {
      await t.test(manner, async () => {
        assertFailed(
          await connectFailure(page, { url: impostor(manner), release: stage.enclave.digest, timeout: 5000 }),
          code,
        );
      });
    }
  });
});

test("an abort ends connecting, before and while", async () => {
  await visit(stage.app.url, async (page) => {
    const ends = await page.evaluate(
      async (url, release) => {
        const describe = (error: unknown) => {
          const { code, cause } = error as { code: string; cause: unknown };
          return `${code}: ${String(cause)}`;
        };
        const before = await app.sdk.connect({ url, release, signal: AbortSignal.abort("too late") }).catch(describe);
        const controller = new AbortController();
        const pending = app.sdk.connect({ url, release, signal: controller.signal }).catch(describe);
        controller.abort("changed my mind");
        return [before, await pending, document.querySelectorAll("iframe").length];
      },
      stage.enclave.url,
      stage.enclave.digest,
    );
    assert.deepEqual(ends, ["aborted: too late", "aborted: changed my mind", 0]);
  });
});

test("a call that is not answered in time ends with timeout, an aborted one with aborted", async () => {
  await visit(stage.app.url, async (page) => {
    const codes = await page.evaluate(
      async (url, release) => {
        const kms = await app.sdk.connect({ url, release });
        const code = (error: unknown) => (error as { code: string }).code;
        const controller = new AbortController();
        const aborted = kms.status({}, { signal: controller.signal }).catch(code);
        controller.abort();
        return [await kms.status({}, { timeout: 200 }).catch(code), await aborted];
      },
      impostor("mute"),
      stage.enclave.digest,
    );
    assert.deepEqual(codes, ["timeout", "aborted"]);
  });
});

test("an answer that comes after its call was given up does not reach another call", async () => {
  await visit(stage.app.url, async (page) => {
    const ends = await page.evaluate(
      async (url, release) => {
        const kms = await app.sdk.connect({ url, release });
        const first = await kms
          .status({}, { timeout: 100 })
          .catch((error: unknown) => (error as { code: string }).code);
        return [first, await kms.status()];
      },
      impostor("slow"),
      stage.enclave.digest,
    );
    assert.deepEqual(ends, ["timeout", { id: 2 }]);
  });
});

test("close ends pending and later calls with closed, and says so once", async () => {
  await visit(stage.app.url, async (page) => {
    const ends = await page.evaluate(
      async (url, release) => {
        const kms = await app.sdk.connect({ url, release });
        const code = (error: unknown) => (error as { code: string }).code;
        const pending = [kms.status().catch(code), kms.vapid.generate().catch(code)];
        kms.close();
        kms.close();
        return [...(await Promise.all(pending)), await kms.status().catch(code), code(await kms.closed)];
      },
      impostor("mute"),
      stage.enclave.digest,
    );
    assert.deepEqual(ends, ["closed", "closed", "closed", "closed"]);
  });
});

test("when the enclave's document goes away, the connection ends with closed", async () => {
  await visit(stage.app.url, async (page) => {
    const ends = await page.evaluate(
      async (url, release) => {
        const kms = await app.sdk.connect({ url, release });
        const code = (error: unknown) => (error as { code: string }).code;
        return [await kms.status().catch(code), code(await kms.closed), document.querySelectorAll("iframe").length];
      },
      impostor("leave"),
      stage.enclave.digest,
    );
    assert.deepEqual(ends, ["closed", "closed", 0]);
  });
});

test("two pages of one app are both served", async () => {
  await visitVault(async (page) => {
    const second = await openIn(page.browserContext(), stage.app.url);
    await connect(second);
    const { kid, publicKey } = await page.evaluate(() => kms.vapid.generate());
    assert.deepEqual(await second.evaluate((kid) => kms.vapid.publicKey({ kid }), kid), { kid, publicKey });
    await second.close();
  });
});

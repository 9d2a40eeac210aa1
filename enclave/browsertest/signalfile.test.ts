// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";

import type { Page } from "puppeteer-core";

import { codeOf, unbase64url } from "./signalparty.ts";
import { share, talk } from "./signalstage.ts";

/** A file that is encrypted, in the page that has it. */
interface Sealed {
  /** The file's key, base64url. */
  key: string;
  /** Hexadecimal SHA-256 of the plaintext. */
  hash: string;
  bytes: number;
}

/** What came of decrypting: the code of the failure, or "done", and how much came out before. */
interface Outcome {
  code: string;
  hash: string;
  bytes: number;
}

declare global {
  /** The encrypted file that a page has. */
  var sealedFile: Uint8Array<ArrayBuffer>;
}

/** Encrypts a file of pseudo-random bytes in the app's page, as an app does; the result stays there. */
function sealFile(page: Page, size: number): Promise<Sealed> {
  return page.evaluate(async (size) => {
    const file = new Uint8Array(size);
    for (let at = 0; at < size; at += 65536) crypto.getRandomValues(file.subarray(at, Math.min(size, at + 65536)));
    const hash = await crypto.subtle.digest("SHA-256", file);
    const { stream, key } = kms.signal.attachment.encryptStream();
    const sealed = await new Response(new Blob([file]).stream().pipeThrough(stream)).arrayBuffer();
    globalThis.sealedFile = new Uint8Array(sealed);
    const hex = [...new Uint8Array(hash)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const text = btoa(String.fromCharCode(...(await key))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    return { key: text, hash: hex, bytes: sealed.byteLength };
  }, size);
}

/** Takes the encrypted file out of a page, as a server would have it. */
async function takeFile(page: Page): Promise<Uint8Array> {
  const text = await page.evaluate(async () => {
    const reader = new FileReader();
    const read = new Promise((done) => (reader.onload = done));
    reader.readAsDataURL(new Blob([sealedFile]));
    await read;
    return reader.result as string;
  });
  return new Uint8Array(Buffer.from(text.slice(text.indexOf(",") + 1), "base64"));
}

/** Gives a page a file to decrypt. */
async function giveFile(page: Page, file: Uint8Array): Promise<void> {
  await page.evaluate((text) => {
    const latin1 = atob(text);
    globalThis.sealedFile = new Uint8Array(latin1.length);
    for (let at = 0; at < latin1.length; at++) sealedFile[at] = latin1.charCodeAt(at);
  }, Buffer.from(file).toString("base64"));
}

/** What is wrong with a file: bytes that are missing at its end, or the place of one that was altered. */
interface Damage {
  cut?: number;
  altered?: number;
}

/** Decrypts the page's file with the key, as an app does, after some damage. */
function openFile(page: Page, key: string, damage: Damage = {}): Promise<Outcome> {
  return page.evaluate(
    async (key, { cut = 0, altered }) => {
      const file = sealedFile.slice(0, sealedFile.length - cut);
      if (altered !== undefined) file[altered] = (file[altered] ?? 0) ^ 1;
      const given = Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
      const { stream } = kms.signal.attachment.decryptStream(given);
      const reader = new Blob([file]).stream().pipeThrough(stream).getReader();
      const parts: Uint8Array<ArrayBuffer>[] = [];
      let code = "done";
      try {
        for (let read = await reader.read(); !read.done; read = await reader.read()) {
          parts.push(new Uint8Array(read.value));
        }
      } catch (error) {
        code = (error as { code: string }).code;
      }
      const whole = await new Blob(parts).arrayBuffer();
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
      const hex = [...hash].map((byte) => byte.toString(16).padStart(2, "0")).join("");
      return { code, hash: hex, bytes: whole.byteLength };
    },
    key,
    damage,
  );
}

const mebibyte = 1 << 20;

test("a file of 3 MiB goes through the streams of one vault and comes out of another's; cut short or altered it is refused", {
  timeout: 90_000,
}, async () => {
  const { alice, bob } = await talk();
  const size = 3 * mebibyte + 5;
  const sealed = await sealFile(alice.page, size);
  const file = await takeFile(alice.page);
  assert.equal(file.length, sealed.bytes);
  assert.ok(file.length > size && file.length < size + 200, `${file.length} bytes`);
  await giveFile(bob.page, file);
  assert.deepEqual(await openFile(bob.page, sealed.key), { code: "done", hash: sealed.hash, bytes: size });

  // A file that was cut short: within the last segment, just before it, within the third, and to nothing.
  for (const cut of [1, 5 + 16, 5 + 17, mebibyte, file.length]) {
    const { code, bytes } = await openFile(bob.page, sealed.key, { cut });
    assert.ok(["message_malformed", "message_not_authentic"].includes(code), `${cut} bytes cut off: ${code}`);
    assert.ok(bytes < size && (bytes === 0 || bytes >= mebibyte - 100), `${cut} bytes cut off: ${bytes} bytes came out`);
  }
  const altered = await openFile(bob.page, sealed.key, { altered: 2 * mebibyte + 100 });
  assert.equal(altered.code, "message_not_authentic");
  assert.ok(altered.bytes <= 2 * mebibyte, "nothing of an altered segment comes out");
  const wrong = await openFile(bob.page, randomBytes(32).toString("base64url"));
  assert.deepEqual([wrong.code, wrong.bytes], ["message_not_authentic", 0]);
});

test("a file of 20 MiB goes through the streams", { timeout: 90_000 }, async (t) => {
  const { alice } = await talk();
  const size = share(20) * mebibyte;
  const begun = Date.now();
  const sealed = await sealFile(alice.page, size);
  const outcome = await openFile(alice.page, sealed.key);
  t.diagnostic(`${size} bytes, encrypted and decrypted in ${Date.now() - begun} ms`);
  assert.deepEqual(outcome, { code: "done", hash: sealed.hash, bytes: size });
});

test("an app has few streams at once, gets their places back, and one that failed is gone", async () => {
  const { alice } = await talk();
  const begin = () => alice.party.call("signal.attachment.begin", { mode: "encrypt" });
  const streams: string[] = [];
  for (let n = 0; n < 4; n++) streams.push((await begin()).stream);
  const [first = "", second = "", third = "", fourth = ""] = streams;
  assert.equal(new Set(streams).size, 4);
  assert.equal(await codeOf(begin()), "too_large");
  await alice.party.call("signal.attachment.cancel", { stream: first });
  assert.equal(await codeOf(alice.party.call("signal.attachment.update", { stream: first, body: new Uint8Array(1) })), "unknown_stream");

  // Both ends at once, and an end that nobody reads any more.
  const { key } = await sealFile(alice.page, 1000);
  await alice.page.evaluate(async () => {
    const { stream } = kms.signal.attachment.encryptStream();
    const reader = new Blob([new Uint8Array(3 << 20)]).stream().pipeThrough(stream).getReader();
    await reader.read();
    await reader.cancel();
  });
  const { stream } = await begin();
  assert.equal(await codeOf(begin()), "too_large");
  const opening = await codeOf(alice.party.call("signal.attachment.begin", { mode: "decrypt", body: unbase64url(key) }));
  assert.equal(opening, "too_large");
  for (const open of [second, third, fourth, stream]) await alice.party.call("signal.attachment.cancel", { stream: open });

  const { stream: bad } = await alice.party.call("signal.attachment.begin", { mode: "decrypt", body: unbase64url(key) });
  const garbage = alice.party.call("signal.attachment.finish", { stream: bad, body: randomBytes(200) });
  assert.match(await codeOf(garbage), /^message_(malformed|not_authentic)$/);
  assert.equal(await codeOf(alice.party.call("signal.attachment.cancel", { stream: bad })), "unknown_stream");
});

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Browser, Page } from "puppeteer-core";

import { AppSite } from "./appsite.ts";
import { closeBrowser, launchBrowser } from "./browser.ts";
import { EnclaveSite } from "./enclavesite.ts";
import { setUpVault } from "./opening.ts";
import type { BrowserName } from "./settings.ts";
import { bundleText, EnclaveParty } from "./signalparty.ts";

/** Samples of Signal's protocol between two vaults, through the whole enclave, each with its entry in the log. */
export interface SignalSamples {
  /** Milliseconds to make and store 100 one-time prekeys of each kind. */
  publish: number[];
  /** Milliseconds to begin: session.start and the first encrypt on one side, the first decrypt on the other. */
  setUp: number[];
  /** Milliseconds to encrypt 1 KiB, and to decrypt it. */
  encrypt: number[];
  decrypt: number[];
  /** The same for each message of a batch of 64. */
  encryptBatch: number[];
  decryptBatch: number[];
  /** MiB in a second, of a file of 100 MiB through the SDK's streams. */
  sealFile: number[];
  openFile: number[];
}

/** Batches, and messages of one. */
const batches = 20;
const batch = 64;

/** How often the file is encrypted and decrypted. */
const files = 3;
const mebibytes = 100;

/** How long the channel takes to let in another batch at full speed (limits in sdk/api.ts). */
const pause = 400;

/** Sets two vaults up and takes every sample. */
export async function measureSignal(name: BrowserName): Promise<SignalSamples> {
  const enclave = await EnclaveSite.start();
  const app = await AppSite.start();
  enclave.deploy([app.host.origin]);
  const browser = await launchBrowser(name);
  try {
    const [alice, bob] = [await settle(browser, app, enclave, "alice"), await settle(browser, app, enclave, "bob")];
    const publish = await timePublish(alice.page);
    const setUp = await timeSetUps(alice, bob);
    const messages = await timeMessages(alice.page, bob.page);
    return { publish: [publish], setUp, ...messages, ...(await timeFiles(alice.page)) };
  } finally {
    await closeBrowser(browser);
    await Promise.all([enclave.host.close(), app.host.close()]);
  }
}

async function settle(browser: Browser, site: AppSite, enclave: EnclaveSite, name: string): Promise<EnclaveParty> {
  const page = await (await browser.createBrowserContext()).newPage();
  await page.goto(site.url, { waitUntil: "load" });
  await page.evaluate(
    async (url, release) => {
      globalThis.kms = await app.sdk.connect({ url, release });
    },
    enclave.url,
    enclave.digest,
  );
  await setUpVault(page, enclave.host.origin);
  return EnclaveParty.create(page, name);
}

function timePublish(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const begin = performance.now();
    await kms.signal.prekeys.publish({ oneTime: 100 });
    return performance.now() - begin;
  });
}

/** A message between two pages: bytes as a text of one character for each. */
type Sent = [type: number, latin1: string];

/** Begins sessions with one device after the other. */
async function timeSetUps(alice: EnclaveParty, bob: EnclaveParty): Promise<number[]> {
  const taken: number[] = [];
  for (let device = 1; device <= batches; device++) {
    const bundle = bundleText(await bob.bundle());
    const { sent, milliseconds } = await alice.page.evaluate(
      async (device, bundle) => {
        const begin = performance.now();
        await kms.signal.session.start({ name: "bob", device, bundle });
        const { type, body } = await kms.signal.encrypt({ name: "bob", device, body: new Uint8Array(1024) });
        return { milliseconds: performance.now() - begin, sent: [type, String.fromCharCode(...body)] as [number, string] };
      },
      device,
      bundle,
    );
    const { milliseconds: opening } = await timeDecrypt(bob.page, { name: "alice", device }, [sent], false);
    taken.push(milliseconds + opening);
  }
  await exchange(bob.page, alice.page, "alice", "bob");
  return taken;
}

/** One message back, so that the session with device 1 is acknowledged and the ratchet turns. */
async function exchange(from: Page, to: Page, toName: string, fromName: string): Promise<void> {
  const { sent } = await timeEncrypt(from, toName, 1, false);
  await timeDecrypt(to, { name: fromName, device: 1 }, sent, false);
}

async function timeMessages(alice: Page, bob: Page): Promise<Omit<SignalSamples, "publish" | "setUp" | "sealFile" | "openFile">> {
  const samples = { encrypt: [] as number[], decrypt: [] as number[], encryptBatch: [] as number[], decryptBatch: [] as number[] };
  for (let n = 0; n < batches; n++) {
    for (const together of [false, true]) {
      const { sent, milliseconds } = await timeEncrypt(alice, "bob", batch, together);
      const opened = await timeDecrypt(bob, { name: "alice", device: 1 }, sent, together);
      samples[together ? "encryptBatch" : "encrypt"].push(milliseconds / batch);
      samples[together ? "decryptBatch" : "decrypt"].push(opened.milliseconds / batch);
      await exchange(bob, alice, "alice", "bob");
    }
  }
  return samples;
}

function timeEncrypt(page: Page, name: string, count: number, together: boolean): Promise<{ sent: Sent[]; milliseconds: number }> {
  return page.evaluate(
    async (name, count, together, pause) => {
      await new Promise((done) => setTimeout(done, pause));
      const to = { name, device: 1 };
      const body = crypto.getRandomValues(new Uint8Array(1024));
      const sealed: { type: number; body: Uint8Array }[] = [];
      const begin = performance.now();
      if (together) {
        const all = Array.from({ length: count }, () => to);
        const { results, bodies } = await kms.signal.encryptBatch({ messages: all, bodies: all.map(() => body) });
        for (const [at, { type }] of results.entries()) sealed.push({ type: type ?? 0, body: bodies[at] as Uint8Array });
      } else {
        for (let n = 0; n < count; n++) sealed.push(await kms.signal.encrypt({ ...to, body }));
      }
      const milliseconds = performance.now() - begin;
      return { milliseconds, sent: sealed.map(({ type, body }) => [type, String.fromCharCode(...body)] as [number, string]) };
    },
    name,
    count,
    together,
    pause,
  );
}

function timeDecrypt(page: Page, from: { name: string; device: number }, sent: Sent[], together: boolean): Promise<{ milliseconds: number }> {
  return page.evaluate(
    async (from, sent, together, pause) => {
      await new Promise((done) => setTimeout(done, pause));
      const bodies = sent.map(([, latin1]) => Uint8Array.from(latin1, (character) => character.charCodeAt(0)));
      const messages = sent.map(([type]) => ({ ...from, type }));
      const begin = performance.now();
      if (together) {
        const { results } = await kms.signal.decryptBatch({ messages, bodies });
        for (const { code } of results) if (code !== undefined) throw new Error(`bench: ${code}`);
      } else {
        for (const [at, message] of messages.entries()) await kms.signal.decrypt({ ...message, body: bodies[at] as Uint8Array });
      }
      return { milliseconds: performance.now() - begin };
    },
    from,
    sent,
    together,
    pause,
  );
}

function timeFiles(page: Page): Promise<Pick<SignalSamples, "sealFile" | "openFile">> {
  return page.evaluate(
    async (files, mebibytes) => {
      const piece = new Uint8Array(1 << 20);
      for (let at = 0; at < piece.length; at += 65536) crypto.getRandomValues(piece.subarray(at, at + 65536));
      const source = () => {
        let left = mebibytes;
        return new ReadableStream<Uint8Array<ArrayBuffer>>({
          pull: (controller) => (left-- > 0 ? controller.enqueue(piece) : controller.close()),
        });
      };
      const taken: { sealFile: number[]; openFile: number[] } = { sealFile: [], openFile: [] };
      for (let n = 0; n < files; n++) {
        let begin = performance.now();
        const { stream, key } = kms.signal.attachment.encryptStream();
        const sealed = await new Response(source().pipeThrough(stream)).blob();
        taken.sealFile.push((mebibytes * 1000) / (performance.now() - begin));
        begin = performance.now();
        const opened = kms.signal.attachment.decryptStream(await key);
        let length = 0;
        await sealed.stream().pipeThrough(opened.stream).pipeTo(new WritableStream({ write: (chunk) => void (length += chunk.length) }));
        if (length !== mebibytes << 20) throw new Error(`bench: ${length} bytes came out`);
        taken.openFile.push((mebibytes * 1000) / (performance.now() - begin));
      }
      return taken;
    },
    files,
    mebibytes,
  );
}

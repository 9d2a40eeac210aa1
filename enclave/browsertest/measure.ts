// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Browser, Page } from "puppeteer-core";

import { AppSite } from "./appsite.ts";
import { closeBrowser, launchBrowser } from "./browser.ts";
import { EnclaveSite } from "./enclavesite.ts";
import { setUpVault, timeUnlock } from "./opening.ts";
import type { BrowserName } from "./settings.ts";

/** Milliseconds of one sort of thing, round by round. */
export interface Samples {
  /** From making the iframe to the first answered call, with empty caches. */
  cold: number[];
  /** The same after some use and a reload, with the browser's caches filled. */
  warm: number[];
  /** One call that does nothing (status), over a batch. */
  call: number[];
  /** One vapid.sign in an open vault, with its entry in a short log, over a batch. */
  sign: number[];
  /** The same with more than 1,000 entries in the log. */
  signLate: number[];
  /** One crypto.subtle.sign of a token's size in the app's own page, over a batch. */
  raw: number[];
  /** Unlocking by passphrase, from the person's press to the app's answer. */
  unlock: number[];
  /** The same, for a million rounds of PBKDF2. */
  unlockMillion: number[];
}

/** Calls of one batch: a browser's clock is too coarse to time single ones. */
const batch = 100;

/** Entries of a log that is no longer short. */
const manyEntries = 1000;

/** How long the channel takes to let in another batch at full speed (limits in sdk/api.ts). */
const pause = 600;

/**
 * Takes every sample rounds times, each round in a browser with a new profile. A private window would not
 * do: browsers do not keep compiled WebAssembly there.
 */
export async function measure(name: BrowserName, rounds: number): Promise<{ browser: string; samples: Samples }> {
  const enclave = await EnclaveSite.start();
  const app = await AppSite.start();
  enclave.deploy([app.host.origin]);
  const samples: Samples = {
    cold: [], warm: [], call: [], sign: [], signLate: [], raw: [], unlock: [], unlockMillion: [],
  };
  let version = "";
  try {
    for (let round = 0; round <= rounds; round++) {
      const browser = await launchBrowser(name);
      version = await browser.version();
      const taken = await measureRound(browser, app, enclave).finally(() => closeBrowser(browser));
      if (round === 0) continue; // the browser's own files come from the disk
      for (const name of Object.keys(samples) as (keyof Samples)[]) samples[name].push(taken[name]);
    }
  } finally {
    await Promise.all([enclave.host.close(), app.host.close()]);
  }
  return { browser: version, samples };
}

type Round = Record<keyof Samples, number>;

async function measureRound(browser: Browser, app: AppSite, enclave: EnclaveSite): Promise<Round> {
  const page = await browser.newPage();
  await page.goto(app.url, { waitUntil: "load" });
  const cold = await timeConnect(page, enclave);
  await setUpVault(page, enclave.host.origin);
  const calls = await timeCalls(page);
  const { milliseconds: unlock, iterations } = await timeUnlock(page, enclave.host.origin);
  await page.reload({ waitUntil: "load" });
  const warm = await timeConnect(page, enclave);
  return { cold, warm, ...calls, unlock, unlockMillion: (unlock / iterations) * 1e6 };
}

function timeConnect(page: Page, enclave: EnclaveSite): Promise<number> {
  return page.evaluate(
    async (url, release) => {
      const begin = performance.now();
      globalThis.kms = await app.sdk.connect({ url, release });
      await kms.status();
      return performance.now() - begin;
    },
    enclave.url,
    enclave.digest,
  );
}

function timeCalls(page: Page): Promise<Pick<Round, "call" | "sign" | "signLate" | "raw">> {
  return page.evaluate(
    async (batch, pause, many) => {
      const perCall = async (call: () => Promise<unknown>) => {
        await new Promise((done) => setTimeout(done, pause));
        const begin = performance.now();
        for (let n = 0; n < batch; n++) await call();
        return (performance.now() - begin) / batch;
      };
      const { kid } = await kms.vapid.generate();
      const params = { kid, aud: "https://push.example.net", sub: "mailto:ops@app.example" };
      const { token } = await kms.vapid.sign(params);
      const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
      const { privateKey } = await crypto.subtle.generateKey(algorithm, false, ["sign"]);
      const message = new TextEncoder().encode(token.slice(0, token.lastIndexOf(".")));
      const call = await perCall(() => kms.status());
      const sign = await perCall(() => kms.vapid.sign(params));
      const raw = await perCall(() => crypto.subtle.sign(algorithm, privateKey, message));
      let { size } = await kms.audit.list();
      for (; size < many; size++) await kms.vapid.sign(params);
      return { call, sign, raw, signLate: await perCall(() => kms.vapid.sign(params)) };
    },
    batch,
    pause,
    manyEntries,
  );
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from "puppeteer-core";

import { AppSite } from "./appsite.ts";
import { closeBrowser, launchBrowser } from "./browser.ts";
import { EnclaveSite } from "./enclavesite.ts";
import { setUpVault } from "./opening.ts";
import type { BrowserName } from "./settings.ts";

/** Milliseconds of one vapid.sign with its log entry, over several batches, when the log has so many entries. */
export interface LogSamples {
  entries: number;
  sign: number[];
}

/** Calls of one batch, and how many batches. */
const batch = 50;
const batches = 20;

/** How long the channel takes to let in another batch at full speed (limits in sdk/api.ts). */
const pause = 400;

/** Signs in one vault until its log has each of the sizes, in rising order, and takes samples there. */
export async function measureLog(name: BrowserName, sizes: readonly number[]): Promise<LogSamples[]> {
  if (sizes.length === 0) return [];
  const enclave = await EnclaveSite.start();
  const app = await AppSite.start();
  enclave.deploy([app.host.origin]);
  const browser = await launchBrowser(name);
  const samples: LogSamples[] = [];
  try {
    const page = await browser.newPage();
    await page.goto(app.url, { waitUntil: "load" });
    await connectMany(page, enclave);
    await setUpVault(page, enclave.host.origin);
    await page.evaluate(() => kms.vapid.generate());
    for (const entries of sizes) {
      await fillLog(page, entries);
      samples.push({ entries, sign: await timeSigns(page) });
    }
  } finally {
    await closeBrowser(browser);
    await Promise.all([enclave.host.close(), app.host.close()]);
  }
  return samples;
}

declare global {
  /** Connections beside `kms`, since each is limited in its rate. */
  var others: (typeof kms)[];
}

function connectMany(page: Page, enclave: EnclaveSite): Promise<void> {
  return page.evaluate(
    async (url, release) => {
      globalThis.kms = await app.sdk.connect({ url, release });
      globalThis.others = await Promise.all([1, 2, 3].map(() => app.sdk.connect({ url, release })));
    },
    enclave.url,
    enclave.digest,
  );
}

/** Signs until the log has so many entries. */
async function fillLog(page: Page, entries: number): Promise<void> {
  for (;;) {
    const left = entries - (await page.evaluate(async () => (await kms.audit.checkpoint()).size));
    if (left <= 0) return;
    await page.evaluate(
      async (count) => {
        const [key] = (await kms.vapid.list()).keys;
        const params = { kid: key?.kid ?? "", aud: "https://push.example.net", sub: "mailto:ops@app.example" };
        const lane = async (connection: typeof kms) => {
          while (count-- > 0) {
            await connection.vapid.sign(params).catch(async (error: unknown) => {
              const { retryAfter } = error as { retryAfter?: number };
              if (retryAfter === undefined) throw error;
              await new Promise((done) => setTimeout(done, retryAfter));
            });
          }
        };
        await Promise.all(others.map(lane));
      },
      Math.min(left, 2000),
    );
  }
}

function timeSigns(page: Page): Promise<number[]> {
  return page.evaluate(
    async (batch, batches, pause) => {
      const [key] = (await kms.vapid.list()).keys;
      const params = { kid: key?.kid ?? "", aud: "https://push.example.net", sub: "mailto:ops@app.example" };
      const taken: number[] = [];
      for (let n = 0; n < batches; n++) {
        await new Promise((done) => setTimeout(done, pause));
        const begin = performance.now();
        for (let call = 0; call < batch; call++) await kms.vapid.sign(params);
        taken.push((performance.now() - begin) / batch);
      }
      return taken;
    },
    batch,
    batches,
    pause,
  );
}

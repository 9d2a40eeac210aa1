// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page, WebWorker } from "puppeteer-core";

/** The page's workers that run. Puppeteer keeps some of those that ended with their frame. */
export async function runningWorkers(page: Page): Promise<WebWorker[]> {
  const running: WebWorker[] = [];
  for (const worker of page.workers()) {
    const answers = await worker.evaluate(() => true).catch(() => false);
    if (answers) running.push(worker);
  }
  if (running.length === 0) throw new Error("this page has no worker that runs");
  return running;
}

/**
 * Sets the clock of the page's workers forward, as if the machine had slept. The enclave reads the time from
 * Date; its timers run on. A worker that is started later has the true time again.
 */
export async function advanceWorkers(page: Page, seconds: number): Promise<void> {
  for (const worker of await runningWorkers(page)) {
    await worker.evaluate((seconds) => {
      const now = Date.now.bind(Date);
      Date.now = () => now() + seconds * 1000;
    }, seconds);
  }
}

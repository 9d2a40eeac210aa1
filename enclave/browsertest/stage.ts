// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { after } from "node:test";

import type { Browser, BrowserContext, Page } from "puppeteer-core";

import { AppSite } from "./appsite.ts";
import { closeBrowser, launchBrowser } from "./browser.ts";
import { EnclaveSite } from "./enclavesite.ts";
import type { Host } from "./host.ts";
import { type Person, personAt } from "./person.ts";
import { settings } from "./settings.ts";

/** What all tests of one run share: one browser, the enclave's host, and two apps' hosts. */
export interface Stage {
  browser: Browser;
  enclave: EnclaveSite;
  app: AppSite;
  otherApp: AppSite;
}

/**
 * Opens url with storage of its own, runs use, and closes all of it. It fails if a policy stopped
 * anything meanwhile, on either side, unless the test took the reports ({@link takeReports}).
 */
export async function visit<T>(url: string, use: (page: Page, context: BrowserContext, person: Person) => Promise<T>): Promise<T> {
  const context = await stage.browser.createBrowserContext();
  let result: T;
  try {
    const page = await openIn(context, url);
    result = await use(page, context, personAt(page, stage.enclave.host.origin));
  } finally {
    await context.close();
  }
  assertNoReports();
  return result;
}

/** Fails if a policy of one of the hosts stopped anything since the last look. */
export function assertNoReports(): void {
  const reports = hosts()
    .flatMap((host) => host.reports.splice(0))
    .filter((report) => !report.includes(browsersOwnRequest));
  assert.deepEqual(reports, [], "a Content-Security-Policy was violated");
}

/** What Firefox asks every top-level page's host for, and then reports that the page's policy forbids it. */
const browsersOwnRequest = "/favicon.ico";

/** Waits for the enclave's policy to report, and takes the reports away. */
export async function takeReports(): Promise<string[]> {
  const { reports } = stage.enclave.host;
  for (let tries = 0; reports.length === 0 && tries < 50; tries++) await new Promise((done) => setTimeout(done, 100));
  return reports.splice(0);
}

/** Opens url in a tab that shares the context's storage and waits for the page's scripts. */
export async function openIn(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(url, { waitUntil: "load" });
  return page;
}

/** Runs body with both apps listed as embedders and every file as released, and puts that right again. */
export function asReleased(): void {
  stage.enclave.restore();
  stage.enclave.deploy([stage.app.host, stage.otherApp.host].flatMap((host) => [host.origin, host.otherSiteOrigin]));
}

export const stage: Stage = {
  browser: await launchBrowser(settings.browser()),
  enclave: await EnclaveSite.start(),
  app: await AppSite.start(),
  otherApp: await AppSite.start(),
};
asReleased();

after(async () => {
  await closeBrowser(stage.browser);
  await Promise.all(hosts().map((host) => host.close()));
});

function hosts(): Host[] {
  return [stage.enclave, stage.app, stage.otherApp].map((site) => site.host);
}

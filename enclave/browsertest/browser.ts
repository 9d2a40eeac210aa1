// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser } from "puppeteer-core";

import { type BrowserName, findBrowser, loadPackage } from "./settings.ts";

const { launch } = loadPackage("puppeteer-core") as typeof import("puppeteer-core");

/** Starts a browser without a window, with nothing kept from or for other runs. */
export async function launchBrowser(name: BrowserName): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), "browsertest-"));
  const browser = await launch({
    browser: name === "firefox" ? "firefox" : "chrome",
    executablePath: findBrowser(name),
    // Without its own sandbox, because tests run as root in containers; the pages are ours.
    args: name === "chromium" ? ["--no-sandbox", "--disable-dev-shm-usage"] : [],
    env: { ...process.env, HOME: home },
  });
  browser.once("disconnected", () => rmSync(home, { recursive: true, force: true }));
  return browser;
}

/** Closes a browser, and ends it if it hangs meanwhile. */
export async function closeBrowser(browser: Browser): Promise<void> {
  await Promise.race([browser.close(), new Promise((done) => setTimeout(done, 5000).unref())]);
  browser.process()?.kill("SIGKILL");
}

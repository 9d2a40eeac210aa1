// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Browser } from "puppeteer-core";

import { type BrowserName, findBrowser, loadPackage } from "./settings.ts";

const { launch } = loadPackage("puppeteer-core") as typeof import("puppeteer-core");

/** How a browser may differ from a new one. */
export interface LaunchOptions {
  /** Folder of a profile that outlives the browser; unless given, nothing is kept. */
  profile?: string;
  /** Preferences of Firefox that differ from its own. */
  preferences?: Record<string, boolean | number | string>;
}

/** Starts a browser without a window, with nothing kept from or for other runs unless a profile is given. */
export async function launchBrowser(name: BrowserName, { profile, preferences }: LaunchOptions = {}): Promise<Browser> {
  const home = mkdtempSync(join(tmpdir(), "browsertest-"));
  const browser = await launch({
    browser: name === "firefox" ? "firefox" : "chrome",
    executablePath: findBrowser(name),
    ...(profile === undefined ? {} : { userDataDir: profile }),
    ...(preferences === undefined ? {} : { extraPrefsFirefox: preferences }),
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

/** Ends every process of a browser at once, as a power cut does, and waits until they are gone. */
export async function killBrowser(browser: Browser): Promise<void> {
  const child = browser.process();
  if (child?.pid === undefined) throw new Error("browsertest: this browser has no process of ours");
  const gone = new Promise((done) => child.once("exit", done));
  process.kill(-child.pid, "SIGKILL"); // puppeteer makes each browser the leader of a process group
  await gone;
  // The others of the group die in their own time, and hold the profile's files until then.
  for (let tries = 0; tries < 100 && isGroupAlive(child.pid); tries++) await new Promise((done) => setTimeout(done, 20));
}

/** Whether a process of the group is there; one that nobody has reaped counts. */
function isGroupAlive(leader: number): boolean {
  try {
    process.kill(-leader, 0);
    return true;
  } catch {
    return false;
  }
}

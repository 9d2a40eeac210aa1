// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { AxeResults } from "axe-core";
import type { Page } from "puppeteer-core";

import { loadPackage, settings } from "./settings.ts";
import { PuppeteerSurface, pause } from "./surface.ts";

const axe = readFileSync(loadPackage.resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds serious or critical in a document, in words; of its colours alone, or of all. */
export async function findSerious(at: PuppeteerSurface, colours = false): Promise<string[]> {
  if ((await at.frame.evaluate("typeof axe")) === "undefined") await at.frame.evaluate(axe);
  const only = colours ? ["color-contrast"] : ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const options = { resultTypes: ["violations"], runOnly: only };
  const { violations } = (await at.frame.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResults;
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html} ${node.failureSummary}`));
}

/** The colour schemes that a person can prefer. */
export const schemes = ["light", "dark"] as const;

/** Makes the page and its frames look as for somebody with this preference. Chromium only. */
export async function prefer(page: Page, scheme: (typeof schemes)[number], reducedMotion = false): Promise<void> {
  await page.emulateMediaFeatures([
    { name: "prefers-color-scheme", value: scheme },
    { name: "prefers-reduced-motion", value: reducedMotion ? "reduce" : "no-preference" },
  ]);
}

/** By how many CSS pixels a document is wider than what shows it, and which of its elements stick out. */
export function overflow(at: PuppeteerSurface): Promise<{ by: number; elements: string[] }> {
  return at.run(() => {
    const width = document.documentElement.clientWidth;
    const elements = [...document.body.querySelectorAll("*")]
      .filter((element) => element.getBoundingClientRect().right > width + 1)
      .map((element) => `${element.localName}.${element.className}`);
    const widest = [document.documentElement, ...document.querySelectorAll<HTMLElement>("*")].map(
      (element) => element.scrollWidth - element.clientWidth,
    );
    return { by: Math.max(0, document.documentElement.scrollWidth - width, widest[0] ?? 0), elements };
  });
}

/** Writes a picture of what the page shows, if pictures are wanted. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = settings.pictures();
  if (folder === undefined) return;
  await pause(150); // what fades in has faded in
  await page.screenshot({ path: join(folder, `${name}.png`), captureBeyondViewport: false });
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Page } from "puppeteer-core";

import { settings } from "./settings.ts";

/** The audit log of the open vault as a bundle, joined from its pieces. */
export function exportBundle(page: Page): Promise<string> {
  return page.evaluate(async () => {
    let text = "";
    let wanted: { from?: number; size?: number } = {};
    for (;;) {
      const piece = await kms.audit.export(wanted);
      text += piece.text;
      if (piece.next === undefined) return text;
      wanted = { from: piece.next, size: piece.size };
    }
  });
}

/** What kmsverify said of a bundle. */
export interface Verdict {
  /** Exit code: 0 only for a log that is right. */
  code: number;
  output: string;
}

/** Checks a bundle with the program that everybody else checks it with. */
export async function verifyBundle(bundle: string, since?: string): Promise<Verdict> {
  const folder = mkdtempSync(join(tmpdir(), "browsertest-audit-"));
  try {
    const file = join(folder, "bundle");
    writeFileSync(file, bundle);
    const more: string[] = [];
    if (since !== undefined) {
      writeFileSync(join(folder, "since"), since);
      more.push("--since", join(folder, "since"));
    }
    const child = spawn(settings.verify(), ["audit", ...more, file], { stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    const [code] = (await once(child, "close")) as [number];
    return { code, output: Buffer.concat(chunks).toString("utf8") };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

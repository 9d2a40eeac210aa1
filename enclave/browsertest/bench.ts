// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * The figures of the enclave in a real browser: how long it takes to start, to answer and to sign, and
 * how large it is. Run it with `tools/bazel run //enclave:bench`, or see README.md.
 *
 *     bench.ts [--browser chromium|firefox] [--rounds N] [--entries N,N…] [--signal] [--json]
 *
 * With --entries it also signs until the audit log has each of these sizes, and takes times there: 100000
 * take some ten minutes. With --signal it lets two vaults talk, too, which takes two minutes.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";

import { measure, type Samples } from "./measure.ts";
import { measureLog } from "./measurelog.ts";
import { type BrowserName, settings } from "./settings.ts";
import { measureSignal, type SignalSamples } from "./signalmeasure.ts";
import { type Size, sizesOf, transferOf } from "./sizes.ts";

/** Of one sort of samples. */
interface Figure {
  median: number;
  lowerQuartile: number;
  upperQuartile: number;
  least: number;
  greatest: number;
}

const labels: Record<keyof Samples, string> = {
  cold: "iframe to first answered call, cold",
  warm: "iframe to first answered call, warm",
  call: "an empty call (status)",
  sign: "vapid.sign, with its log entry",
  signLate: "the same after 1,000 entries",
  raw: "crypto.subtle.sign in the same page",
  unlock: "unlock by passphrase",
  unlockMillion: "the same per million PBKDF2 rounds",
};

const signalLabels: Record<keyof SignalSamples, string> = {
  publish: "100 one-time prekeys of each kind",
  setUp: "Signal session, both sides",
  encrypt: "signal.encrypt, 1 KiB",
  encryptBatch: "the same in a batch of 64, each",
  decrypt: "signal.decrypt, 1 KiB",
  decryptBatch: "the same in a batch of 64, each",
  sealFile: "encrypt 100 MiB, MiB/s",
  openFile: "decrypt 100 MiB, MiB/s",
};

const { values } = parseArgs({
  options: {
    browser: { type: "string", default: "chromium" },
    rounds: { type: "string", default: "20" },
    entries: { type: "string", default: "" },
    signal: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const entries = values.entries.split(",").filter(Boolean).map(Number);
const numbers = [rounds, ...entries].every((n) => Number.isInteger(n) && n > 0);
if (!["chromium", "firefox"].includes(values.browser) || !numbers) {
  console.error("bench: expected --browser chromium or firefox, and --rounds and --entries with numbers from 1");
  process.exit(64);
}
await run(values.browser as BrowserName, values.json);

async function run(name: BrowserName, json: boolean): Promise<void> {
  const { browser, samples } = await measure(name, rounds);
  const late = await measureLog(name, entries.sort((a, b) => a - b));
  const signAtEntries = Object.fromEntries(late.map(({ entries, sign }) => [entries, figureOf(sign)]));
  const signal = values.signal ? { signal: figuresOf(await measureSignal(name)) } : {};
  const sizes = sizesOf(settings.release());
  const report = { browser, cpus: cpus().length, rounds, milliseconds: figuresOf(samples), signAtEntries, ...signal, sizes };
  console.log(json ? JSON.stringify(report, undefined, 2) : table(report));
}

interface Report {
  browser: string;
  cpus: number;
  rounds: number;
  milliseconds: Record<keyof Samples, Figure>;
  /** Of vapid.sign, by the entries in the log. */
  signAtEntries: Record<string, Figure>;
  /** Of Signal's protocol, in milliseconds, those of files in MiB/s. */
  signal?: Record<keyof SignalSamples, Figure>;
  sizes: Size[];
}

function table({ browser, cpus, rounds, milliseconds, signAtEntries, signal, sizes }: Report): string {
  const lines = [`${browser}, ${cpus} CPUs, ${rounds} rounds; milliseconds`, ""];
  lines.push(row("", "median", "quartiles", "least–greatest"));
  for (const [name, label] of Object.entries(labels) as [keyof Samples, string][]) {
    lines.push(figureRow(label, milliseconds[name]));
  }
  for (const [size, figure] of Object.entries(signAtEntries)) {
    lines.push(figureRow(`vapid.sign after ${size} entries`, figure));
  }
  lines.push(
    row("vapid.sign ÷ crypto.subtle.sign", (milliseconds.sign.median / milliseconds.raw.median).toFixed(2), "", ""),
  );
  if (signal) {
    for (const [name, label] of Object.entries(signalLabels) as [keyof SignalSamples, string][]) lines.push(figureRow(label, signal[name]));
  }
  lines.push("", row("bytes", "raw", "gzip -9", "brotli -11"));
  for (const { path, fetched, raw, gzip, brotli } of [...sizes, transferOf(sizes)]) {
    const name = path.replace(/\.[0-9a-f]{32}\./, ".….");
    lines.push(row(fetched && !name.includes("*") ? `${name} *` : name, `${raw}`, `${gzip}`, `${brotli}`));
  }
  return lines.join("\n");
}

function row(label: string, ...cells: string[]): string {
  return label.padEnd(40) + cells.map((cell) => cell.padStart(16)).join("");
}

function figureRow(label: string, { median, lowerQuartile, upperQuartile, least, greatest }: Figure): string {
  return row(label, ms(median), `${ms(lowerQuartile)}–${ms(upperQuartile)}`, `${ms(least)}–${ms(greatest)}`);
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(0);
}

function figuresOf<S extends string>(samples: Record<S, number[]>): Record<S, Figure> {
  const figures = Object.entries<number[]>(samples).map(([name, taken]) => [name, figureOf(taken)]);
  return Object.fromEntries(figures) as Record<S, Figure>;
}

function figureOf(samples: readonly number[]): Figure {
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
    least: quantile(sorted, 0),
    greatest: quantile(sorted, 1),
  };
}

/** By linear interpolation between the two nearest samples. */
function quantile(sorted: readonly number[], part: number): number {
  const position = (sorted.length - 1) * part;
  const [below = 0, above = below] = [sorted[Math.floor(position)], sorted[Math.ceil(position)]];
  return below + (above - below) * (position - Math.floor(position));
}

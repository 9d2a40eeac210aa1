// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { AuditListEntry, CheckpointEvent } from "../sdk/index.ts";
import { element, show, text } from "./elements.ts";
import { connected, copy, onClick, onRedraw } from "./page.ts";
import { isOpen } from "./vault.ts";

/** The section of the audit log, in which the enclave writes down every use and every refusal. */

const shownEntries = 20;

/** Makes the buttons work. */
export function startAudit(): void {
  const checkpoint = element("checkpoint", HTMLTextAreaElement);
  onClick("show-log", "Reading the log…", showLog);
  onClick("export-log", "Exporting the log…", exportLog);
  onClick("copy-checkpoint", "", () => copy("Checkpoint", checkpoint.value, checkpoint));
  onRedraw(() => {
    for (const id of ["show-log", "export-log"]) element(id, HTMLButtonElement).disabled = !isOpen();
  });
}

/** Shows the newest checkpoint. A real app would send it to its server. */
export function drawCheckpoint({ size, checkpoint }: CheckpointEvent): void {
  element("checkpoint", HTMLTextAreaElement).value = checkpoint;
  const use = "With it, kmsverify audit --since tells whether the log was shortened or rewritten later.";
  text("checkpoint-note", `Of ${size} entries. ${use}`);
  show("checkpoint-box", true);
}

/** Asks for the checkpoint of a vault that has just been opened. */
export async function recallCheckpoint(): Promise<void> {
  drawCheckpoint(await connected().audit.checkpoint());
}

async function showLog(): Promise<string> {
  const { size } = await connected().audit.list({ limit: 1 });
  const from = size - shownEntries;
  const { entries } = await connected().audit.list(from > 0 ? { from, limit: 100 } : {});
  const newest = entries.toReversed().slice(0, shownEntries);
  element("log", HTMLOListElement).replaceChildren(...newest.map(line));
  show("log", true);
  return `The newest ${newest.length} of ${size} entries are shown.`;
}

function line({ seq, time, origin, method, outcome, repeats }: AuditListEntry): HTMLElement {
  const item = document.createElement("li");
  const what = document.createElement("strong");
  what.textContent = method ?? "";
  const times = repeats === undefined ? undefined : `${repeats} times`;
  const rest = [outcome, origin, times].filter((part) => part !== undefined);
  const when = document.createElement("span");
  when.className = "note";
  when.textContent = `${seq} · ${new Date(time * 1000).toLocaleString()}`;
  item.append(when, what, rest.join(" · "));
  item.dataset.outcome = outcome;
  return item;
}

async function exportLog(): Promise<string> {
  let bundle = "";
  let part = await connected().audit.export();
  for (bundle += part.text; part.next !== undefined; bundle += part.text) {
    part = await connected().audit.export({ from: part.next, size: part.size });
  }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([bundle], { type: "application/jsonl" }));
  link.download = "audit.jsonl";
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser has read it long before
  return `The log of ${part.size} entries is exported. Check it with: kmsverify audit audit.jsonl`;
}

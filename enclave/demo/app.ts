// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { release } from "release";

import { connect, type Kms, type KmsError } from "../sdk/index.ts";
import { drawCheckpoint, recallCheckpoint, startAudit } from "./audit.ts";
import { element, show, text } from "./elements.ts";
import { recallKey, startKey } from "./key.ts";
import { keepOffline } from "./offline.ts";
import { complain, onClick, redraw, run, setConnection } from "./page.ts";
import { followVault, startVault } from "./vault.ts";

let current: Kms | undefined;

startVault();
startKey();
startAudit();
onClick("reconnect", "", embed);
await run("", embed);
await keepOffline().catch(() => {}); // without it the page merely needs its network

/** Connects to the enclave, and fills the page with what it says. */
async function embed(): Promise<string> {
  drawConnection("working", "Connecting…");
  show("reconnect", false);
  setConnection(undefined);
  try {
    const { enclave } = await readConfig();
    const opened = await connect({ url: enclave, release, onCheckpoint: drawCheckpoint });
    current = opened;
    setConnection(opened);
    void opened.closed.then((reason) => lost(opened, reason));
    await drawFacts(opened);
    const recalled = await recallKey(opened).catch((problem: unknown) => ({ problem }));
    // Last, since its buttons are there from now on: while this runs, a press of one would be lost.
    await followVault(opened, () => void recallCheckpoint().catch(complain).finally(redraw));
    drawConnection("good", "Connected: the enclave runs the release this page was built for.");
    if (recalled) throw recalled.problem;
    return "";
  } catch (error) {
    drawConnection("bad", "Not connected.");
    show("reconnect", true);
    throw error;
  }
}

function lost(opened: Kms, reason: KmsError): void {
  if (current !== opened) return;
  setConnection(undefined);
  drawConnection("bad", "Not connected.");
  show("reconnect", true);
  complain(reason);
  redraw();
}

async function drawFacts(opened: Kms): Promise<void> {
  const status = await opened.status();
  text("fact-origin", opened.origin);
  text("fact-release", opened.release);
  text("fact-pin", "equals the pin of this page");
  text("fact-commit", release.commit);
  text("fact-protocol", String(status.protocol));
  text("fact-storage", `${status.storage}, ${status.partition}`);
  text("fact-algorithms", status.algorithms.join(", "));
  show("facts", true);
  show("facts-note", true);
}

function drawConnection(state: "working" | "good" | "bad", words: string): void {
  const line = element("connection", HTMLElement);
  line.dataset.state = state;
  line.textContent = words;
}

async function readConfig(): Promise<{ enclave: string }> {
  const response = await fetch("config.json");
  return (await response.json()) as { enclave: string };
}

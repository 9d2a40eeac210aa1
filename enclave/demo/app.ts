// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { release } from "release";

import { connect, type Kms, KmsError } from "../sdk/index.ts";
import { element, show, text } from "./elements.ts";
import { keepOffline } from "./offline.ts";
import { decodeToken } from "./token.ts";
import { inPlainWords } from "./words.ts";

const kidKey = "kms-demo-kid"; // where the key's id, which is no secret, survives a reload

const makeButton = element("make-key", HTMLButtonElement);
const signButton = element("sign", HTMLButtonElement);
const tokenArea = element("token", HTMLTextAreaElement);

let kms: Kms | undefined;
let kid: string | undefined;
let authorization = "";
let working = false;

element("reconnect", HTMLButtonElement).addEventListener("click", () => run("", embed));
makeButton.addEventListener("click", () => run("Making a key…", makeKey));
element("delete-key", HTMLButtonElement).addEventListener("click", () => run("Deleting the key…", deleteKey));
element("copy-token", HTMLButtonElement).addEventListener("click", () => run("", () => copy("Token", tokenArea.value)));
element("copy-authorization", HTMLButtonElement).addEventListener("click", () =>
  run("", () => copy("Authorization header", authorization)),
);
element("sign-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  void run("Signing…", sign);
});

await run("", embed);
await keepOffline().catch(() => {}); // without it the page merely needs its network

/** Runs one action at a time and says how it went. Buttons stay enabled, so that focus stays where it is. */
async function run(news: string, action: () => Promise<string>): Promise<void> {
  if (working) return;
  working = true;
  say(news);
  text("problem", "");
  try {
    say(await action());
  } catch (error) {
    say("");
    text("problem", explain(error));
  } finally {
    working = false;
    drawButtons();
  }
}

async function embed(): Promise<string> {
  drawConnection("working", "Connecting…");
  show("reconnect", false);
  kms = undefined;
  try {
    const { enclave } = await readConfig();
    const opened = await connect({ url: enclave, release });
    kms = opened;
    void opened.closed.then((reason) => lost(opened, reason));
    await drawFacts(opened);
    drawConnection("good", "Connected: the enclave runs the release this page was built for.");
    await recallKey(opened);
    return "";
  } catch (error) {
    drawConnection("bad", "Not connected.");
    show("reconnect", true);
    throw error;
  }
}

async function makeKey(): Promise<string> {
  const made = await connected().vapid.generate();
  drawKey(made.kid, made.publicKey, "Made just now.");
  localStorage.setItem(kidKey, made.kid);
  return "The key is made.";
}

async function deleteKey(): Promise<string> {
  if (kid !== undefined) await connected().vapid.delete({ kid });
  forgetKey();
  makeButton.focus();
  return "The key is deleted. Tokens it signed stay valid until they expire.";
}

async function sign(): Promise<string> {
  if (kid === undefined) throw new KmsError("unknown_key", "no key was made yet");
  const aud = element("aud", HTMLInputElement).value.trim();
  const sub = element("sub", HTMLInputElement).value.trim();
  const begin = performance.now();
  const signed = await connected().vapid.sign({ kid, aud, sub });
  const took = performance.now() - begin;

  authorization = signed.authorization;
  const { header, claims } = decodeToken(signed.token);
  tokenArea.value = signed.token;
  text("token-header", header);
  text("token-claims", claims);
  const until = new Date(signed.exp * 1000).toLocaleString();
  text("token-note", `Valid until ${until}. Signed in ${took.toFixed(1)} ms.`);
  show("result", true);
  return "The token is signed.";
}

async function copy(what: string, value: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(value);
    return `${what} copied.`;
  } catch {
    tokenArea.focus();
    tokenArea.select();
    return "The browser did not allow copying. The token is selected: copy it with the keyboard.";
  }
}

/** Shows the key of an earlier visit, if the enclave still has it. */
async function recallKey(opened: Kms): Promise<void> {
  const known = localStorage.getItem(kidKey);
  if (known === null) return;
  try {
    const { publicKey } = await opened.vapid.publicKey({ kid: known });
    drawKey(known, publicKey, "Kept by the enclave since an earlier visit.");
  } catch (error) {
    if (error instanceof KmsError && error.code === "unknown_key") forgetKey();
    throw error;
  }
}

function forgetKey(): void {
  kid = undefined;
  localStorage.removeItem(kidKey);
  show("key-none", true);
  for (const id of ["key-facts", "key-origin", "delete-key", "result"]) show(id, false);
  text("make-key", "Make a key");
}

function lost(opened: Kms, reason: KmsError): void {
  if (kms !== opened) return;
  kms = undefined;
  drawConnection("bad", "Not connected.");
  show("reconnect", true);
  text("problem", explain(reason));
  drawButtons();
}

function drawKey(id: string, publicKey: string, origin: string): void {
  kid = id;
  text("key-kid", id);
  text("key-public", publicKey);
  text("key-origin", `${origin} Its private half cannot be exported, not even by the enclave.`);
  show("key-none", false);
  for (const shown of ["key-facts", "key-origin", "delete-key"]) show(shown, true);
  text("make-key", "Make another key");
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

function drawButtons(): void {
  makeButton.disabled = kms === undefined;
  signButton.disabled = kms === undefined || kid === undefined;
}

function say(news: string): void {
  text("news", news);
}

function explain(error: unknown): string {
  if (!(error instanceof KmsError)) return "This page failed. Reload it; if it stays, report it.";
  return `${inPlainWords(error.code)} (${error.code}: ${error.message})`;
}

function connected(): Kms {
  if (kms) return kms;
  throw new KmsError("closed", "not connected");
}

async function readConfig(): Promise<{ enclave: string }> {
  const response = await fetch("config.json");
  return (await response.json()) as { enclave: string };
}

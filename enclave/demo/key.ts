// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type Kms, KmsError } from "../sdk/index.ts";
import { element, show, text } from "./elements.ts";
import { connected, copy, onClick, onRedraw, run } from "./page.ts";
import { decodeToken } from "./token.ts";
import { isOpen } from "./vault.ts";

/** The sections of the key and of signing with it. */

const kidKey = "kms-demo-kid"; // where the key's id, which is no secret, survives a reload

let kid: string | undefined;
let authorization = "";

/** Makes the buttons work. */
export function startKey(): void {
  const token = element("token", HTMLTextAreaElement);
  onClick("make-key", "Making a key…", makeKey);
  onClick("delete-key", "The enclave asks you…", deleteKey);
  onClick("copy-token", "", () => copy("Token", token.value, token));
  onClick("copy-authorization", "", () => copy("Authorization header", authorization, token));
  element("sign-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    void run("Signing…", sign);
  });
  onRedraw(() => {
    element("make-key", HTMLButtonElement).disabled = !isOpen();
    element("delete-key", HTMLButtonElement).disabled = !isOpen();
    element("sign", HTMLButtonElement).disabled = !isOpen() || kid === undefined;
  });
}

/** Shows the key of an earlier visit, if the enclave still has it. Its public half is there while locked too. */
export async function recallKey(kms: Kms): Promise<void> {
  const known = localStorage.getItem(kidKey);
  if (known === null) return;
  try {
    const { publicKey } = await kms.vapid.publicKey({ kid: known });
    drawKey(known, publicKey, "Kept by the enclave since an earlier visit.");
  } catch (error) {
    if (error instanceof KmsError && error.code === "unknown_key") forgetKey();
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
  element("make-key", HTMLButtonElement).focus();
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
  element("token", HTMLTextAreaElement).value = signed.token;
  text("token-header", header);
  text("token-claims", claims);
  const until = new Date(signed.exp * 1000).toLocaleString();
  text("token-note", `Valid until ${until}. Signed in ${took.toFixed(1)} ms.`);
  show("result", true);
  return "The token is signed.";
}

function forgetKey(): void {
  kid = undefined;
  localStorage.removeItem(kidKey);
  show("key-none", true);
  for (const id of ["key-facts", "key-origin", "delete-key", "result"]) show(id, false);
  text("make-key", "Make a key");
}

function drawKey(id: string, publicKey: string, origin: string): void {
  kid = id;
  text("key-kid", id);
  text("key-public", publicKey);
  text("key-origin", `${origin} Its private half cannot be exported by this page or by any other.`);
  show("key-none", false);
  for (const shown of ["key-facts", "key-origin", "delete-key"]) show(shown, true);
  text("make-key", "Make another key");
}

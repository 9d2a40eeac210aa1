// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { altered } from "./failure.ts";

/** The last segment of a URL's path: the name of a file of the release. */
export function fileName(url: string | URL): string {
  return new URL(url, document.baseURI).pathname.split("/").pop() ?? "";
}

/** Reads a file beside this document, asking the host whether it changed. */
export async function readFresh(url: string | URL, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(url, { cache: "no-cache", redirect: "error" });
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
  } catch {
    // Refused connection, wrong type of response, a redirect: all end below.
  }
  throw altered(name);
}

/** SHA-256 in lower-case hexadecimal. */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads JSON text, or undefined. */
export function parseJSON(bytes: Uint8Array<ArrayBuffer>): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/** Whether value is an object whose members can be looked at. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

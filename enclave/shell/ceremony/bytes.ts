// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Bytes in base64url without padding (RFC 4648, section 5). */
export function toBase64url(bytes: BufferSource): string {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  let binary = "";
  for (const byte of view) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** The bytes of a text in base64url. Throws a DOMException for any other text. */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/**
 * Takes what was typed out of a field: its Unicode NFC form in UTF-8, in a buffer of its own that can be
 * transferred. The field is empty afterwards. The text itself is JavaScript's, which no program can erase.
 */
export function takeSecret(input: HTMLInputElement | HTMLTextAreaElement): ArrayBuffer {
  const encoded = new TextEncoder().encode(normalized(input));
  clearField(input);
  const secret = new Uint8Array(encoded);
  encoded.fill(0);
  return secret.buffer;
}

/** What is typed in a field, in Unicode NFC, so that two keyboards agree on one passphrase. */
export function normalized(input: HTMLInputElement | HTMLTextAreaElement): string {
  return input.value.normalize("NFC");
}

/** Empties a field, and lets nothing of it be seen meanwhile. */
export function clearField(input: HTMLInputElement | HTMLTextAreaElement): void {
  input.value = "";
  input.defaultValue = "";
}

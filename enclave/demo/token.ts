// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** The readable parts of a compact JWS (RFC 7515 section 3.1), each as indented JSON. */
export interface DecodedToken {
  header: string;
  claims: string;
}

/**
 * Decodes a token for showing. It checks nothing: whoever relies on a token must verify its signature.
 */
export function decodeToken(token: string): DecodedToken {
  const [header = "", claims = ""] = token.split(".");
  return { header: indent(header), claims: indent(claims) };
}

function indent(part: string): string {
  const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  const text = new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  return JSON.stringify(JSON.parse(text), undefined, 2);
}

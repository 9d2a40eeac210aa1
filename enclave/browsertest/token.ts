// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";

import { loadPackage } from "./settings.ts";

const jose = loadPackage("jose") as typeof import("jose");

/** The coordinates of an application server key (RFC 8292, section 3.2), as a JWK has them. */
function toJWK(publicKey: string) {
  const point = Buffer.from(publicKey, "base64url");
  assert.equal(point.length, 65);
  assert.equal(point[0], 4, "an uncompressed point");
  const [x, y] = [point.subarray(1, 33).toString("base64url"), point.subarray(33).toString("base64url")];
  return { kty: "EC", crv: "P-256", x, y };
}

/** Verifies a token as a push service would, with a library of other people. */
export async function verifyToken(token: string, publicKey: string, { aud, sub }: { aud: string; sub: string }) {
  const key = await jose.importJWK(toJWK(publicKey), "ES256");
  return jose.jwtVerify(token, key, {
    audience: aud,
    subject: sub,
    algorithms: ["ES256"],
    typ: "JWT",
    maxTokenAge: "1h",
  });
}

/** The RFC 7638 thumbprint that jose computes from an application server key. */
export function thumbprint(publicKey: string): Promise<string> {
  return jose.calculateJwkThumbprint(toJWK(publicKey));
}

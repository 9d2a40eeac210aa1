// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type HelloRequest, protocol } from "../../sdk/api.ts";
import { Failure } from "./failure.ts";
import { isRecord } from "./files.ts";

/**
 * Decides whether who said hello may connect, and returns what it said. Throws a Failure otherwise.
 * Who is asking is only ever what the browser says, never what the message says.
 */
export function admit(event: MessageEvent<unknown>, embedders: ReadonlySet<string>): HelloRequest {
  checkFrame();
  if (event.source !== window.parent || event.source === window) {
    throw new Failure("origin_not_allowed", "only the page that embeds the enclave may connect");
  }
  if (!embedders.has(event.origin) || !isAround(event.origin)) {
    throw new Failure("origin_not_allowed", "deployment.json does not list the embedding page's origin");
  }
  return parseHello(event);
}

/**
 * Whether the browser agrees that a page of this origin is around the frame. Some browsers do not say, and
 * some say "null" when the embedding element asked for no-referrer; both leave it to the message's source.
 */
function isAround(origin: string): boolean {
  const parent = (location as { ancestorOrigins?: DOMStringList }).ancestorOrigins?.[0] ?? "null";
  return parent === "null" || parent === origin;
}

/** A credentialless frame has storage that is thrown away, which would lose every key. */
function checkFrame(): void {
  if ((window as { credentialless?: boolean }).credentialless === true) {
    throw new Failure("not_supported", "a credentialless frame forgets its storage; embed the enclave without that attribute");
  }
}

function parseHello(event: MessageEvent<unknown>): HelloRequest {
  const { data, ports } = event;
  const wellFormed =
    isRecord(data) &&
    ports.length === 1 &&
    Object.keys(data).length === 3 &&
    data.kms === "hello" &&
    typeof data.protocol === "number" &&
    typeof data.nonce === "string" &&
    /^[A-Za-z0-9_-]{22,43}$/.test(data.nonce);
  if (!wellFormed) {
    throw new Failure("invalid_message", 'expected {kms: "hello", protocol, nonce: 22 to 43 characters of base64url} and one port');
  }
  if (data.protocol !== protocol) {
    throw new Failure("unsupported_protocol", `this enclave speaks protocol ${protocol}`);
  }
  return { protocol: data.protocol, nonce: data.nonce as string };
}

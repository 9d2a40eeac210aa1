// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { KmsError } from "./errors.ts";

const loopback = /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)*\.localhost|127\.0\.0\.1)$/;

/**
 * Checks that url can be an enclave for this page: absolute, https (or http on loopback), without
 * credentials, and on another origin than the page, which must have one itself. An enclave on the
 * page's own origin would protect nothing: the page could read its storage.
 */
export function parseEnclaveURL(url: string | URL): URL {
  if (typeof document === "undefined") {
    throw new KmsError("not_supported", "connect needs a page: it embeds a frame, so it cannot run in a worker");
  }
  if (self.origin === "null") {
    throw new KmsError(
      "not_supported",
      "this page has an opaque origin (sandboxed, data: or file:); the enclave could not tell it from others",
    );
  }
  const enclave = parseAbsolute(url);
  const secure = enclave.protocol === "https:" || (enclave.protocol === "http:" && loopback.test(enclave.hostname));
  if (!secure) throw new KmsError("invalid_params", "url must be https (http only on localhost)");
  if (enclave.username || enclave.password) {
    throw new KmsError("invalid_params", "url must not hold a user name or password");
  }
  if (enclave.origin === self.origin) {
    throw new KmsError(
      "invalid_params",
      "url must be on another origin than this page: on the same origin the page could read the enclave's keys",
    );
  }
  return enclave;
}

function parseAbsolute(url: string | URL): URL {
  try {
    return new URL(url);
  } catch (cause) {
    throw new KmsError("invalid_params", "url must be absolute, such as https://kms.example/", { cause });
  }
}

/**
 * Makes the frame element, not yet in the page. The two popup tokens are for ceremonies that the
 * enclave must show in a window of its own, the one for downloads lets the person save the audit log;
 * allow-same-origin gives it its own origin's storage, and is safe because that origin is not the
 * page's ({@link parseEnclaveURL}).
 */
export function createFrame(enclave: URL): HTMLIFrameElement {
  const frame = document.createElement("iframe");
  frame.setAttribute(
    "sandbox",
    "allow-scripts allow-same-origin allow-popups allow-popups-to-escape-sandbox allow-downloads",
  );
  frame.setAttribute("allow", "publickey-credentials-get; publickey-credentials-create; clipboard-write");
  // The enclave compares its ancestorOrigins; "no-referrer" would hide this page from that list too.
  frame.referrerPolicy = "strict-origin";
  frame.title = "Key enclave";
  frame.src = enclave.href;
  return frame;
}

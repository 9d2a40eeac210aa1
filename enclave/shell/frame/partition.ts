// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { StatusResponse } from "../../sdk/api.ts";

type Partition = StatusResponse["partition"];

/**
 * Finds out whether the storage of this frame is the one of a top-level visit, as far as that can be
 * known. It is, exactly if all pages around the frame are of its site.
 */
export async function findPartition(): Promise<Partition> {
  if (window.top === window) return "first-party";
  // Where cookies are off altogether, nothing below says anything.
  if (!navigator.cookieEnabled) return "unknown";
  // No access to the first party's cookies means that there is another site around the frame. The
  // contrary says little: some browsers let other sites have cookies, but not storage.
  const access = await document.hasStorageAccess?.().catch(() => undefined);
  return access === false ? "partitioned" : keepsStrictCookie();
}

/**
 * Tries to set a strict same-site cookie, which the browser lets a frame do only if all pages around it
 * are of its site, by the browser's own list of sites. The cookie is deleted before anything can be sent.
 */
function keepsStrictCookie(): Partition {
  const probe = "kms-enclave-site=probe";
  const rest = `; SameSite=Strict; Path=${location.pathname}`;
  try {
    document.cookie = probe + rest;
    const kept = document.cookie.split("; ").includes(probe);
    document.cookie = `${probe}${rest}; Max-Age=0`;
    return kept ? "first-party" : "partitioned";
  } catch {
    return "unknown";
  }
}

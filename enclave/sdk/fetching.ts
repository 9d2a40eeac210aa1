// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Fetches a public file of the enclave's host as it is: without cookies, redirects or an old copy, and no more of it
 * than limit bytes. It rejects with an Error whose message says which file, and what to look at.
 */
export async function fetchPublic(url: URL, limit: number, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  let response: Response;
  try {
    response = await fetch(url, {
      mode: "cors",
      credentials: "omit",
      redirect: "error",
      referrerPolicy: "no-referrer",
      cache: "no-cache",
      signal,
    });
  } catch (cause) {
    throw new Error(
      `${url} could not be fetched: does this page's Content-Security-Policy allow it (connect-src), and does the ` +
        "host serve it to other origins, without a redirect?",
      { cause },
    );
  }
  if (response.status !== 200) throw new Error(`${url} answered with status ${response.status}`);
  return readAtMost(response, limit, url);
}

async function readAtMost(response: Response, limit: number, url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true };
    if (done || !value) break;
    size += value.length;
    if (size > limit) {
      void reader?.cancel();
      throw new Error(`${url} is longer than ${limit} bytes`);
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

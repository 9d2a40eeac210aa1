// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";

import type { Page } from "puppeteer-core";

import type { ConnectOptions, KmsErrorCode, Methods } from "../sdk/index.ts";
import { stage } from "./stage.ts";

type Sign = Methods["vapid.sign"];

/** What a page can tell of a KmsError across to the tests. */
export interface Failure {
  code: KmsErrorCode;
  message: string;
}

/** Connects the page's SDK to the released enclave, keeping the client in the page as `kms`. */
export async function connect(page: Page): Promise<void> {
  const { url, digest } = { url: stage.enclave.url, digest: stage.enclave.digest };
  await page.evaluate(
    async (url, release) => {
      globalThis.kms = await app.sdk.connect({ url, release, timeout: 20_000 });
    },
    url,
    digest,
  );
}

/** Makes a key with the page's client. */
export function generate(page: Page): Promise<Methods["vapid.generate"]["result"]> {
  return page.evaluate(() => kms.vapid.generate());
}

/** Signs with the page's client. */
export function sign(page: Page, params: Sign["params"]): Promise<Sign["result"]> {
  return page.evaluate((params) => kms.vapid.sign(params), params);
}

/** Connects with these options and returns how that failed, or null when it did not. */
export function connectFailure(
  page: Page,
  options: Omit<ConnectOptions, "signal" | "container">,
): Promise<Failure | null> {
  return page.evaluate(async (options) => {
    try {
      (await app.sdk.connect(options)).close();
      return null;
    } catch (error) {
      if (!(error instanceof app.sdk.KmsError)) throw error;
      return { code: error.code, message: error.message };
    }
  }, options);
}

/** Calls a method of the page's client and returns how that failed, or null when it did not. */
export function signFailure(page: Page, params: Sign["params"]): Promise<Failure | null> {
  return page.evaluate(async (params) => {
    try {
      await kms.vapid.sign(params);
      return null;
    } catch (error) {
      if (!(error instanceof app.sdk.KmsError)) throw error;
      return { code: error.code, message: error.message };
    }
  }, params);
}

/** Asserts that there is a failure of this code whose message matches. */
export function assertFailed(failure: Failure | null, code: KmsErrorCode, message = /./): void {
  assert.equal(
    failure?.code,
    code,
    failure ? `failed otherwise: ${failure.code}: ${failure.message}` : "it did not fail",
  );
  assert.match(failure?.message ?? "", message);
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Trusted Types, as far as this page uses them; TypeScript's DOM types do not have them yet. */
interface ScriptURLPolicy {
  createScriptURL(url: string): string;
}
interface TrustedTypesFactory {
  createPolicy(name: string, rules: ScriptURLPolicy): ScriptURLPolicy;
}

/** The scripts that this release starts by their URL: the worker's, and the estimate of strength. */
const scripts = [WORKER_URL, typeof STRENGTH_URL === "string" ? STRENGTH_URL : ""]
  .filter((path) => path !== "")
  .map((path) => new URL(path, import.meta.url).href);

const rules: ScriptURLPolicy = {
  createScriptURL(url) {
    if (scripts.includes(url)) return url;
    throw new TypeError("not a script of this release");
  },
};

// The one policy of this page; its Content-Security-Policy lets no second one be made.
const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypesFactory };
const policy = trustedTypes?.createPolicy("kms-enclave", rules) ?? rules;

/** The URL of a script of this release, as the page's Trusted Types want it. Throws for any other. */
export function trustedURL(path: string): string {
  return policy.createScriptURL(new URL(path, import.meta.url).href);
}

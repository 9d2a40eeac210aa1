// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Trusted Types, as far as this page uses them; TypeScript's DOM types do not have them yet. */
interface ScriptURLPolicy {
  createScriptURL(url: string): string;
}
interface TrustedTypesFactory {
  createPolicy(name: "demo-offline", rules: ScriptURLPolicy): ScriptURLPolicy;
}
declare global {
  interface Window {
    trustedTypes?: TrustedTypesFactory;
  }
}

const worker = "sw.js";

/**
 * Registers the service worker that keeps this page's own files for when there is no network. The page
 * enforces Trusted Types; this is its only policy, and it lets through one name.
 */
export async function keepOffline(): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const rules: ScriptURLPolicy = {
    createScriptURL(url) {
      if (url !== worker) throw new TypeError("demo: only the demo's own service worker may be registered");
      return url;
    },
  };
  const policy = window.trustedTypes?.createPolicy("demo-offline", rules) ?? rules;
  await navigator.serviceWorker.register(policy.createScriptURL(worker));
}

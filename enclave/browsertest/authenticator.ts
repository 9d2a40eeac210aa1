// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from "puppeteer-core";

/** What an authenticator can and does. */
export interface AuthenticatorOptions {
  /** Whether it has the prf extension, which gives secrets. */
  prf?: boolean;
  /** Whether the person passes its check, by finger or PIN. */
  verified?: boolean;
}

/** An authenticator in software, for one page, the frames in it, and nothing else. */
export interface Authenticator {
  /** Changes whether the person passes its check. */
  setVerified(verified: boolean): Promise<void>;
  /** The relying parties of its passkeys, as the browser stored them. */
  relyingParties(): Promise<string[]>;
}

/**
 * Gives a page an authenticator that is always touched. It lives as long as the page. Chromium only: the one
 * in Firefox leaves out a flag of the authenticator data (ED) when it answers get() with an extension.
 */
export async function addAuthenticator(page: Page, options: AuthenticatorOptions = {}): Promise<Authenticator> {
  const { prf = true, verified = true } = options;
  const cdp = await page.createCDPSession();
  await cdp.send("WebAuthn.enable", { enableUI: false });
  const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      ctap2Version: "ctap2_1",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: verified,
      automaticPresenceSimulation: true,
      hasPrf: prf,
    },
  });
  return {
    async setVerified(isUserVerified) {
      await cdp.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });
    },
    async relyingParties() {
      const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
      return credentials.map((credential) => credential.rpId ?? "");
    },
  };
}

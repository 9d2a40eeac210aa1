// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { fromBase64url, toBase64url } from "./bytes.ts";
import type { CreatePasskey, UsePasskey } from "./data.ts";
import type { Memory } from "./scene.ts";

/**
 * WebAuthn (W3C Web Authentication, Level 3), always in the enclave's own document and for the enclave's
 * own host. What comes back is passed on as it is: the program verifies it.
 */

/** What a passkey gave, as the screens' actions want it. */
export interface PasskeyAnswer {
  action: "created" | "asserted" | "failed";
  fields: Record<string, string>;
  secrets: ArrayBuffer[];
}

/** Whether passkeys can be used here, or in a window of our own, as far as can be known without asking. */
export function hasPasskeys(embedded: boolean): boolean {
  if (!("credentials" in navigator) || typeof PublicKeyCredential !== "function") return false;
  if (!embedded) return true;
  // Chromium says what the pages around this one allow; others are asked and may refuse.
  const { featurePolicy } = document as { featurePolicy?: { allowsFeature(name: string): boolean } };
  const allows = (name: string) => featurePolicy?.allowsFeature(name) ?? true;
  return allows("publickey-credentials-get") && allows("publickey-credentials-create");
}

/** Makes a passkey. To be called by a click. Never rejects. */
export function createPasskey(options: CreatePasskey, memory: Memory, signal: AbortSignal): Promise<PasskeyAnswer> {
  const make = async (withPRF: boolean): Promise<PasskeyAnswer> => {
    const publicKey = creationOptions(options, withPRF);
    return created(await navigator.credentials.create({ publicKey, signal }));
  };
  return make(!memory.withoutPRF)
    .catch((thrown: unknown) => {
      if (memory.withoutPRF || !mayBePRF(thrown)) throw thrown;
      // Some authenticators refuse the extension instead of ignoring it. If the browser wants another click
      // for the second try, the person's next one goes without the extension at once.
      memory.withoutPRF = true;
      return make(false);
    })
    .catch(failed);
}

/** Asks for one of the passkeys. To be called by a click. Never rejects. */
export function usePasskey(options: UsePasskey, signal: AbortSignal): Promise<PasskeyAnswer> {
  const ask = async (): Promise<PasskeyAnswer> => {
    const publicKey = requestOptions(options);
    return asserted(await navigator.credentials.get({ publicKey, signal }));
  };
  return ask().catch(failed);
}

function creationOptions(options: CreatePasskey, withPRF: boolean): PublicKeyCredentialCreationOptions {
  const { rpId, rpName, userHandle, userName, challenge, exclude, algorithms, prfFirst, prfSecond } = options;
  return {
    rp: { id: rpId, name: rpName },
    user: { id: fromBase64url(userHandle), name: userName, displayName: userName },
    challenge: fromBase64url(challenge),
    pubKeyCredParams: algorithms.map((alg) => ({ type: "public-key", alg })),
    excludeCredentials: exclude.map((id) => ({ type: "public-key", id: fromBase64url(id) })),
    authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
    attestation: "none",
    ...(withPRF ? { extensions: { prf: { eval: prfInputs(prfFirst, prfSecond) } } } : {}),
  };
}

function requestOptions({ rpId, challenge, credentials }: UsePasskey): PublicKeyCredentialRequestOptions {
  const [only, ...more] = credentials;
  const prf: AuthenticationExtensionsPRFInputs = {};
  if (more.length === 0 && only?.prfFirst && only.prfSecond) {
    // Some passkey providers answer nothing to evalByCredential, so it is used only where it must be.
    prf.eval = prfInputs(only.prfFirst, only.prfSecond);
  } else {
    const known = credentials.flatMap(({ id, prfFirst, prfSecond }) =>
      prfFirst && prfSecond ? [[id, prfInputs(prfFirst, prfSecond)] as const] : [],
    );
    if (known.length > 0) prf.evalByCredential = Object.fromEntries(known);
  }
  return {
    rpId,
    challenge: fromBase64url(challenge),
    allowCredentials: credentials.map(({ id, transports }) => ({
      type: "public-key",
      id: fromBase64url(id),
      transports: transports as AuthenticatorTransport[],
    })),
    userVerification: "required",
    ...(prf.eval || prf.evalByCredential ? { extensions: { prf } } : {}),
  };
}

function prfInputs(first: string, second: string): AuthenticationExtensionsPRFValues {
  return { first: fromBase64url(first), second: fromBase64url(second) };
}

function created(credential: Credential | null): PasskeyAnswer {
  const { rawId, response, extensions } = open(credential);
  if (!(response instanceof AuthenticatorAttestationResponse)) throw new TypeError("not an attestation");
  const publicKey = response.getPublicKey();
  if (!publicKey) throw new DOMException("the key's algorithm is unknown to the browser", "NotSupportedError");
  const enabled = extensions.prf?.enabled;
  const secrets = prfResults(extensions);
  return {
    action: "created",
    fields: {
      credentialId: toBase64url(rawId),
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.getAuthenticatorData()),
      publicKey: toBase64url(publicKey),
      alg: String(response.getPublicKeyAlgorithm()),
      transports: response.getTransports().join(","),
      prf: secrets.length > 0 || enabled === true ? "yes" : enabled === false ? "no" : "unknown",
    },
    secrets,
  };
}

function asserted(credential: Credential | null): PasskeyAnswer {
  const { rawId, response, extensions } = open(credential);
  if (!(response instanceof AuthenticatorAssertionResponse)) throw new TypeError("not an assertion");
  return {
    action: "asserted",
    fields: {
      credentialId: toBase64url(rawId),
      clientDataJSON: toBase64url(response.clientDataJSON),
      authenticatorData: toBase64url(response.authenticatorData),
      signature: toBase64url(response.signature),
      userHandle: response.userHandle ? toBase64url(response.userHandle) : "",
    },
    secrets: prfResults(extensions),
  };
}

function open(credential: Credential | null) {
  if (!(credential instanceof PublicKeyCredential)) throw new DOMException("no passkey", "NotAllowedError");
  const { rawId, response } = credential;
  return { rawId, response, extensions: credential.getClientExtensionResults() };
}

/** Both results of the prf extension, in buffers of their own; none if one is missing. */
function prfResults({ prf }: AuthenticationExtensionsClientOutputs): ArrayBuffer[] {
  const { first, second } = prf?.results ?? {};
  return first && second ? [copy(first), copy(second)] : [];
}

function copy(bytes: BufferSource): ArrayBuffer {
  const view = ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes);
  return new Uint8Array(view).buffer;
}

/** Whether an authenticator may have failed because of the extension, rather than by the person's wish. */
function mayBePRF(thrown: unknown): boolean {
  const others = ["NotAllowedError", "AbortError", "InvalidStateError", "SecurityError"];
  return !(thrown instanceof DOMException && others.includes(thrown.name));
}

function failed(thrown: unknown): PasskeyAnswer {
  const name = thrown instanceof DOMException ? thrown.name : "UnknownError";
  return { action: "failed", fields: { name }, secrets: [] };
}

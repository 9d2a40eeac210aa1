// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from "puppeteer-core";

import type { KmsErrorCode, Method, Methods } from "../sdk/index.ts";
import type { Address, Bundle, BundleOptions, Envelope, Party, SignedPublicPreKey } from "../signaltest/party.ts";

/** The methods that speak Signal's protocol. */
export type SignalMethod = Extract<Method, `signal.${string}`>;

type Params<M extends Method> = Methods[M]["params"];
type Result<M extends Method> = Methods[M]["result"];
type Published = Result<"signal.prekeys.publish">;

/** A KmsError of the page's SDK, thrown here. */
export class CallError extends Error {
  readonly code: KmsErrorCode;

  constructor(method: string, code: KmsErrorCode, message: string) {
    super(`${method}: ${code}: ${message}`);
    this.code = code;
  }
}

/** The code with which a call fails, or "done". */
export function codeOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => "done",
    (error: unknown) => {
      if (error instanceof CallError) return error.code;
      throw error;
    },
  );
}

/** One-time prekeys that a party keeps published, as a server would. */
const pool = 10;

/** A device whose Signal identity is in an enclave, behind the SDK of an app's page. */
export class EnclaveParty implements Party {
  /** The tab in which it acts. It must be connected, with the vault open. */
  page: Page;
  readonly address: Address;
  readonly identityKey: Uint8Array;
  readonly registrationId: number;
  #oneTime: Published["oneTime"][number][] = [];
  #kyber: Published["kyber"][number][] = [];

  private constructor(page: Page, address: Address, identity: { identityKey: string; registrationId: number }) {
    this.page = page;
    this.address = address;
    this.identityKey = unbase64url(identity.identityKey);
    this.registrationId = identity.registrationId;
  }

  /** Makes the identity of the page's origin. */
  static async create(page: Page, name: string, options: { device?: number; oldest?: "x3dh" | "pqxdh" } = {}): Promise<EnclaveParty> {
    const address = { name, device: options.device ?? 1 };
    return new EnclaveParty(page, address, await callIn(page, "signal.identity.create", { ...options, ...address }));
  }

  /** The same device in another tab of its app. */
  in(page: Page): EnclaveParty {
    return new EnclaveParty(page, this.address, {
      identityKey: base64url(this.identityKey),
      registrationId: this.registrationId,
    });
  }

  /** Calls a method with the page's client. */
  call<M extends SignalMethod>(method: M, params: Params<M>): Promise<Result<M>> {
    return callIn(this.page, method, params);
  }

  async bundle(options: BundleOptions = {}): Promise<Bundle> {
    const { oneTime = true, kyber = "one-time" } = options;
    const published = await this.call("signal.prekeys.publish", { oneTime: pool });
    this.#oneTime.push(...published.oneTime);
    this.#kyber.push(...published.kyber);
    const { registrationId, identityKey } = this;
    const bundle: Bundle = { registrationId, identityKey, signedPreKey: publicKey(published.signedPreKey) };
    if (oneTime) {
      const { id, publicKey } = taken(this.#oneTime);
      bundle.preKey = { id, key: unbase64url(publicKey) };
    }
    if (kyber === "one-time") bundle.kyberPreKey = publicKey(taken(this.#kyber));
    if (kyber === "last-resort") bundle.kyberPreKey = publicKey(published.lastResort);
    return bundle;
  }

  async processBundle(to: Address, bundle: Bundle): Promise<void> {
    await this.call("signal.session.start", { ...to, bundle: bundleText(bundle) });
  }

  async encrypt(to: Address, plaintext: Uint8Array): Promise<Envelope> {
    const { type, body } = await this.call("signal.encrypt", { ...to, body: plaintext });
    return { type, body };
  }

  async decrypt(from: Address, type: number, body: Uint8Array): Promise<Uint8Array> {
    return (await this.call("signal.decrypt", { ...from, type, body })).body;
  }

  isDuplicate(error: unknown): boolean {
    return error instanceof CallError && error.code === "duplicate_message";
  }

  /** What the enclave says of its session with the peer. */
  async session(peer: Address): Promise<Result<"signal.session.list">["sessions"][number]> {
    const { sessions } = await this.call("signal.session.list", {});
    const found = sessions.find(({ name, device }) => name === peer.name && device === peer.device);
    if (!found) throw new Error(`there is no session with ${peer.name}.${peer.device}`);
    return found;
  }
}

/** A bundle as parameters have it. */
export function bundleText(bundle: Bundle): Params<"signal.session.start">["bundle"] {
  const { registrationId, identityKey, signedPreKey, preKey, kyberPreKey } = bundle;
  return {
    registrationId,
    identityKey: base64url(identityKey),
    signedPreKey: keyText(signedPreKey),
    ...(preKey && { preKey: { id: preKey.id, publicKey: base64url(preKey.key) } }),
    ...(kyberPreKey && { kyberPreKey: keyText(kyberPreKey) }),
  };
}

function keyText({ id, key, signature }: SignedPublicPreKey): { id: number; publicKey: string; signature: string } {
  return { id, publicKey: base64url(key), signature: base64url(signature) };
}

function publicKey(text: { id: number; publicKey: string; signature: string }): SignedPublicPreKey {
  return { id: text.id, key: unbase64url(text.publicKey), signature: unbase64url(text.signature) };
}

function taken<T>(keys: T[]): T {
  const key = keys.shift();
  if (key === undefined) throw new Error("browsertest: too few one-time prekeys are published");
  return key;
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

export function unbase64url(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64url"));
}

/** Calls any method with a page's client. Bytes go and come as they are. */
export async function callIn<M extends Method>(page: Page, method: M, params: Params<M>): Promise<Result<M>> {
  const answer = await page.evaluate(callHere, method, JSON.stringify(params, bytesAsText));
  const { result, failure } = JSON.parse(answer, textAsBytes) as { result: Result<M>; failure?: { code: KmsErrorCode; message: string } };
  if (failure) throw new CallError(method, failure.code, failure.message);
  return result;
}

/** For JSON.stringify. It looks at what holds the value, since a Buffer already has another form in value. */
function bytesAsText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const held = this[key];
  return held instanceof Uint8Array ? { latin1: Buffer.from(held).toString("latin1") } : value;
}

function textAsBytes(_: string, value: unknown): unknown {
  const { latin1 } = (value ?? {}) as { latin1?: unknown };
  return typeof latin1 === "string" ? new Uint8Array(Buffer.from(latin1, "latin1")) : value;
}

/** Runs in the app's page: calls a method, with bytes as texts of one character for each. */
async function callHere(method: string, params: string): Promise<string> {
  const given = JSON.parse(params, (_, value: { latin1?: unknown } | null) =>
    typeof value?.latin1 === "string" ? Uint8Array.from(value.latin1, (character) => character.charCodeAt(0)) : value,
  ) as object;
  try {
    const path = method.split(".");
    const call = path.reduce((group, name) => (group as Record<string, object>)[name] as object, kms as object);
    const result = await (call as (params: object) => Promise<object>)(given);
    return JSON.stringify({ result }, (_, value: unknown) => {
      if (!(value instanceof Uint8Array)) return value;
      let latin1 = "";
      for (let at = 0; at < value.length; at += 8192) latin1 += String.fromCharCode(...value.subarray(at, at + 8192));
      return { latin1 };
    });
  } catch (error) {
    if (!(error instanceof app.sdk.KmsError)) throw error;
    return JSON.stringify({ failure: { code: error.code, message: error.message } });
  }
}

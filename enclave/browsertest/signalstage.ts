// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { greet, start } from "../signaltest/traffic.ts";
import { connect } from "./client.ts";
import { type Person, personAt } from "./person.ts";
import { settings } from "./settings.ts";
import { EnclaveParty } from "./signalparty.ts";
import { openIn, stage } from "./stage.ts";
import { PuppeteerSurface } from "./surface.ts";
import { setUp, unlock } from "./vault.ts";

/** A part of what Chromium is given to do: a second browser need not show all that the first one did. */
export function share(count: number): number {
  return settings.browser() === "chromium" ? count : Math.ceil(count / 2);
}

/** Somebody with a browser of their own, in which an app of theirs talks through their vault. */
export interface Talker {
  party: EnclaveParty;
  page: Page;
  person: Person;
}

/** Two people with two apps on two origins, each with a vault of their own that is open. They have greeted each other. */
export interface Talk {
  alice: Talker;
  bob: Talker;
}

/** Alice's service id, so that the addresses in first messages count. */
export const aliceName = "9d0652a3-dcc3-4d11-975f-74d61598733f";
export const bobName = "bob@app.example";

let shared: Promise<Talk> | undefined;

/** The two people, whom all tests share: each setting up costs seconds. Tests leave them able to talk. */
export function talk(): Promise<Talk> {
  shared ??= (async () => {
    const alice = await settle(stage.app.url, aliceName);
    const bob = await settle(stage.otherApp.url, bobName);
    await start(alice.party, bob.party);
    await greet(alice.party, bob.party);
    return { alice, bob };
  })();
  return shared;
}

async function settle(url: string, name: string): Promise<Talker> {
  const page = await openIn(await stage.browser.createBrowserContext(), url);
  const person = personAt(page, stage.enclave.host.origin);
  await setUp(page, person);
  return { page, person, party: await EnclaveParty.create(page, name) };
}

let former: Promise<EnclaveParty> | undefined;

/** Alice in another of her apps, which she lets use the same vault, where she talks with old clients too. */
export function permissive(): Promise<EnclaveParty> {
  former ??= (async () => {
    const page = await letIn((await talk()).alice, stage.otherApp.url);
    return EnclaveParty.create(page, "alice-of-old", { oldest: "x3dh" });
  })();
  return former;
}

/** Opens another app in somebody's browser, and lets it use the open vault. */
export async function letIn({ page: first }: Talker, url: string): Promise<Page> {
  const page = await openIn(first.browserContext(), url);
  await connect(page);
  const person = personAt(page, stage.enclave.host.origin);
  await unlock(page, () => person.answer(words.approve.grantTitle, words.approve.allow));
  return page;
}

/** Opens one more tab of somebody's app, connected. */
export async function openTab({ page: first }: Talker): Promise<Page> {
  const page = await openIn(first.browserContext(), first.url());
  await connect(page);
  return page;
}

/** The enclave's document in a page of an app. */
export function enclaveIn(page: Page): PuppeteerSurface {
  const frame = page.frames().find((frame) => frame.url() === stage.enclave.url);
  if (!frame) throw new Error("browsertest: no enclave is embedded");
  return new PuppeteerSurface(frame);
}

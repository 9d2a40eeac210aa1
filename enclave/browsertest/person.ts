// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Frame, Page } from "puppeteer-core";

import * as words from "../shell/ceremony/strings.ts";
import { button, readPage, textbox } from "./roles.ts";
import { pause, PuppeteerSurface, type Surface } from "./surface.ts";

/** Finds the documents of the enclave that are open: its frame and its windows. */
export type Places = () => Promise<Surface[]>;

/** A passphrase that the vault takes; of no value anywhere else. */
export const passphrase = "tortoise lantern 7 gravel pudding";

/** What a person chooses when setting up. */
export interface SetUpChoices {
  name?: string;
  passphrase?: string;
  method?: "passphrase" | "passkey";
  /** Whether to write down recovery words. */
  recovery?: boolean;
}

/**
 * The person whose vault it is: looks for a ceremony wherever it is, in the frame or in a window, reads its
 * title, and acts on what it offers by role and name.
 */
export class Person {
  readonly #places: Places;

  constructor(places: Places) {
    this.#places = places;
  }

  /** Waits until one of these titles is shown, opening the enclave's window where that is asked. */
  async at(...titles: string[]): Promise<Surface> {
    const end = Date.now() + 20_000;
    let asked = false;
    let seen: string[] = [];
    while (Date.now() < end) {
      seen = [];
      for (const surface of await this.#places()) {
        // A document may go away while it is read.
        const read = await surface.run(readPage).catch(() => undefined);
        if (!read?.heading) continue;
        if (titles.includes(read.heading)) return surface;
        seen.push(`${read.heading}${read.alert && ` (${read.alert})`}`);
        if (read.heading === words.places.windowTitle && !asked) {
          asked = true;
          await surface.click(button(words.places.open));
        }
      }
      await pause(50);
    }
    throw new Error(`nobody asked "${titles.join('" or "')}"; shown: ${seen.join("; ") || "nothing"}`);
  }

  /** Presses the button that opens the enclave's window, in the frame. */
  async openWindow(): Promise<void> {
    const end = Date.now() + 20_000;
    while (Date.now() < end) {
      for (const surface of await this.#places()) {
        const offered = await surface.has(button(words.places.open)).catch(() => false);
        if (offered) return surface.click(button(words.places.open));
      }
      await pause(50);
    }
    throw new Error("no window was offered");
  }

  /** The title that a surface shows now. */
  async titleOf(surface: Surface): Promise<string> {
    return (await surface.run(readPage)).heading ?? "";
  }

  /** Waits until the enclave says why the screen is shown again, and returns that. */
  async problem(surface: Surface): Promise<string> {
    for (let tries = 0; tries < 200; tries++) {
      const { alert } = await surface.run(readPage);
      if (alert) return alert;
      await pause(50);
    }
    throw new Error("no problem was said");
  }

  /** Sets up a vault and returns the recovery words, none if they were not wanted. */
  async setUp(choices: SetUpChoices = {}): Promise<string[]> {
    await this.begin(choices);
    if (choices.method === "passkey") await this.makePasskey();
    else await this.choosePassphrase(choices.passphrase);
    const written = await this.writeRecovery(choices.recovery ?? false);
    await this.finish();
    return written;
  }

  /** Fills the first screen of setting up. */
  async begin({ name = "Ada", method = "passphrase" }: SetUpChoices = {}): Promise<void> {
    const at = await this.at(words.users.welcomeTitle, words.users.anotherTitle);
    await at.type(textbox(words.users.name), name);
    const way = method === "passkey" ? words.users.withPasskey : words.users.withPassphrase;
    await at.click({ role: "radio", name: way });
    await at.click(button(words.users.start));
  }

  /** Chooses a passphrase, typed twice. */
  async choosePassphrase(chosen = passphrase): Promise<void> {
    const at = await this.at(words.passphrase.chooseTitle);
    await at.type(textbox(words.passphrase.newLabel), chosen);
    await at.type(textbox(words.passphrase.again), chosen);
    await at.click(button(words.passphrase.next));
    // The estimate of its strength may come just then, and move the button away from under the pointer.
    await pause(100);
    if (await at.has(button(words.passphrase.next)).catch(() => false)) await at.click(button(words.passphrase.next));
  }

  /** Makes a passkey, and goes along with whatever its kind leads to. */
  async makePasskey(): Promise<void> {
    const at = await this.at(words.passkey.createTitle);
    await at.click(button(words.passkey.create));
    const next = [words.passkey.useTitle, words.passkey.gateTitle, words.recovery.showTitle, words.manage.title];
    let now = await this.at(...next);
    if ((await this.titleOf(now)) === words.passkey.useTitle) {
      await now.click(button(words.passkey.use));
      now = await this.at(...next.slice(1));
    }
    if ((await this.titleOf(now)) === words.passkey.gateTitle) await now.click(button(words.passkey.gateContinue));
  }

  /** Writes the recovery words down and types them, or goes on without. */
  async writeRecovery(wanted: boolean): Promise<string[]> {
    const at = await this.at(words.recovery.showTitle);
    const shown = await at.run(readWords);
    await at.click(button(wanted ? words.recovery.written : words.recovery.skip));
    if (!wanted) return [];
    await this.typeRecovery(shown);
    return shown;
  }

  /** Types the words to show that they are right. */
  async typeRecovery(shown: readonly string[]): Promise<void> {
    const at = await this.at(words.recovery.typeTitle);
    await at.type(textbox(words.recovery.label), shown.join(" "));
    await at.click(button(words.recovery.confirm));
  }

  /** Reads that it is done. */
  async finish(): Promise<void> {
    const at = await this.at(words.ends.doneTitle);
    await at.click(button(words.header.close));
  }

  /** Unlocks, or proves once more, with a passphrase; does not look whether it was right. */
  async giveChosen(secret = passphrase): Promise<Surface> {
    const at = await this.#choose("passphrase");
    await at.type(textbox(words.passphrase.label), secret);
    await at.click(button(await this.#act(at, words.unlock.act, words.unlock.prove)));
    return at;
  }

  /** The same with recovery words. */
  async giveRecovery(written: readonly string[]): Promise<Surface> {
    const at = await this.#choose("recovery");
    await at.type(textbox(words.recovery.label), written.join(" "));
    await at.click(button(await this.#act(at, words.unlock.act, words.unlock.prove)));
    return at;
  }

  /** The same with a passkey. */
  async givePasskey(): Promise<Surface> {
    const at = await this.#choose("passkey");
    await at.click(button(await this.#act(at, words.unlock.withPasskey, words.unlock.proveWithPasskey)));
    return at;
  }

  /** Presses a button of the ceremony with this title. */
  async answer(title: string, name: string): Promise<void> {
    await (await this.at(title)).click(button(name));
  }

  /** Goes to one of the ways to unlock, unless it is the one that is offered first. */
  async #choose(way: keyof typeof words.unlock.choose): Promise<Surface> {
    const at = await this.at(words.unlock.title, words.unlock.proveTitle);
    const name = words.unlock.choose[way];
    if ((await at.run(readPage)).buttons.includes(name)) await at.click(button(name));
    return at;
  }

  async #act(at: Surface, unlocking: string, proving: string): Promise<string> {
    return (await this.titleOf(at)) === words.unlock.title ? unlocking : proving;
  }
}

/** Runs in the enclave's document: the recovery words that are shown. */
function readWords(): string[] {
  return [...document.querySelectorAll("ol.words li")].map((item) => item.textContent ?? "");
}

/** A person in front of a page that puppeteer drives: the enclave's frames in it, and windows beside it. */
export function personAt(page: Page, enclaveOrigin: string): Person {
  return new Person(async () => {
    const windows = (await page.browserContext().pages()).filter((other) => other !== page);
    const frames = [...windows.flatMap(framesOf), ...framesOf(page)];
    return frames.filter((frame) => isOf(frame.url(), enclaveOrigin)).map((frame) => new PuppeteerSurface(frame));
  });
}

/** A window that is just being opened has no frames yet. */
function framesOf(page: Page): Frame[] {
  try {
    return page.frames();
  } catch {
    return [];
  }
}

function isOf(url: string, origin: string): boolean {
  return URL.canParse(url) && new URL(url).origin === origin;
}

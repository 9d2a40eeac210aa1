// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { ElementHandle, Frame, KeyInput, Page } from "puppeteer-core";

import { findByRole, readPage, type Target } from "./roles.ts";
import { settings } from "./settings.ts";

/** How long a person waits for something to appear, in milliseconds. */
const patience = 15_000;

/** A document in which a person acts: a page's, a frame's or a window's, in any browser. */
export interface Surface {
  readonly url: string;
  /** Runs a function there; it and its arguments are sent as texts. */
  run<A extends unknown[], T>(body: (...args: A) => T | Promise<T>, ...args: A): Promise<T>;
  /** Clicks as a hand does, once the target is there and usable. */
  click(target: Target): Promise<void>;
  /** Types into a field, after what is there. */
  type(target: Target, text: string): Promise<void>;
  /** Presses one key wherever the focus is. */
  press(key: string): Promise<void>;
  /** Whether the target is there and usable now. */
  has(target: Target): Promise<boolean>;
}

/** What surfaces have in common; H is how a driver holds an element. */
export abstract class DrivenSurface<H> implements Surface {
  abstract readonly url: string;
  abstract run<A extends unknown[], T>(body: (...args: A) => T | Promise<T>, ...args: A): Promise<T>;
  abstract press(key: string): Promise<void>;
  protected abstract find(target: Target): Promise<H | null>;
  protected abstract clickOn(element: H): Promise<void>;
  protected abstract typeInto(element: H, text: string): Promise<void>;

  async click(target: Target): Promise<void> {
    await this.#retry(target, (element) => this.clickOn(element));
  }

  async type(target: Target, text: string): Promise<void> {
    await this.#retry(target, (element) => this.typeInto(element, text));
  }

  async has(target: Target): Promise<boolean> {
    return (await this.find(target)) !== null;
  }

  async #retry(target: Target, act: (element: H) => Promise<void>): Promise<void> {
    const end = Date.now() + patience;
    while (Date.now() < end) {
      const element = await this.find(target);
      if (element) return act(element);
      await pause(50);
    }
    const seen = await this.run(readPage).catch((error: unknown) => ({ text: String(error) }));
    throw new Error(`no usable ${target.role} "${target.name}" in ${this.url}; it shows: ${JSON.stringify(seen)}`);
  }
}

/** A frame or page that puppeteer drives. */
export class PuppeteerSurface extends DrivenSurface<ElementHandle<HTMLElement>> {
  readonly frame: Frame;
  readonly page: Page;

  constructor(frame: Frame) {
    super();
    this.frame = frame;
    this.page = frame.page();
  }

  get url(): string {
    return this.frame.url();
  }

  /** A frame that is gone is a rejection here; puppeteer throws before there is a promise. */
  async run<A extends unknown[], T>(body: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    return (await this.frame.evaluate(body as (...args: unknown[]) => T, ...args)) as T;
  }

  press(key: string): Promise<void> {
    return this.page.keyboard.press(key as KeyInput);
  }

  protected async find(target: Target): Promise<ElementHandle<HTMLElement> | null> {
    const handle = await this.frame.evaluateHandle(findByRole, target);
    return handle.asElement() as ElementHandle<HTMLElement> | null;
  }

  protected async clickOn(element: ElementHandle<HTMLElement>): Promise<void> {
    // The window may close by the press, and then nothing is left to release the button on.
    await element.click().catch((error: unknown) => {
      if (!/closed|detached|no such/i.test(String(error))) throw error;
    });
  }

  protected async typeInto(element: ElementHandle<HTMLElement>, text: string): Promise<void> {
    if (settings.browser() === "firefox") return element.type(text);
    await element.focus();
    await this.page.keyboard.sendCharacter(text); // all at once, as an input method does
  }
}

/** Resolves after so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

/** Asks again until the answer is not undefined, null or false; fails with what was waited for. */
export async function until<T>(what: string, ask: () => Promise<T | undefined | null | false>, within = patience): Promise<T> {
  const end = Date.now() + within;
  do {
    const answer = await ask();
    if (answer) return answer;
    await pause(50);
  } while (Date.now() < end);
  throw new Error(`waited ${within} ms for ${what}`);
}

/** For what is waited for later: if it fails, that is told then, and not before as an accident. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Common, Screens } from "./data.ts";

/** What a screen's drawing gets. */
export interface Scene<Data = object> {
  readonly data: Data & Common;
  readonly memory: Memory;
  /** Answers the screen. Only the first answer counts; until the next screen nothing can be entered. */
  answer(action: string, fields?: Record<string, string>, secrets?: ArrayBuffer[]): void;
  /** Says that the browser asks the person something itself, after which the answer comes. */
  ask(): void;
  /** Says why the answer is not sent yet, and ties that to a field. */
  complain(problem: string, at: HTMLElement): void;
  /** Draws the same screen again, after a change of memory. */
  redraw(): void;
  /** Aborted when the screen goes: for what the browser was asked meanwhile. */
  readonly signal: AbortSignal;
}

/** What a place remembers from screen to screen of one ceremony. Nothing secret. */
export interface Memory {
  /** By which way the person chose to unlock. */
  way?: "passphrase" | "passkey" | "recovery";
  /** This browser makes passkeys only without the prf extension. */
  withoutPRF?: boolean;
  /** The part of the screen "manage" that the person went to. */
  part?: string | undefined;
}

/** A button below the form. */
export interface Choice {
  label: string;
  act: () => void;
}

/** A drawn screen; card.ts puts it into the card. */
export interface Drawing {
  title: string;
  body: (Node | undefined)[];
  /** What submitting the form does: the one primary action. */
  primary?: Choice & { danger?: boolean };
  others?: (Choice | undefined)[];
  /** Gets the focus; the title does if there is none. */
  focus?: HTMLElement | undefined;
  /** What is described by the problem; the focus element if not given. */
  faulty?: HTMLElement | undefined;
  /** Whether the primary action is a try that data.retryAfter delays. */
  isTry?: boolean;
  /** Whether one click approves: then it counts only after a dwell of its own. */
  approves?: boolean;
  /** Whether to leave out "Cancel", since another button ends the ceremony. */
  ends?: boolean;
}

/** Draws one screen. */
export type Draw<Data> = (scene: Scene<Data>) => Drawing;

/** A drawing for every screen. */
export type Draws = { readonly [Name in keyof Screens]: Draw<Screens[Name]> };

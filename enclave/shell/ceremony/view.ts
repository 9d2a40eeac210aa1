// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { DialogueMessage, PersonMessage, Screen, Subject } from "../messages.ts";
import { Card } from "./card.ts";
import type { Screens } from "./data.ts";
import { holdFocus } from "./focus.ts";
import type { Draw, Drawing, Memory, Scene } from "./scene.ts";
import { draws } from "./screens.ts";
import { problems, progress, recovery } from "./strings.ts";
import { dwell } from "./watch.ts";
import { wordsFor } from "./words.ts";

/** What a view does with what the person did. Buffers are to be transferred, so that none stays here. */
export type Send = (message: PersonMessage, transfer: ArrayBuffer[]) => void;

/**
 * One ceremony as the person sees it: shows what the program says on the dialogue's port, sends what the
 * person does. Nothing can be entered unless the view is live (watch.ts), and once per screen.
 */
export class View {
  readonly #card: Card;
  readonly #send: Send;
  readonly #memory: Memory = {};
  readonly #release: () => void;
  #scene = new AbortController();
  #live = false;
  #open = false; // whether a screen waits for its answer
  /** Of the screen that is shown: an answer says which screen it answers. */
  #turn = 0;
  #asking = false; // whether the browser asks the person something itself
  #armed = true; // whether a screen that approves has been there for the dwell
  #arming: ReturnType<typeof setTimeout> | undefined;

  constructor(root: HTMLElement, subject: Subject, send: Send) {
    this.#send = send;
    this.#card = new Card(() => this.cancel());
    this.#card.setSubject(subject);
    this.#release = holdFocus(this.#card.element, () => this.cancel());
    this.#card.setLive(false);
    root.replaceChildren(this.#card.element);
  }

  /** Takes a message of the dialogue; "end" is for whoever holds the view. */
  receive(message: DialogueMessage): void {
    if (message.kms === "busy") this.#wait(message.name);
    if (message.kms === "screen") {
      this.#turn = message.turn;
      this.#show(JSON.parse(message.text) as Screen);
    }
  }

  /** Shows something of the place itself, which is not a screen of the program. */
  showPlace(drawing: Drawing, live: boolean): void {
    this.#open = live;
    this.#armed = true;
    this.#card.draw(drawing, undefined, 0);
    this.#card.setLive(live);
    this.#card.focus();
  }

  /** Says whether the person sees what is shown. */
  setLive(live: boolean): void {
    this.#live = live;
    this.#update();
  }

  /** Shows a note of the place that can be used even while nothing can be entered. */
  setNotice(...content: Node[]): void {
    this.#card.setNotice(...content);
  }

  /** Gives up, as "Cancel" and Escape do. */
  cancel(): void {
    this.#scene.abort();
    this.#send({ kms: "cancel" }, []);
  }

  /** Takes the view away. */
  end(): void {
    this.#scene.abort();
    clearTimeout(this.#arming);
    this.#release();
    this.#card.end();
  }

  #show({ screen, data }: Screen): void {
    // A screen that this release does not know cannot come: the program is of the same release.
    const draw = draws[screen as keyof Screens] as unknown as Draw<object>;
    this.#card.setSubject(data.subject);
    this.#open = true;
    this.#draw(draw, data, true);
  }

  #draw(draw: Draw<object>, data: Screen["data"], fresh: boolean): void {
    this.#scene.abort();
    const scene = new AbortController();
    this.#scene = scene;
    this.#asking = false;
    const drawing = draw(this.#sceneOf(draw, data, scene.signal));
    this.#card.draw(drawing, fresh ? problemOf(data) : undefined, data.retryAfter ?? 0);
    this.#arm(drawing.approves === true && fresh);
    this.#update();
    this.#card.focus();
  }

  #sceneOf(draw: Draw<object>, data: Screen["data"], signal: AbortSignal): Scene {
    return {
      data,
      memory: this.#memory,
      signal,
      answer: (action, fields = {}, secrets = []) => {
        if (signal.aborted || !this.#open) return;
        this.#wait("waiting");
        this.#send({ kms: "input", turn: this.#turn, action, fields: JSON.stringify(fields), secrets }, secrets);
      },
      ask: () => {
        this.#asking = true;
        this.#card.setStatus(wordsFor(progress, "asking"), true);
        this.#update();
      },
      complain: (problem, at) => {
        this.#card.complain(wordsFor(problems, problem), at);
        at.focus();
      },
      redraw: () => this.#draw(draw, data, false),
    };
  }

  /** A click that was meant for what was here before must not approve anything. */
  #arm(waits: boolean): void {
    clearTimeout(this.#arming);
    this.#armed = !waits;
    if (!waits) return;
    this.#arming = setTimeout(() => {
      this.#armed = true;
      this.#update();
    }, dwell);
  }

  #wait(name: string): void {
    this.#open = false;
    this.#update();
    this.#card.setStatus(wordsFor(progress, name), true);
  }

  #update(): void {
    this.#card.setLive(this.#live && this.#open && this.#armed && !this.#asking);
  }
}

function problemOf({ problem, word }: Screen["data"]): string | undefined {
  if (problem === undefined) return undefined;
  return problem === "recovery_word" && typeof word === "number" ? recovery.wrongWord(word) : wordsFor(problems, problem);
}

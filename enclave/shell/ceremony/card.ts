// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Subject } from "../messages.ts";
import { button, el, facts, foreign, newId, p } from "./dom.ts";
import type { Choice, Drawing } from "./scene.ts";
import { header as words, operations, unlock } from "./strings.ts";
import { clock, wordsFor } from "./words.ts";

/**
 * The one card on which everything is shown: what is asked and by whom, then the screen, then "Cancel". Its
 * parts are made once and filled anew, so that screen readers keep their live regions.
 */
export class Card {
  readonly element: HTMLElement;
  readonly #title = el("h1", { id: newId(), tabindex: "-1" });
  readonly #request = el("div", { id: newId() });
  readonly #problem = p("", { class: "problem", role: "alert", id: newId(), hidden: true });
  readonly #notice = el("div", { class: "notice", hidden: true });
  readonly #form = el("form", { novalidate: true });
  readonly #progress = el("progress", { hidden: true });
  readonly #status = p("", { role: "status" });
  readonly #cancel: HTMLButtonElement;
  #focus: HTMLElement = this.#title;
  #countdown: ReturnType<typeof setInterval> | undefined;

  constructor(cancel: () => void) {
    this.#cancel = button(words.cancel, cancel, { class: "plain" });
    this.#progress.setAttribute("aria-label", words.working);
    this.element = el(
      "section",
      {
        class: "card",
        role: "dialog",
        "aria-modal": "true",
        "aria-labelledby": this.#title.id,
        "aria-describedby": this.#request.id,
      },
      el("header", {}, this.#title, this.#request),
      this.#notice,
      this.#problem,
      this.#form,
      this.#progress,
      this.#status,
      el("footer", {}, this.#cancel),
    );
  }

  /** Says what is asked, and by whom. */
  setSubject({ operation, origin, user }: Subject): void {
    // Nobody asks in a window that nobody of ours has opened.
    this.#request.hidden = operation === "";
    this.#request.replaceChildren(
      facts([
        [words.request, wordsFor(operations, operation)],
        [words.site, origin === location.origin ? words.ownPage : foreign(origin)],
        ...(user === "" ? [] : [[words.vault, foreign(user)] as const]),
      ]),
    );
  }

  /** Puts a drawn screen in place of the one before; the problem, if any, belongs to it. */
  draw(drawing: Drawing, problem: string | undefined, retryAfter: number): void {
    clearInterval(this.#countdown);
    this.#title.textContent = drawing.title;
    document.title = `${drawing.title} · ${words.product}`;
    const actions = el("div", { class: "actions" });
    const primary = drawing.primary && submit(drawing.primary);
    if (primary) actions.append(primary);
    for (const choice of drawing.others ?? []) if (choice) actions.append(button(choice.label, choice.act));
    this.#form.replaceChildren(...drawing.body.filter((node) => node !== undefined), actions);
    // Enter in a field is a click on the primary button. Submitting, which sandboxes forbid, is not needed.
    this.#form.onsubmit = (event) => event.preventDefault();
    this.#focus = drawing.focus ?? this.#title;
    this.#cancel.hidden = drawing.ends === true;
    this.#problem.hidden = true;
    this.setStatus("", false);
    if (problem !== undefined) this.complain(problem, drawing.faulty ?? drawing.focus);
    if (drawing.isTry && primary && retryAfter > 0) this.#hold(primary, retryAfter);
    this.element.scrollTop = 0;
  }

  /** Shows a problem and ties it to the field at which it arose. */
  complain(text: string, at: HTMLElement | undefined): void {
    for (const former of this.#form.querySelectorAll("[aria-invalid]")) former.removeAttribute("aria-invalid");
    this.#problem.textContent = text;
    this.#problem.hidden = false;
    if (!at?.matches("input, textarea, select")) return;
    const described = new Set([this.#problem.id, ...(at.getAttribute("aria-describedby") ?? "").split(" ")]);
    at.setAttribute("aria-describedby", [...described].join(" ").trim());
    at.setAttribute("aria-invalid", "true");
  }

  /** Lets things be entered, or not. The words can be read in both cases, and "Cancel" works. */
  setLive(live: boolean): void {
    if (!live && this.#form.contains(document.activeElement)) this.#title.focus();
    const again = live && this.#form.inert;
    this.#form.inert = !live;
    // Who is at "Cancel" or at the note stays there.
    const { activeElement } = document;
    if (again && (activeElement === this.#title || !this.element.contains(activeElement))) this.focus();
  }

  /** Puts the focus where the screen begins. */
  focus(): void {
    const target = this.#form.inert ? this.#title : this.#focus;
    target.focus();
  }

  /** Says what goes on, without taking the focus. */
  setStatus(text: string, working: boolean): void {
    if (working) this.#problem.hidden = true;
    this.#progress.hidden = !working;
    if (this.#status.textContent !== text) this.#status.textContent = text;
  }

  /** Shows a note above the screen that stays usable when the screen is not; without content, none. */
  setNotice(...content: Node[]): void {
    this.#notice.replaceChildren(...content);
    this.#notice.hidden = content.length === 0;
  }

  /** Ends what runs by itself. */
  end(): void {
    clearInterval(this.#countdown);
    this.element.remove();
  }

  /** Keeps the primary action back until the time is over, and shows how long that is. */
  #hold(primary: HTMLButtonElement, retryAfter: number): void {
    const until = performance.now() + retryAfter;
    const left = () => Math.ceil((until - performance.now()) / 1000);
    const note = p(unlock.waitUntil(clock(left())), { class: "wait" });
    primary.disabled = true;
    primary.before(note);
    this.#countdown = setInterval(() => {
      if (left() > 0) return void (note.textContent = unlock.waitUntil(clock(left())));
      clearInterval(this.#countdown);
      note.remove();
      primary.disabled = false;
      this.setStatus(unlock.waitOver, false);
    }, 250);
  }
}

function submit({ label, act, danger }: Choice & { danger?: boolean }): HTMLButtonElement {
  return button(label, act, { type: "submit", class: danger ? "danger" : "primary" });
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { normalized, takeSecret } from "./bytes.ts";
import type { Screens } from "./data.ts";
import { button, el, field, p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { meter } from "./strength.ts";
import { header, passphrase as words } from "./strings.ts";

/** The longest passphrase that the program takes, in bytes of UTF-8 (kmslib/unlock). */
const longest = 1024;

/** A passphrase field with its button to show what is typed. */
export interface SecretField {
  readonly box: HTMLElement;
  readonly input: HTMLInputElement;
  /** Takes the passphrase out; both the field and the view of it are empty afterwards. */
  take(): ArrayBuffer;
}

/** Makes a passphrase field; autocomplete is what password managers go by (WCAG 1.3.5, 3.3.8). */
export function secretField(label: string, autocomplete: "new-password" | "current-password", hint?: string): SecretField {
  const { box, input } = field(label, {
    ...(hint === undefined ? {} : { hint }),
    attributes: { type: "password", autocomplete, autocapitalize: "none", spellcheck: "false", required: true },
  });
  const view = (shown: boolean) => {
    input.type = shown ? "text" : "password";
    toggle.textContent = shown ? words.hide : words.show;
    toggle.setAttribute("aria-label", shown ? words.hideName : words.showName);
  };
  const toggle = button(words.show, () => view(input.type === "password"), { "aria-controls": input.id, class: "reveal" });
  view(false);
  const line = el("div", { class: "secret" });
  input.replaceWith(line);
  line.append(input, toggle);
  return {
    box,
    input,
    take() {
      view(false);
      return takeSecret(input);
    },
  };
}

/** The name that a password manager keeps the passphrase under. */
export function userName(name: string): HTMLInputElement {
  return el("input", { type: "text", autocomplete: "username", value: name, readonly: true, hidden: true });
}

/** Draws "new-passphrase". */
export function newPassphrase(scene: Scene<Screens["new-passphrase"]>): Drawing {
  const { min, name } = scene.data;
  const chosen = secretField(words.newLabel, "new-password", words.hint(min));
  const again = secretField(words.again, "new-password");
  const strength = meter(chosen.input, [name]);
  const check = (): [problem: string, at: HTMLElement] | undefined => {
    const text = normalized(chosen.input);
    if ([...text].length < min) return ["too_short", chosen.input];
    if (new TextEncoder().encode(text).length > longest) return ["too_long", chosen.input];
    if (text !== normalized(again.input)) return ["passphrases_differ", again.input];
    return undefined;
  };
  const send = () => {
    const wrong = check();
    if (wrong) return scene.complain(...wrong);
    const secret = chosen.take();
    again.take();
    scene.answer("continue", {}, [secret]);
  };
  return {
    title: words.chooseTitle,
    body: [p(words.chooseIntro), userName(name), chosen.box, strength, again.box],
    primary: { label: words.next, act: send },
    others: [{ label: header.back, act: () => scene.answer("back") }],
    focus: chosen.input,
  };
}

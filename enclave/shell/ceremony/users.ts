// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Screens } from "./data.ts";
import { button, el, field, newId, p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { users as words } from "./strings.ts";

/** Draws "welcome", the first screen of setting up. */
export function welcome(scene: Scene<Screens["welcome"]>): Drawing {
  const { users, name = "", passkeys } = scene.data;
  const label = field(words.name, {
    hint: words.nameHint,
    attributes: { value: name, autocomplete: "nickname", maxlength: "64", required: true, spellcheck: "false" },
  });
  const [phrase, phraseBox] = way("passphrase", words.withPassphrase, words.withPassphraseHint, true);
  const [, passkeyBox] = way("passkey", words.withPasskey, passkeys ? words.withPasskeyHint : words.noPasskeys, passkeys);
  phrase.checked = true;
  const start = () => {
    const typed = label.input.value.normalize("NFC").trim();
    if (typed === "") return scene.complain("bad_name", label.input);
    scene.answer("start", { name: typed, method: phrase.checked ? "passphrase" : "passkey" });
  };
  return {
    title: users > 0 ? words.anotherTitle : words.welcomeTitle,
    body: [p(words.welcomeIntro), label.box, el("fieldset", {}, el("legend", {}, words.way), phraseBox, passkeyBox)],
    primary: { label: words.start, act: start },
    focus: label.input,
  };
}

function way(value: string, label: string, hint: string, offered: boolean): [HTMLInputElement, HTMLElement] {
  const id = newId();
  const note = p(hint, { class: "hint", id: newId() });
  const input = el("input", { type: "radio", name: "way", id, value, disabled: !offered, "aria-describedby": note.id });
  return [input, el("div", { class: "option" }, input, el("label", { for: id }, label), note)];
}

/** Draws "choose-user". */
export function chooseUser(scene: Scene<Screens["choose-user"]>): Drawing {
  const { users, add } = scene.data;
  const entries = users.map(({ id, label, damaged }) => {
    const pick = button(label, () => scene.answer("pick", { user: id }), { class: "pick", disabled: Boolean(damaged) });
    return el("li", {}, pick, damaged ? p(words.damaged, { class: "hint" }) : undefined);
  });
  return {
    title: words.chooseTitle,
    body: [p(words.chooseIntro), el("ul", { class: "picks" }, ...entries)],
    others: [add ? { label: words.add, act: () => scene.answer("add") } : undefined],
  };
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { takeSecret } from "./bytes.ts";
import type { Screens } from "./data.ts";
import { area, el, type Field, p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { header, recovery as words } from "./strings.ts";

/** Draws "recovery-key": the words, which go nowhere but onto the screen. */
export function recoveryKey(scene: Scene<Screens["recovery-key"]>): Drawing {
  const { words: secret, skip } = scene.data;
  const list = el("ol", { class: "words", "aria-label": words.listName }, ...secret.map((word) => el("li", {}, word)));
  return {
    title: words.showTitle,
    body: [p(words.showIntro(secret.length)), list],
    primary: { label: words.written, act: () => scene.answer("continue") },
    others: [
      skip ? { label: words.skip, act: () => scene.answer("skip") } : undefined,
      { label: header.back, act: () => scene.answer("back") },
    ],
  };
}

/** Draws "confirm-recovery". */
export function confirmRecovery(scene: Scene<Screens["confirm-recovery"]>): Drawing {
  const typed = wordsField();
  return {
    title: words.typeTitle,
    body: [p(words.typeIntro(scene.data.count)), typed.box],
    primary: { label: words.confirm, act: () => scene.answer("continue", {}, [takeSecret(typed.input)]) },
    others: [{ label: header.back, act: () => scene.answer("back") }],
    focus: typed.input,
  };
}

/** A field for recovery words, of which the browser keeps and sends nothing. */
export function wordsField(): Field<HTMLTextAreaElement> {
  return area(words.label, {
    hint: words.hint,
    attributes: {
      rows: "3",
      autocomplete: "off",
      autocapitalize: "none",
      autocorrect: "off",
      spellcheck: "false", // some browsers check spelling on a server
      maxlength: "1000",
    },
  });
}

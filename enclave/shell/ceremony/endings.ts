// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Screens } from "./data.ts";
import { field, p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { done as messages, ends as words, header, reset as resetWords } from "./strings.ts";
import { wordsFor } from "./words.ts";

/** Draws "reset": the vault's name has to be typed, and the program compares it. */
export function reset(scene: Scene<Screens["reset"]>): Drawing {
  const { label, proof } = scene.data;
  const typed = field(resetWords.label(label), { attributes: { spellcheck: "false", autocapitalize: "none" } });
  return {
    title: resetWords.title,
    body: [p(resetWords.text(label)), proof ? p(resetWords.proof) : undefined, typed.box],
    primary: { label: resetWords.act, act: () => scene.answer("reset", { typed: typed.input.value }), danger: true },
    others: [{ label: header.back, act: () => scene.answer("back") }],
    focus: typed.input,
  };
}

/** Draws "done". */
export function done(scene: Scene<Screens["done"]>): Drawing {
  return {
    title: words.doneTitle,
    body: [p(wordsFor(messages, scene.data.message), { role: "status" })],
    primary: { label: header.close, act: () => scene.answer("close") },
    ends: true,
  };
}

/** Draws "error"; the card says the problem. */
export function error(scene: Scene<Screens["error"]>): Drawing {
  const close = { label: header.close, act: () => scene.answer("close") };
  const retry = { label: words.retry, act: () => scene.answer("retry") };
  return {
    title: words.errorTitle,
    body: [],
    primary: scene.data.retry ? retry : close,
    others: [scene.data.retry ? close : undefined],
    isTry: scene.data.retry,
    ends: true,
  };
}

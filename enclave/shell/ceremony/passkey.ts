// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { createPasskey, type PasskeyAnswer, usePasskey } from "./credentials.ts";
import type { Screens, UsePasskey } from "./data.ts";
import { p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { header, passkey as words } from "./strings.ts";

/** Draws "create-passkey". */
export function createPasskeyScreen(scene: Scene<Screens["create-passkey"]>): Drawing {
  return {
    title: words.createTitle,
    body: [p(words.createIntro(scene.data.rpId))],
    primary: {
      label: words.create,
      act: () => wait(scene, createPasskey(scene.data, scene.memory, scene.signal)),
    },
    others: [{ label: header.back, act: () => scene.answer("back") }],
  };
}

/** Draws "use-passkey", which follows if making the passkey gave no secret. */
export function usePasskeyScreen(scene: Scene<Screens["use-passkey"]>): Drawing {
  return {
    title: words.useTitle,
    body: [p(words.useIntro)],
    primary: { label: words.use, act: () => askPasskey(scene, scene.data) },
    others: [{ label: header.back, act: () => scene.answer("back") }],
  };
}

/** Draws "gate-notice". */
export function gateNotice(scene: Scene<Screens["gate-notice"]>): Drawing {
  return {
    title: words.gateTitle,
    body: [p(words.gateText(scene.data.minutes)), p(words.gateRisk)],
    primary: { label: words.gateBack, act: () => scene.answer("back") },
    others: [{ label: words.gateContinue, act: () => scene.answer("continue") }],
  };
}

/** Asks one of the passkeys, at a click, and answers the screen with what came of it. */
export function askPasskey(scene: Scene, passkey: UsePasskey): void {
  wait(scene, usePasskey(passkey, scene.signal));
}

function wait(scene: Scene, answer: Promise<PasskeyAnswer>): void {
  scene.ask();
  void answer.then(({ action, fields, secrets }) => scene.answer(action, fields, secrets));
}

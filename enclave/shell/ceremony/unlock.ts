// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { takeSecret } from "./bytes.ts";
import type { Screens, Unlock } from "./data.ts";
import { p } from "./dom.ts";
import { askPasskey } from "./passkey.ts";
import { secretField, userName } from "./passphrase.ts";
import { wordsField } from "./recovery.ts";
import type { Choice, Drawing, Memory, Scene } from "./scene.ts";
import { header, passkey as passkeyWords, passphrase, unlock as words } from "./strings.ts";
import { wordsFor } from "./words.ts";

type Way = NonNullable<Memory["way"]>;

/** Draws "unlock": one way at a time, the others a click away. */
export function unlock(scene: Scene<Screens["unlock"]>): Drawing {
  const { users, session } = scene.data;
  return drawWay(scene, {
    title: words.title,
    intro: words.intro(session),
    act: words.act,
    withPasskey: words.withPasskey,
    ends: [
      users > 1 ? { label: words.other, act: () => scene.answer("other") } : undefined,
      { label: words.reset, act: () => scene.answer("reset") },
    ],
  });
}

/** Draws "prove": the same for a vault that is open, before one change of it. */
export function prove(scene: Scene<Screens["prove"]>): Drawing {
  return drawWay(scene, {
    title: words.proveTitle,
    intro: wordsFor(words.purposes, scene.data.purpose),
    act: words.prove,
    withPasskey: words.proveWithPasskey,
    ends: [{ label: header.back, act: () => scene.answer("back") }],
  });
}

interface Texts {
  title: string;
  intro: string;
  act: string;
  withPasskey: string;
  ends: (Choice | undefined)[];
}

function drawWay(scene: Scene<Unlock>, texts: Texts): Drawing {
  const offered = waysOf(scene.data);
  const way = offered.find((name) => name === scene.memory.way) ?? offered[0];
  const switches = offered
    .filter((name) => name !== way)
    .map((name): Choice => ({ label: words.choose[name], act: () => choose(scene, name) }));
  const damaged = scene.data.damaged > 0 ? p(words.damaged(scene.data.damaged), { class: "note" }) : undefined;
  const rest = { title: texts.title, others: [...switches, ...texts.ends], isTry: true };
  if (way === undefined) return { ...rest, body: [p(words.nothing), damaged] };
  const drawn = fields[way](scene, texts);
  return { ...rest, ...drawn, body: [p(texts.intro), ...drawn.body, damaged] };
}

/** The ways that are offered, the one with the fewest steps first. */
function waysOf({ passphrase, passkey, recovery }: Unlock): Way[] {
  const ways: [Way, boolean][] = [
    ["passkey", passkey !== undefined],
    ["passphrase", passphrase],
    ["recovery", recovery],
  ];
  return ways.filter(([, offered]) => offered).map(([way]) => way);
}

function choose(scene: Scene<Unlock>, way: Way): void {
  scene.memory.way = way;
  scene.redraw();
}

const fields: Record<Way, (scene: Scene<Unlock>, texts: Texts) => Omit<Drawing, "title">> = {
  passphrase(scene, { act }) {
    const typed = secretField(passphrase.label, "current-password");
    const send = () => {
      if (typed.input.value === "") return typed.input.focus();
      scene.memory.way = "passphrase";
      scene.answer("passphrase", {}, [typed.take()]);
    };
    return {
      body: [userName(scene.data.user.label), typed.box],
      primary: { label: act, act: send },
      focus: typed.input,
    };
  },
  passkey(scene, { withPasskey }) {
    const { passkey } = scene.data;
    const ask = () => {
      scene.memory.way = "passkey";
      if (passkey) askPasskey(scene, passkey);
    };
    return {
      body: [p(words.passkeyText), passkey?.gate ? p(passkeyWords.gateNote, { class: "note" }) : undefined],
      primary: { label: withPasskey, act: ask },
    };
  },
  recovery(scene, { act }) {
    const typed = wordsField();
    const send = () => {
      if (typed.input.value.trim() === "") return typed.input.focus();
      scene.memory.way = "recovery";
      scene.answer("recovery", {}, [takeSecret(typed.input)]);
    };
    return { body: [typed.box], primary: { label: act, act: send }, focus: typed.input };
  },
};

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Screens } from "./data.ts";
import { facts, foreign, p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { approve as words, details as names } from "./strings.ts";
import { moment } from "./times.ts";
import { wordsFor } from "./words.ts";

/** Draws "grant": whether another site may use the open vault. */
export function grant(scene: Scene<Screens["grant"]>): Drawing {
  return {
    ...decision(scene),
    title: words.grantTitle,
    body: [p(words.grantText(scene.data.user.label))],
  };
}

/** Draws "confirm": the details are the request itself, which nothing replaces while they are shown. */
export function confirm(scene: Scene<Screens["confirm"]>): Drawing {
  const pairs = scene.data.details.map(({ name, value }) => [wordsFor(names, name), foreign(plain(name, value))] as const);
  return {
    ...decision(scene),
    title: words.confirmTitle,
    body: pairs.length > 0 ? [p(words.confirmText), facts(pairs)] : [],
  };
}

/** A value as a person reads it; what is not a time stays as it is. */
function plain(name: string, value: string): string {
  return name === "exp" && /^[0-9]{1,12}$/.test(value) ? moment(Number(value)) : value;
}

function decision(scene: Scene): Pick<Drawing, "primary" | "others" | "approves" | "ends"> & { primary: object } {
  return {
    primary: { label: words.allow, act: () => scene.answer("approve") },
    others: [{ label: words.deny, act: () => scene.answer("deny") }],
    approves: true,
    ends: true,
  };
}

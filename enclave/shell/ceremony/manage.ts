// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Enrolment, Manage } from "./data.ts";
import { button, el, facts, field, foreign, newId, p } from "./dom.ts";
import { justDone, rules } from "./rules.ts";
import type { Drawing, Scene } from "./scene.ts";
import { header, manage as words, storage, ways } from "./strings.ts";
import { day, hour } from "./times.ts";
import { wordsFor } from "./words.ts";

/** Draws "manage", or the part of it that the person went to: renaming, rules. */
export function manage(scene: Scene<Manage>): Drawing {
  const { part } = scene.memory;
  if (part === "rules") return rules(scene);
  const renamed = scene.data.enrolments.find(({ id }) => id === part);
  return renamed ? rename(scene, renamed) : overview(scene);
}

function overview(scene: Scene<Manage>): Drawing {
  const { data } = scene;
  return {
    title: words.title,
    body: [
      justDone(data),
      session(scene),
      section(words.waysTitle, el("ul", { class: "list" }, ...data.enrolments.map((way) => enrolment(scene, way)))),
      adding(scene),
      siteRules(scene),
      logFacts(scene),
      section(words.keepTitle, p(wordsFor(storage, data.storage))),
      damaged(scene),
      whole(scene),
    ],
    primary: { label: header.close, act: () => scene.answer("close") },
    ends: true,
  };
}

function session(scene: Scene<Manage>): HTMLElement {
  const { method, started, idleEnds, ends } = scene.data.session;
  const text = words.session(wordsFor(ways, method), hour(started), hour(idleEnds), hour(ends));
  return el("div", {}, p(text), row(button(words.lock, () => answer(scene, "lock"))));
}

function enrolment(scene: Scene<Manage>, { id, method, label, created, used, current, damaged }: Enrolment): HTMLElement {
  const act = (action: string, run: () => void) => button(action, run, { "aria-label": words.of(action, label) });
  const way = wordsFor(ways, method);
  const use = current ? words.current : used > 0 ? words.used(day(used)) : words.neverUsed;
  return el(
    "li",
    {},
    el("strong", {}, foreign(label)),
    way === label ? undefined : p(way),
    p(damaged === "" ? `${words.created(day(created))} · ${use}` : words.unreadable, { class: "hint" }),
    row(
      act(words.rename, () => go(scene, id)),
      method === "passphrase" || method === "recovery"
        ? act(words.change, () => answer(scene, "change", { id }))
        : undefined,
      act(words.remove, () => answer(scene, "remove", { id })),
    ),
  );
}

function adding(scene: Scene<Manage>): HTMLElement | undefined {
  const { addable } = scene.data;
  if (addable.length === 0) return undefined;
  const buttons = addable.map((method) => button(wordsFor(words.add, method), () => answer(scene, "add", { method })));
  return section(words.addTitle, row(...buttons));
}

function siteRules(scene: Scene<Manage>): HTMLElement {
  const open = button(words.rules(scene.data.policies.length), () => go(scene, "rules"));
  return section(words.rulesTitle, p(words.rulesIntro), row(open));
}

function logFacts(scene: Scene<Manage>): HTMLElement {
  const { size, root, key } = scene.data.log;
  return section(
    words.logTitle,
    p(words.logText(size)),
    facts([
      [words.logRoot, el("code", {}, root)],
      [words.logKey, el("code", {}, key)],
    ]),
    row(button(words.log, () => answer(scene, "log"))),
  );
}

function damaged(scene: Scene<Manage>): HTMLElement | undefined {
  const records = scene.data.damaged.map(({ collection, reason }) => el("li", {}, `${collection}: ${reason}`));
  return records.length > 0 ? section(words.damagedTitle, el("ul", {}, ...records)) : undefined;
}

function whole(scene: Scene<Manage>): HTMLElement {
  return section(
    words.deepTitle,
    p(words.rotateText),
    row(button(words.rotate, () => answer(scene, "rotate"))),
    p(words.resetText),
    row(button(words.reset, () => answer(scene, "reset"), { class: "danger" })),
  );
}

function rename(scene: Scene<Manage>, { id, label }: Enrolment): Drawing {
  const name = field(words.newName, { attributes: { value: label, maxlength: "64", required: true, spellcheck: "false" } });
  const save = () => {
    const typed = name.input.value.normalize("NFC").trim();
    if (typed === "") return scene.complain("bad_name", name.input);
    answer(scene, "rename", { id, label: typed });
  };
  return {
    title: words.of(words.rename, label),
    body: [name.box],
    primary: { label: words.save, act: save },
    others: [{ label: header.back, act: () => go(scene, undefined) }],
    focus: name.input,
  };
}

/** Shows a part of the screen, or with undefined the whole. */
function go(scene: Scene<Manage>, part: string | undefined): void {
  scene.memory.part = part;
  scene.redraw();
}

function answer(scene: Scene<Manage>, action: string, fields: Record<string, string> = {}): void {
  scene.memory.part = undefined;
  scene.answer(action, fields);
}

function section(title: string, ...content: (Node | undefined)[]): HTMLElement {
  const heading = el("h2", { id: newId() }, title);
  return el("section", { "aria-labelledby": heading.id }, heading, ...content);
}

function row(...buttons: (Node | undefined)[]): HTMLElement {
  return el("div", { class: "row" }, ...buttons);
}

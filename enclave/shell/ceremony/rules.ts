// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Manage, Policy } from "./data.ts";
import { button, choice, el, field, foreign, p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { classes, done, header, manage as words, operations } from "./strings.ts";
import { wordsFor } from "./words.ts";

/** From the least strict to the most; a rule only goes up. */
const order = ["none", "unlocked", "confirm"];

/** Draws the rules for sites, a part of "manage". */
export function rules(scene: Scene<Manage>): Drawing {
  const { policies, methods, subject } = scene.data;
  const limitable = methods.filter((method) => stricter(method.class).length > 0);
  const asking = subject.origin === location.origin ? "" : subject.origin;
  const site = field(words.ruleSite, {
    attributes: { inputmode: "url", value: asking, required: true, spellcheck: "false" },
  });
  const what = choice(
    words.ruleWhat,
    limitable.map(({ name }) => [name, wordsFor(operations, name)]),
    limitable[0]?.name ?? "",
  );
  const rule = choice(words.ruleClass, [], "");
  const fill = () => rule.input.replaceChildren(...options(limitable.find(({ name }) => name === what.input.value)?.class));
  what.input.addEventListener("change", fill);
  fill();
  const save = () => {
    const origin = parseOrigin(site.input.value);
    if (origin === undefined) return scene.complain("bad_origin", site.input);
    scene.answer("policy", { origin, method: what.input.value, class: rule.input.value });
  };
  return {
    title: words.rulesTitle,
    body: [
      justDone(scene.data),
      p(words.rulesIntro),
      list(scene, policies),
      el("h2", {}, words.newRule),
      ...[site.box, what.box, rule.box],
    ],
    primary: { label: words.saveRule, act: save },
    others: [{ label: header.back, act: () => leave(scene) }],
    faulty: site.input,
  };
}

/** What was done just before this screen. */
export function justDone({ message }: Manage): HTMLElement | undefined {
  return message === undefined ? undefined : p(wordsFor(done, message), { class: "good", role: "status" });
}

function list(scene: Scene<Manage>, policies: Policy[]): HTMLElement {
  if (policies.length === 0) return p(words.noRules);
  const entries = policies.map(({ origin, method, class: own }) => {
    const off = button(words.remove, () => scene.answer("policy", { origin, method, class: "" }), {
      "aria-label": words.of(words.remove, `${origin}, ${wordsFor(operations, method)}`),
    });
    const text = `${wordsFor(operations, method)}: ${wordsFor(classes, own)}`;
    return el("li", {}, el("strong", {}, foreign(origin)), p(text), el("div", { class: "row" }, off));
  });
  return el("ul", { class: "list" }, ...entries);
}

function options(usual: string | undefined): HTMLOptionElement[] {
  return stricter(usual ?? "confirm").map((name) => el("option", { value: name }, wordsFor(classes, name)));
}

function stricter(usual: string): string[] {
  return order.slice(order.indexOf(usual) + 1);
}

/** The origin of what was typed, which may be any address of the site. */
function parseOrigin(text: string): string | undefined {
  try {
    const { origin } = new URL(text.trim());
    return origin === "null" ? undefined : origin;
  } catch {
    return undefined;
  }
}

function leave(scene: Scene<Manage>): void {
  scene.memory.part = undefined;
  scene.redraw();
}

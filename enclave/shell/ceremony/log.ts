// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { LogEntry, Screens } from "./data.ts";
import { area, button, el, foreign, p } from "./dom.ts";
import type { Drawing, Scene } from "./scene.ts";
import { classes, header, log as words, operations, outcomes, ways } from "./strings.ts";
import { moment } from "./times.ts";
import { wordsFor } from "./words.ts";

/** Draws "log", newest entries first. */
export function log(scene: Scene<Screens["log"]>): Drawing {
  const { entries, first, size, next } = scene.data;
  const more = { label: words.more, act: () => scene.answer("more", { from: String(next) }) };
  return {
    title: words.title,
    body: [
      p(words.count(first, size)),
      entries.length === 0 ? p(words.empty) : el("ol", { class: "list log" }, ...entries.map(line)),
    ],
    primary: { label: header.back, act: () => scene.answer("back") },
    others: [next === undefined ? undefined : more, { label: words.export, act: () => scene.answer("export") }],
  };
}

function line({ seq, time, origin, method, key, outcome, repeats, detail }: LogEntry): HTMLElement {
  const said = [wordsFor(outcomes, outcome)];
  if (detail !== "") said.push(wordsFor({ ...outcomes, ...ways, ...classes }, detail));
  if (repeats > 1) said.push(words.repeats(repeats));
  return el(
    "li",
    { class: outcome === "ok" ? undefined : "refused" },
    p(`${seq} · ${moment(time)}`, { class: "hint" }),
    el("strong", {}, wordsFor(operations, method)),
    p(said.join(" · ")),
    origin === "" ? undefined : el("p", { class: "hint" }, foreign(origin)),
    key === "" ? undefined : el("p", { class: "hint" }, `${words.key} `, el("code", {}, key)),
  );
}

/** Draws "log-export": a file to keep outside of this browser. */
export function logExport(scene: Scene<Screens["log-export"]>): Drawing {
  const { name, text } = scene.data;
  const shown = area(name, { attributes: { rows: "6", readonly: true, spellcheck: "false" } });
  shown.input.value = text;
  const news = p("", { role: "status" });
  const copy = async () => {
    const copied = await navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
    news.textContent = copied ? words.copied : words.notCopied;
    if (!copied) shown.input.select();
  };
  return {
    title: words.exportTitle,
    body: [
      p(words.exportText),
      shown.box,
      el("div", { class: "row" }, button(words.download, () => save(name, text)), button(words.copy, () => void copy())),
      news,
    ],
    primary: { label: header.back, act: () => scene.answer("back") },
  };
}

/** Hands a text to the browser as a file to keep. */
function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/jsonl" }));
  const link = el("a", { href: url, download: name });
  link.click();
  // The browser reads it after this click; a minute is plenty.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { trustedURL } from "../frame/trust.ts";
import { el, newId } from "./dom.ts";
import { passphrase as words, warnings } from "./strings.ts";
import { wordsFor } from "./words.ts";

/** What the script of third_party/zxcvbn defines: score is 0 (worst) to 4. */
type Estimate = (passphrase: string, inputs: string[]) => { score: number; warning?: string };

const pause = 200; // milliseconds without typing before the estimate, which takes time

/**
 * Shows how hard a passphrase is to guess, as a meter with words, while it is typed. It stays away if the
 * script that estimates does not load: what is required is the program's business, not this one's.
 */
export function meter(input: HTMLInputElement, inputs: string[]): HTMLElement {
  const label = el("span", { id: newId() }, words.strength);
  const bar = el("meter", { min: "0", max: "4", low: "2", high: "3", optimum: "4", "aria-labelledby": label.id });
  const verdict = el("span", { role: "status" });
  const box = el("div", { class: "strength", hidden: true }, label, bar, verdict);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const judge = (estimate: Estimate) => {
    if (input.value === "") return void (box.hidden = true);
    const { score, warning } = estimate(input.value.normalize("NFC"), inputs);
    bar.value = score;
    const said = words.scores[score] ?? "";
    const text = warning === undefined ? said : `${said}. ${wordsFor(warnings, warning)}`;
    if (verdict.textContent !== text) verdict.textContent = text;
    box.hidden = false;
  };
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => void load().then((estimate) => estimate && judge(estimate)), pause);
  });
  input.addEventListener("focus", () => void load(), { once: true });
  return box;
}

let loading: Promise<Estimate | undefined> | undefined;

/** Loads the script when it is first wanted; most visits never need its half megabyte. */
function load(): Promise<Estimate | undefined> {
  loading ??= new Promise((resolve) => {
    if (typeof STRENGTH_URL !== "string") return resolve(undefined);
    const script = document.createElement("script");
    script.integrity = STRENGTH_INTEGRITY;
    script.crossOrigin = "anonymous"; // without it the page's Integrity-Policy lets no script through
    script.src = trustedURL(STRENGTH_URL);
    script.onload = () => resolve((globalThis as { kmsStrength?: Estimate }).kmsStrength);
    script.onerror = () => resolve(undefined);
    document.head.append(script);
  });
  return loading;
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

type Child = Node | string | undefined;
type Attributes = Record<string, string | boolean | undefined>;

/**
 * Makes an element. Attributes that are true stand without a value, those that are false or undefined are
 * left out; texts become text nodes, never HTML.
 */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (typeof value === "string") element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** A paragraph. */
export function p(text: string, attributes: Attributes = {}): HTMLParagraphElement {
  return el("p", attributes, text);
}

/** A button that does not submit. */
export function button(label: string, act: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = el("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", act);
  return made;
}

/** A text of the app or the person, set apart from ours: its direction cannot turn what is around it. */
export function foreign(text: string): HTMLElement {
  return el("bdi", {}, text);
}

/** Names with their values. */
export function facts(pairs: readonly (readonly [name: string, value: Node | string])[]): HTMLDListElement {
  const rows = pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
  return el("dl", { class: "facts" }, ...rows);
}

let count = 0;

/** An id that no other element of this document has. */
export function newId(): string {
  count += 1;
  return `k${count}`;
}

/** What a field needs beside its label. */
interface FieldOptions {
  hint?: string;
  attributes?: Attributes;
}

/** A labelled field: the box goes into the form. */
export interface Field<E extends HTMLElement = HTMLInputElement> {
  readonly box: HTMLElement;
  readonly input: E;
}

/** A line of text with its label above it, and a hint that belongs to it. */
export function field(label: string, { hint, attributes = {} }: FieldOptions = {}): Field {
  return labelled(label, hint, el("input", { type: "text", autocomplete: "off", ...attributes }));
}

/** Several lines of text with their label. */
export function area(label: string, { hint, attributes = {} }: FieldOptions = {}): Field<HTMLTextAreaElement> {
  return labelled(label, hint, el("textarea", attributes));
}

function labelled<E extends HTMLElement>(label: string, hint: string | undefined, input: E): Field<E> {
  input.id = newId();
  const note = hint === undefined ? undefined : p(hint, { class: "hint", id: newId() });
  if (note) input.setAttribute("aria-describedby", note.id);
  return { box: el("div", { class: "field" }, el("label", { for: input.id }, label), note, input), input };
}

/** A choice among values; each option is a value and its words. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, words: string])[],
  chosen: string,
): Field<HTMLSelectElement> {
  const select = el(
    "select",
    {},
    ...options.map(([value, words]) => el("option", { value, selected: value === chosen }, words)),
  );
  return labelled(label, undefined, select);
}

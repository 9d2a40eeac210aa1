// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** The element with this id. The page's HTML is ours, so a missing one is a mistake in the page. */
export function element<E extends HTMLElement>(id: string, kind: new () => E): E {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`demo: index.html has no ${kind.name} with id ${id}`);
}

/** Sets an element's text; never HTML. */
export function text(id: string, value: string): void {
  element(id, HTMLElement).textContent = value;
}

/** Shows or hides an element. */
export function show(id: string, shown: boolean): void {
  element(id, HTMLElement).hidden = !shown;
}

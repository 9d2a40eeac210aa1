// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

const focusable = "a[href], button, input, select, textarea, summary, [tabindex='0']";

/**
 * Keeps the focus in root and lets Escape leave: what a modal dialogue does (ARIA Authoring Practices).
 * Returns what ends that.
 */
export function holdFocus(root: HTMLElement, leave: () => void): () => void {
  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      event.preventDefault();
      leave();
    } else if (event.key === "Tab") wrap(root, event);
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function wrap(root: HTMLElement, event: KeyboardEvent): void {
  const stops = [...root.querySelectorAll<HTMLElement>(focusable)].filter(isStop);
  const [first, last] = [stops[0], stops.at(-1)];
  if (!first || !last) {
    event.preventDefault();
    return;
  }
  const active = document.activeElement;
  const outside = !(active instanceof HTMLElement) || !root.contains(active);
  const leaves = event.shiftKey ? outside || isBefore(active, first) : outside || active === last;
  if (!leaves) return;
  event.preventDefault();
  (event.shiftKey ? last : first).focus();
}

/** Whether Shift+Tab from active would leave: it is the first stop, or a heading in front of it. */
function isBefore(active: HTMLElement, first: HTMLElement): boolean {
  if (active === first) return true;
  return active.tabIndex < 0 && (first.compareDocumentPosition(active) & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
}

function isStop(element: HTMLElement): boolean {
  return (
    element.tabIndex >= 0 &&
    !element.matches(":disabled") &&
    element.closest("[inert], [hidden]") === null &&
    element.getClientRects().length > 0 &&
    !isOtherRadio(element)
  );
}

/** Of radio buttons with one name, Tab stops at the chosen one only. */
function isOtherRadio(element: HTMLElement): boolean {
  return element instanceof HTMLInputElement && element.type === "radio" && !element.checked;
}

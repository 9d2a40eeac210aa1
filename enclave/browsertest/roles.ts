// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** The roles by which a person finds something, as far as the tests need them. */
export type Role = "alert" | "button" | "combobox" | "heading" | "list" | "radio" | "status" | "textbox";

/** Something to act on: what it is and what it is called. */
export interface Target {
  role: Role;
  name: string;
}

/** A button of this name. */
export function button(name: string): Target {
  return { role: "button", name };
}

/** A field of this name to type into. */
export function textbox(name: string): Target {
  return { role: "textbox", name };
}

/**
 * Runs in a page: finds the first element of a role and accessible name that a person can perceive and use:
 * shown, not inert, not disabled. Stands by itself, for it is sent to the browser as a text.
 */
export function findByRole({ role, name }: Target): HTMLElement | null {
  const selectors: Record<Role, string> = {
    alert: "[role=alert]",
    button: "button, [role=button], summary",
    combobox: "select",
    heading: "h1, h2, h3",
    list: "ol, ul",
    radio: "input[type=radio]",
    status: "[role=status]",
    textbox: "input[type=text], input[type=password], input:not([type]), textarea",
  };
  const textOf = (ids: string) =>
    ids
      .split(/\s+/)
      .map((id) => document.getElementById(id)?.textContent ?? "")
      .join(" ")
      .trim();
  const nameOf = (element: HTMLElement) => {
    const labels = [...((element as HTMLInputElement).labels ?? [])].map((label) => label.textContent?.trim());
    return (
      element.getAttribute("aria-label") ||
      textOf(element.getAttribute("aria-labelledby") ?? "") ||
      labels.join(" ") ||
      (element.textContent ?? "").trim()
    );
  };
  for (const element of document.querySelectorAll<HTMLElement>(selectors[role])) {
    const usable =
      element.getClientRects().length > 0 &&
      getComputedStyle(element).visibility === "visible" &&
      element.closest("[inert], [aria-hidden=true]") === null &&
      !element.matches(":disabled");
    if (usable && nameOf(element) === name) return element;
  }
  return null;
}

/** Runs in a page: the texts that a person hears first, of what is shown; null where there is no heading. */
export function readPage(): { heading: string | null; alert: string; buttons: string[]; text: string } {
  const shown = (element: Element) => element.getClientRects().length > 0;
  const first = (selector: string) => [...document.querySelectorAll(selector)].find(shown)?.textContent ?? null;
  return {
    heading: first("h1"),
    alert: first("[role=alert]") ?? "",
    buttons: [...document.querySelectorAll("button")].filter(shown).map((button) => button.textContent ?? ""),
    text: document.body?.innerText ?? "",
  };
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from "puppeteer-core";

/** What a person who uses only the keyboard sees of the element that has the focus. */
export interface Focus {
  id: string;
  name: string;
  outline: string;
}

/** Presses Tab until the element with this id has the focus, and returns every stop on the way. */
export async function tabTo(page: Page, id: string): Promise<Focus[]> {
  const stops: Focus[] = [];
  while (stops.length < 30) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const focused = document.activeElement;
      if (!focused || focused === document.body) return null;
      const style = getComputedStyle(focused);
      return {
        id: focused.id,
        name: focused.textContent ?? "",
        outline: `${style.outlineStyle} ${style.outlineWidth}`,
      };
    });
    if (stop) stops.push(stop);
    if (stop?.id === id) return stops;
  }
  throw new Error(`thirty times Tab do not reach #${id}; stops: ${stops.map((stop) => stop.id).join(", ")}`);
}

/** Waits until the element's text matches, and returns it; fails with what it was after ten seconds. */
export async function waitForText(page: Page, selector: string, pattern: RegExp): Promise<string> {
  let text = "";
  for (let tries = 0; tries < 200; tries++) {
    text = await page.$eval(selector, (element) => element.textContent ?? "");
    if (pattern.test(text)) return text;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error(`${selector} never matched ${pattern}; it says: ${text}`);
}

/** Checks the page as an accessibility linter does, and returns what is wrong. */
export function findBarriers(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wrong: string[] = [];
    const every = (selector: string) => [...document.querySelectorAll<HTMLElement>(selector)];
    const textOf = (ids: string | null) =>
      (ids ?? "")
        .split(/\s+/)
        .filter(Boolean)
        .map((id) => document.getElementById(id)?.textContent ?? "")
        .join(" ")
        .trim();
    const nameOf = (element: HTMLElement) =>
      element.getAttribute("aria-label") ||
      (element.localName === "iframe" ? element.title : "") ||
      textOf(element.getAttribute("aria-labelledby")) ||
      [...((element as HTMLInputElement).labels ?? [])]
        .map((label) => label.textContent)
        .join(" ")
        .trim() ||
      (element.localName === "button" ? (element.textContent ?? "").trim() : "");

    if (!document.documentElement.lang) wrong.push("the page has no language");
    if (!document.title) wrong.push("the page has no title");
    if (!document.querySelector('meta[name="viewport"]'))
      wrong.push("the page has no viewport, so it cannot be zoomed well");
    if (every("main").length !== 1) wrong.push("the page has not exactly one main landmark");
    if (every("h1").length !== 1) wrong.push("the page has not exactly one h1");
    let level = 0;
    for (const heading of every("h1, h2, h3, h4, h5, h6")) {
      const next = Number(heading.localName[1]);
      if (next > level + 1) wrong.push(`heading "${heading.textContent}" skips a level`);
      level = next;
    }
    for (const control of every("a, button, input, textarea, select, section, iframe, [tabindex], [role=region]")) {
      if (!nameOf(control)) wrong.push(`${control.localName}#${control.id} has no accessible name`);
    }
    const ids = every("[id]").map((element) => element.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`id ${id} is there twice`);
    for (const attribute of ["aria-labelledby", "aria-describedby", "for"]) {
      for (const element of every(`[${attribute}]`)) {
        for (const id of (element.getAttribute(attribute) ?? "").split(/\s+/)) {
          if (!document.getElementById(id)) wrong.push(`${attribute} points to ${id}, which is not there`);
        }
      }
    }
    for (const element of every("[tabindex]"))
      if (element.tabIndex > 0) wrong.push(`#${element.id} changes the order of Tab`);
    for (const image of every("img:not([alt])")) wrong.push(`image ${image.id} has no alternative text`);
    if (every("[role=alert]").length === 0) wrong.push("nothing announces errors");
    if (every("[role=status]").length === 0) wrong.push("nothing announces progress");
    for (const button of every("button").filter((button) => button.getClientRects().length > 0)) {
      const { width, height } = button.getBoundingClientRect();
      if (width < 24 || height < 24) wrong.push(`button #${button.id} is smaller than 24 pixels`);
    }
    if (document.documentElement.scrollWidth > window.innerWidth) wrong.push("the page is wider than the window");
    return wrong;
  });
}

/**
 * The contrast ratio of every text on what is behind it, of those below what WCAG 2.2 (1.4.3, AA)
 * asks for. Backgrounds are taken to be opaque.
 */
export function findFaintText(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (color: string) => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string) => {
      const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const backgroundOf = (element: Element | null): string => {
      for (let at = element; at; at = at.parentElement) {
        const color = getComputedStyle(at).backgroundColor;
        if (channels(color)[3] !== 0) return color;
      }
      return getComputedStyle(document.documentElement).backgroundColor;
    };
    const faint: string[] = [];
    for (const element of document.body.querySelectorAll<HTMLElement>("*")) {
      const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      if (!own || element.getClientRects().length === 0 || element.matches(":disabled")) continue;
      const [a, b] = [luminance(getComputedStyle(element).color), luminance(backgroundOf(element))];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) faint.push(`${element.localName}#${element.id}: ${ratio.toFixed(2)}`);
    }
    return faint;
  });
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { button, p } from "./dom.ts";
import type { Drawing } from "./scene.ts";
import { places as words } from "./strings.ts";

/** What a place shows of itself: nothing of this comes from the program, and nothing secret is typed. */

/** Until the place is visible and the program has its first screen. */
export function waiting(): Drawing {
  return { title: words.waitTitle, body: [] };
}

/** For browsers that cannot tell whether a frame is visible. */
export function needsWindow(open: () => void): Drawing {
  return {
    title: words.windowTitle,
    body: [p(words.windowText(location.host))],
    primary: { label: words.open, act: open },
  };
}

/** While the ceremony is in the window. */
export function inWindow(focus: () => void): Drawing {
  return { title: words.openedTitle, body: [p(words.opened)], primary: { label: words.focusWindow, act: focus } };
}

/** The note over a screen that is not fully visible. */
export function covered(open: () => void): Node[] {
  return [p(words.coveredText(location.host), { role: "status" }), button(words.open, open)];
}

/** The note over a screen when no window opened. */
export function blocked(): Node[] {
  return [p(words.blocked, { role: "alert" })];
}

/** For a window that nobody of ours has opened. */
export function nothing(): Drawing {
  return { title: words.nothingTitle, body: [p(words.nothingText)], ends: true };
}

/** For a window that is done and was not closed. */
export function over(text: string = words.over): Drawing {
  return { title: words.overTitle, body: [p(text)], ends: true };
}

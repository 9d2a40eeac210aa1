// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** For how many milliseconds everything must have been visible before anything can be entered. */
export const dwell = 500;

/** The least viewport in CSS pixels in which a ceremony shows what it is about: 1280 × 960 at 400 %. */
const smallest = { width: 280, height: 200 };

/** Told true once the place has been visible for the dwell, and false as soon as it is not. */
export type Changed = (live: boolean) => void;

/** Ends the watching. */
export type Stop = () => void;

/** IntersectionObserver v2 (W3C Intersection Observer, section 2.2.2); TypeScript's DOM types do not have it yet. */
interface Sight extends IntersectionObserverInit {
  trackVisibility: boolean;
  delay: number;
}
type SeenEntry = IntersectionObserverEntry & { isVisible?: boolean };

/** Whether this browser can tell that nothing covers, crops, fades or distorts the frame. */
export function canSee(): boolean {
  return "isVisible" in IntersectionObserverEntry.prototype;
}

/**
 * Watches whether the person sees all of target as we drew it: in full, uncovered, unscaled, opaque. The
 * browser decides that, across the documents around this one, which therefore cannot fake it. What Chromium
 * 156 does not count is a CSS mask or rounded corners on the frame; docs/threat-model.md says what is left.
 */
export function watchSight(target: Element, changed: Changed): Stop {
  const patience = new Patience(changed);
  const sight: Sight = { threshold: [0, 0.5, 0.99, 1], trackVisibility: true, delay: 100 };
  const observer = new IntersectionObserver((entries: SeenEntry[]) => {
    const last = entries.at(-1);
    const whole = last?.isVisible === true && last.intersectionRatio >= 0.99;
    patience.set(whole && document.visibilityState === "visible" && isLargeEnough());
  }, sight);
  // The observer tells changes only, so it is asked anew when something else has changed.
  const look = () => {
    if (document.visibilityState !== "visible" || !isLargeEnough()) patience.set(false);
    observer.unobserve(target);
    observer.observe(target);
  };
  look();
  document.addEventListener("visibilitychange", look);
  window.addEventListener("resize", look);
  return () => {
    observer.disconnect();
    document.removeEventListener("visibilitychange", look);
    window.removeEventListener("resize", look);
    patience.end();
  };
}

/** Watches a window of our own, which nobody else can cover: it counts while its tab is the visible one. */
export function watchPage(changed: Changed): Stop {
  const patience = new Patience(changed);
  const look = () => patience.set(document.visibilityState === "visible");
  look();
  document.addEventListener("visibilitychange", look);
  return () => {
    document.removeEventListener("visibilitychange", look);
    patience.end();
  };
}

/** An app that makes the frame tiny could show a field without the words above it. */
function isLargeEnough(): boolean {
  return window.innerWidth >= smallest.width && window.innerHeight >= smallest.height;
}

/** Says yes only after the dwell, and no at once. */
class Patience {
  readonly #changed: Changed;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #live = false;

  constructor(changed: Changed) {
    this.#changed = changed;
  }

  set(good: boolean): void {
    if (!good) {
      this.end();
      if (this.#live) this.#tell(false);
    } else if (!this.#live) {
      this.#timer ??= setTimeout(() => this.#tell(true), dwell);
    }
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tell(live: boolean): void {
    this.#timer = undefined;
    this.#live = live;
    this.#changed(live);
  }
}

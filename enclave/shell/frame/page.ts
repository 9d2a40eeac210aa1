// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Takes away the text that stands in index.html for the case that this script does not run. */
export function removeNotice(): void {
  document.getElementById("notice")?.remove();
}

/** Says where this document is, which style.css goes by. */
export function setMode(mode: "frame" | "window" | "page"): void {
  document.documentElement.dataset.mode = mode;
}

/** Where ceremonies are shown. */
export function stage(): HTMLElement {
  const found = document.getElementById("stage");
  if (found) return found;
  throw new Error("index.html has no stage");
}

/** Shows why the enclave is not usable, once. */
export function showFailure(message: string): void {
  const alert = document.createElement("p");
  alert.setAttribute("role", "alert");
  alert.textContent = message;
  const main = document.querySelector("main");
  if (!main?.textContent?.includes(message)) main?.append(alert);
}

/** Shows which release runs here. A page can say what it likes; what counts is what a verifier says. */
export function showRelease(digest: string): void {
  const place = document.getElementById("release");
  if (place) place.textContent = digest;
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Takes away the text that stands in index.html for the case that this script does not run. */
export function removeNotice(): void {
  document.getElementById("notice")?.remove();
}

/** Shows why the enclave is not usable. */
export function showFailure(message: string): void {
  const alert = document.createElement("p");
  alert.setAttribute("role", "alert");
  alert.textContent = message;
  document.querySelector("main")?.append(alert);
}

/** Shows which release runs here. A page can say what it likes; what counts is what a verifier says. */
export function showRelease(digest: string): void {
  const place = document.getElementById("release");
  if (place) place.textContent = digest;
}

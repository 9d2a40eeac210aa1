// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, isAbsolute, join, resolve } from "node:path";

/**
 * What the tests are told from outside; README.md lists it. Paths may be relative to where the tests
 * were started.
 */
export const settings = {
  /** Folder of the release under test. */
  release: () => path("KMS_RELEASE"),
  /** Folder of the bundled demo app. */
  demo: () => path("KMS_DEMO"),
  /** The bundled SDK, one ES module. */
  sdk: () => path("KMS_SDK"),
  /** The program that serves release and demo. */
  serve: () => path("KMS_SERVE"),
  /** Folder of the page that runs the enclave's own browser tests. */
  testWasm: () => path("KMS_TEST_WASM"),
  /** Folder of the pages' scripts without types; unless given, they are stripped when asked for. */
  pages: () => (process.env.KMS_PAGES ? path("KMS_PAGES") : undefined),
  /** Folder of the vectors that Go and TypeScript share (kmslib/testdata/vectors). */
  vectors: () => path("KMS_VECTORS"),
  /** The program kmsverify. */
  verify: () => path("KMS_VERIFY"),
  /** Folder into which pictures of the ceremonies are written; without it none are. */
  pictures: () => (process.env.KMS_UPDATE_PICTURES ? path("KMS_UPDATE_PICTURES") : undefined),
  browser: () => browserName(),
};

export type BrowserName = "chromium" | "firefox";

const programs: Record<BrowserName, readonly string[]> = {
  chromium: ["chromium", "chromium-browser", "google-chrome"],
  firefox: ["firefox-esr", "firefox"],
};

/** Path of the browser's program, the first found on PATH. */
export function findBrowser(name: BrowserName): string {
  return findProgram(programs[name]);
}

/** Path of the first of these programs that is there; names are looked for on PATH. */
export function findProgram(names: readonly string[]): string {
  for (const name of names) {
    const folders = isAbsolute(name) ? [""] : (process.env.PATH ?? "").split(delimiter);
    const found = folders.map((folder) => join(folder, name)).find((candidate) => existsSync(candidate));
    if (found !== undefined) return found;
  }
  throw new Error(`browsertest: none of ${names.join(", ")} is there; README.md names the packages of Debian`);
}

/**
 * Loads a package of third_party/npm from the folder KMS_NODE_MODULES. Node looks for an imported
 * package beside the importing file, and Bazel keeps the two apart.
 */
export const loadPackage = createRequire(join(path("KMS_NODE_MODULES"), "loader.cjs"));

function path(variable: string): string {
  const value = process.env[variable];
  if (!value) throw new Error(`browsertest: ${variable} is not set; see browsertest/README.md`);
  return resolve(value);
}

function browserName(): BrowserName {
  const value = process.env.KMS_BROWSER ?? "chromium";
  if (value === "chromium" || value === "firefox") return value;
  throw new Error("browsertest: KMS_BROWSER must be chromium or firefox");
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { altered, Failure } from "./failure.ts";
import { fileName, isRecord, parseJSON, readFresh, sha256 } from "./files.ts";

const manifestName = "release.json";
/** What is read here is the same in both. */
const formats: readonly unknown[] = ["kms-enclave-release/1", "kms-enclave-release/2"];

/** One file as release.json lists it, as far as it is looked at here. */
interface ListedFile {
  path: string;
  role: string;
  sha256: string;
  integrity: string;
}

/** A file of which this build knows the name and the integrity. */
type EmbeddedFile = Pick<ListedFile, "path" | "role" | "integrity">;

/**
 * Checks that the release.json beside this document is the manifest of this very build, and that the
 * host serves this document as it is listed there. Returns the release digest, the SHA-256 of
 * release.json.
 *
 * This finds a host that mixes releases or alters one file. It does not stop a host that alters this
 * script too: that is what pins, verifiers and monitors are for.
 */
export async function checkRelease(): Promise<string> {
  const here = documentURL();
  const [manifest, page] = await Promise.all([
    readFresh(new URL(manifestName, here), manifestName),
    readFresh(here, fileName(here) || "index.html"),
  ]);
  const { entry, files } = parseManifest(manifest);
  const embedded = embeddedFiles();
  for (const file of embedded) {
    if (!isListed(files, file)) throw notListed(file.path);
  }
  // One of these roles that this build does not know is of another release.
  const roles = new Set(embedded.map(({ role }) => role));
  const other = files.find(({ role, path }) => roles.has(role) && !embedded.some((file) => file.path === path));
  if (other) throw notListed(other.path);
  const path = fileName(here) || entry;
  const listed = files.find((file) => file.role === "document" && file.path === path);
  if (!listed) throw notListed(path);
  if ((await sha256(page)) !== listed.sha256) throw altered(path);
  return sha256(manifest);
}

/** Where this document came from, without the fragment, which no host sees. */
function documentURL(): URL {
  const url = new URL(document.URL);
  url.hash = "";
  return url;
}

function embeddedFiles(): EmbeddedFile[] {
  const script = document.querySelector<HTMLScriptElement>("script[integrity]");
  const strength: EmbeddedFile[] = STRENGTH_URL
    ? [{ role: "script", path: fileName(STRENGTH_URL), integrity: STRENGTH_INTEGRITY }]
    : [];
  return [
    ...strength,
    { role: "script", path: fileName(import.meta.url), integrity: script?.integrity ?? "" },
    { role: "worker", path: fileName(WORKER_URL), integrity: WORKER_INTEGRITY },
    { role: "wasm", path: fileName(WASM_URL), integrity: WASM_INTEGRITY },
  ];
}

/** Whether there is one file of that role and name, and it is this one. */
function isListed(files: readonly ListedFile[], expected: EmbeddedFile): boolean {
  const [file, ...others] = files.filter(({ role, path }) => role === expected.role && path === expected.path);
  return others.length === 0 && file?.integrity === expected.integrity;
}

function notListed(path: string): Failure {
  return new Failure("integrity_failed", `${path} is not the file that ${manifestName} lists: the host mixes two releases`);
}

function parseManifest(bytes: Uint8Array<ArrayBuffer>): { entry: string; files: ListedFile[] } {
  const manifest = parseJSON(bytes);
  if (
    isRecord(manifest) &&
    formats.includes(manifest.format) &&
    typeof manifest.entry === "string" &&
    Array.isArray(manifest.files) &&
    manifest.files.every(isListedFile)
  ) {
    return { entry: manifest.entry, files: manifest.files };
  }
  throw new Failure("integrity_failed", `${manifestName} is not a manifest that this release understands`);
}

function isListedFile(value: unknown): value is ListedFile {
  return isRecord(value) && ["path", "role", "sha256", "integrity"].every((name) => typeof value[name] === "string");
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** Whether text is a version of Semantic Versioning 2.0.0 without build metadata, as release.json has it. */
export function isVersion(text: unknown): text is string {
  return typeof text === "string" && text.length <= 64 && pattern.test(text);
}

const number = "(?:0|[1-9][0-9]*)";
const part = `(?:${number}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)`;
const pattern = new RegExp(`^${number}\\.${number}\\.${number}(?:-${part}(?:\\.${part})*)?$`);

/** Below 0 if version a comes before b, above 0 if after, 0 if they are the same (section 11). */
export function compareVersions(a: string, b: string): number {
  const [first, second] = [split(a), split(b)];
  const core = compareLists(first.core, second.core);
  if (core !== 0) return core;
  if (first.prerelease.length === 0 || second.prerelease.length === 0) {
    return second.prerelease.length - first.prerelease.length; // the release comes after its prereleases
  }
  return compareLists(first.prerelease, second.prerelease);
}

function split(version: string): { core: string[]; prerelease: string[] } {
  const at = version.indexOf("-");
  if (at < 0) return { core: version.split("."), prerelease: [] };
  return { core: version.slice(0, at).split("."), prerelease: version.slice(at + 1).split(".") };
}

function compareLists(a: string[], b: string[]): number {
  for (const [i, one] of a.entries()) {
    const other = b[i];
    if (other === undefined) return 1;
    const order = compareParts(one, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers come before names. They may be longer than a number of the language, and have no leading zeros. */
function compareParts(a: string, b: string): number {
  const [first, second] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)];
  if (first !== second) return first ? -1 : 1;
  if (first && a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

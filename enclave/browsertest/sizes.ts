// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import type { Manifest } from "./enclavesite.ts";

/** Bytes of one file as it is, and as hosts send it. */
export interface Size {
  path: string;
  /** Whether a browser that runs the enclave fetches it. */
  fetched: boolean;
  raw: number;
  gzip: number;
  brotli: number;
}

const fetchedRoles = ["document", "script", "worker", "wasm", "style"];

/** What is fetched only when the person chooses a passphrase, or is asked in a window. */
const fetchedLater = /^(strength\..*|window\.html)$/;

/** The sizes of every file of a release, with the slowest and best compression, largest first. */
export function sizesOf(folder: string): Size[] {
  const manifest = JSON.parse(readFileSync(join(folder, "release.json"), "utf8")) as Manifest;
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const sizes = paths.map((path) => {
    const role = manifest.files.find((file) => file.path === path)?.role;
    return {
      path,
      fetched: path === "release.json" || (fetchedRoles.includes(role ?? "") && !fetchedLater.test(path)),
      ...compressed(readFileSync(join(folder, path))),
    };
  });
  return sizes.sort((a, b) => b.raw - a.raw);
}

/** What a browser transfers in all to run the enclave for the first time. */
export function transferOf(sizes: readonly Size[]): Size {
  const sum = (unit: "raw" | "gzip" | "brotli") =>
    sizes.filter((size) => size.fetched).reduce((total, size) => total + size[unit], 0);
  return {
    path: "what a browser fetches (*)",
    fetched: true,
    raw: sum("raw"),
    gzip: sum("gzip"),
    brotli: sum("brotli"),
  };
}

function compressed(bytes: Buffer): Pick<Size, "raw" | "gzip" | "brotli"> {
  const quality = {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  };
  return {
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, quality).length,
  };
}

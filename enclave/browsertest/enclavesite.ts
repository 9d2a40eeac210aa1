// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { Host, type Reply } from "./host.ts";
import { settings } from "./settings.ts";

/** The members of release.json (package kmslib/release) that a host needs. */
export interface Manifest {
  entry: string;
  protocol: number;
  files: { path: string; role: string; mediaType: string; sha256: string; size: number }[];
  headers: { paths: string[]; headers: { name: string; value: string }[] }[];
}

/** A host of the release, as an operator would have it, that can also be made to lie. */
export class EnclaveSite {
  /** Digest that apps pin. */
  readonly digest: string;
  readonly manifest: Manifest;
  /** Paths that were asked for since the last {@link restore}. */
  readonly asked = new Set<string>();
  readonly #folder: string;
  readonly #changed = new Map<string, Buffer | undefined>();
  readonly #replaced = new Map<string, string | undefined>();
  #host: Host | undefined;
  #embedders: readonly string[] = [];
  #framedBy: readonly string[] = [];

  private constructor(folder: string) {
    const bytes = readFileSync(join(folder, "release.json"));
    this.#folder = folder;
    this.digest = createHash("sha256").update(bytes).digest("hex");
    this.manifest = JSON.parse(bytes.toString("utf8")) as Manifest;
  }

  static async start(): Promise<EnclaveSite> {
    const site = new EnclaveSite(settings.release());
    site.#host = await Host.start((path) => site.#answer(path.slice(1) || site.manifest.entry));
    return site;
  }

  get host(): Host {
    if (!this.#host) throw new Error("browsertest: the enclave's host was not started");
    return this.#host;
  }

  get url(): string {
    return `${this.host.origin}/`;
  }

  /**
   * Sets the deployment's embedders. The headers name the same origins unless framedBy gives others,
   * as a host with a mistake in its configuration would.
   */
  deploy(embedders: readonly string[], framedBy = embedders): void {
    this.#embedders = embedders;
    this.#framedBy = framedBy;
  }

  /** The one file of a role whose name begins so, by its path. */
  pathOf(role: string, name = ""): string {
    const found = this.manifest.files.filter((file) => file.role === role && file.path.startsWith(name));
    if (found.length !== 1 || !found[0])
      throw new Error(`browsertest: expected one file with the role ${role}, found ${found.length}`);
    return found[0].path;
  }

  /** Serves other bytes in place of a file from now on. */
  tamper(path: string, change: (original: Buffer) => Buffer): void {
    this.#changed.set(path, change(this.#read(path)));
  }

  /** Serves a file that is not in the release's folder, such as what signing adds to one, from now on. */
  add(path: string, content: Buffer): void {
    this.#changed.set(path, content);
  }

  /** Serves 404 in place of a file from now on. */
  withhold(path: string): void {
    this.#changed.set(path, undefined);
  }

  /** Sends another value of a header wherever the release promises it, or no such header, from now on. */
  replaceHeader(name: string, value: string | undefined): void {
    this.#replaced.set(name, value);
  }

  /** Serves the release's own bytes and headers again. */
  restore(): void {
    this.#changed.clear();
    this.#replaced.clear();
    this.asked.clear();
  }

  #answer(path: string): Reply | undefined {
    this.asked.add(path);
    const deployment = { format: "kms-enclave-deployment/1", embedders: this.#embedders };
    if (path === "deployment.json") return { body: JSON.stringify(deployment), headers: this.#headersOf(path) };
    const rule = this.manifest.headers.find((rule) => rule.paths.includes(path));
    const body = this.#changed.has(path) ? this.#changed.get(path) : rule && this.#read(path);
    return body && { body, headers: this.#headersOf(path) };
  }

  #headersOf(path: string): Record<string, string> {
    const listed = this.manifest.files.find((file) => file.path === path);
    const headers: Record<string, string> = { "content-type": listed?.mediaType ?? "application/json" };
    const rule = this.manifest.headers.find((rule) => rule.paths.includes(path));
    for (const { name, value: released } of rule?.headers ?? []) {
      const value = this.#replaced.has(name) ? this.#replaced.get(name) : released;
      if (value !== undefined) headers[name] = value.replaceAll("{embedders}", this.#framedBy.join(" "));
    }
    return headers;
  }

  #read(path: string): Buffer {
    return readFileSync(join(this.#folder, path));
  }
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

import { settings } from "./settings.ts";

/** The demo as `bazel run //enclave:demo` serves it: by the same program, with the same headers. */
export class Demo {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  /** Starts the program and waits for the line that names the app's URL. */
  static async start(): Promise<Demo> {
    const args = ["--release", settings.release(), "--demo", settings.demo()];
    const process = spawn(settings.serve(), args, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: process.stdout })) {
      const [, url] = /^app +(http:\S+)$/.exec(line) ?? [];
      if (url) return new Demo(url, process);
    }
    throw new Error("browsertest: the server of the demo ended without naming a URL");
  }

  /** Interrupts the program, as Ctrl+C does, and returns its exit code. */
  async stop(): Promise<number | null> {
    if (this.#process.exitCode === null) {
      this.#process.kill("SIGINT");
      await once(this.#process, "exit");
    }
    return this.#process.exitCode;
  }
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Page } from "puppeteer-core";

/** What cmd/enclavetest is told to do; its package comment lists it. */
export interface Command {
  do: "cases" | "prepare" | "run" | "check" | "mixed" | "methods";
  database?: string;
  method?: string;
  stop?: number;
  when?: string;
  only?: string;
  operations?: number;
  seed?: number;
}

/** A message that it posts. */
export type Post = Record<string, unknown>;

/**
 * Runs cmd/enclavetest in a worker of the page and returns what it posted, until it is done, or until it has
 * stopped in the middle, when the worker is killed as a crash would.
 */
export async function runWasm(page: Page, command: Command): Promise<Post[]> {
  const [posts = []] = await runTogether(page, [command]);
  return posts;
}

/** The same in several workers at once; those that get ready begin together. */
export async function runTogether(page: Page, commands: readonly Command[]): Promise<Post[][]> {
  const posts = await page.evaluate(
    (names) => {
      const workers: Worker[] = [];
      let ready = 0;
      return Promise.all(
        names.map(
          (name) =>
            new Promise<Record<string, unknown>[]>((done, fail) => {
              const posts: Record<string, unknown>[] = [];
              const worker = new Worker("/wasmworker.js", { name });
              workers.push(worker);
              worker.onerror = (event) => fail(new Error(event.message));
              worker.onmessage = (event: MessageEvent<string>) => {
                const post = JSON.parse(event.data) as Record<string, unknown>;
                posts.push(post);
                if (post.ready === true && ++ready === names.length) for (const each of workers) each.postMessage("go");
                if (post.done !== true && post.stopped === undefined) return;
                worker.terminate();
                done(posts);
              };
            }),
        ),
      );
    },
    commands.map((command) => JSON.stringify(command)),
  );
  for (const post of posts.flat()) if (post.error !== undefined && post.name === undefined) throw new Error(String(post.error));
  return posts;
}

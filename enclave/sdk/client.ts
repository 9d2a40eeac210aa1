// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type Method, type Methods, methods } from "./api.ts";
import type { Channel } from "./channel.ts";
import type { CallOptions } from "./waiting.ts";

/** One method as a function. Parameters that are all optional may be left out. */
type Call<M extends Method> = object extends Methods[M]["params"]
  ? (params?: Methods[M]["params"], options?: CallOptions) => Promise<Methods[M]["result"]>
  : (params: Methods[M]["params"], options?: CallOptions) => Promise<Methods[M]["result"]>;

/** What follows the prefix P in the names of methods: for "vapid." that is "sign", "delete" and so on. */
type After<P extends string, M extends Method = Method> = M extends `${P}${infer Rest}` ? Rest : never;
/** The part of a name before its first dot. */
type First<N extends string> = N extends `${infer Part}.${string}` ? Part : N;
/** The methods whose names begin with P, as a tree. No name is both a method and a part of another. */
type Branch<P extends string> = {
  readonly [N in First<After<P>>]: `${P}${N}` extends Method ? Call<`${P}${N}`> : Branch<`${P}${N}.`>;
};

/**
 * The methods of the table as calls: `status` is `calls.status()`, `vapid.sign` is `calls.vapid.sign()`,
 * `signal.session.start` is `calls.signal.session.start()`.
 */
export type Calls = Branch<"">;

/** A part of the tree while it is built. */
interface Group {
  [name: string]: Group | ((params?: object, options?: CallOptions) => Promise<unknown>);
}

/** Builds the calls from the table, so that a method added there appears here with no further line. */
export function makeCalls(channel: Channel): Calls {
  const calls: Group = {};
  for (const method of methods) {
    const path = method.split(".");
    const name = path.pop() as string;
    let group = calls;
    for (const part of path) group = (group[part] ??= {}) as Group;
    group[name] = (params = {}, options = {}) => channel.call(method, params, options);
  }
  return freeze(calls) as Calls;
}

function freeze(group: Group): Group {
  for (const member of Object.values(group)) if (typeof member === "object") freeze(member);
  return Object.freeze(group);
}

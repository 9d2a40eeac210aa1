// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type Method, type Methods, methods } from "./api.ts";
import type { Channel } from "./channel.ts";
import type { CallOptions } from "./waiting.ts";

/** One method as a function. Parameters that are all optional may be left out. */
type Call<M extends Method> = object extends Methods[M]["params"]
  ? (params?: Methods[M]["params"], options?: CallOptions) => Promise<Methods[M]["result"]>
  : (params: Methods[M]["params"], options?: CallOptions) => Promise<Methods[M]["result"]>;

type Group<M extends Method> = M extends `${infer G}.${string}` ? G : never;
type MemberOf<G extends string> = Extract<Method, `${G}.${string}`> extends `${G}.${infer N}` ? N : never;

/** The methods of the table as calls: `status` is `calls.status()`, `vapid.sign` is `calls.vapid.sign()`. */
export type Calls = {
  readonly [M in Exclude<Method, `${string}.${string}`>]: Call<M>;
} & {
  readonly [G in Group<Method>]: { readonly [N in MemberOf<G>]: Call<Extract<`${G}.${N}`, Method>> };
};

/** Builds the calls from the table, so that a method added there appears here with no further line. */
export function makeCalls(channel: Channel): Calls {
  const calls: Record<string, unknown> = {};
  for (const method of methods) {
    const call = (params: object = {}, options: CallOptions = {}) => channel.call(method, params, options);
    const [group, name] = method.split(".") as [string, string?];
    if (name === undefined) calls[group] = call;
    else calls[group] = Object.freeze({ ...(calls[group] as object | undefined), [name]: call });
  }
  return Object.freeze(calls) as Calls;
}

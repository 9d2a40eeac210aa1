// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { durations } from "./strings.ts";

/** Words for a key, or the key itself where there are none. */
export function wordsFor(table: Readonly<Record<string, string>>, key: string): string {
  return Object.hasOwn(table, key) ? (table[key] as string) : key;
}

/** Seconds as a person says them. */
export function clock(seconds: number): string {
  if (seconds < 90) return durations.seconds(seconds);
  const minutes = Math.ceil(seconds / 60);
  return minutes < 90 ? durations.minutes(minutes) : durations.hours(Math.ceil(minutes / 60));
}

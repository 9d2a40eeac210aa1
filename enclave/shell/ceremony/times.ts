// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { language } from "./strings.ts";

const dates = new Intl.DateTimeFormat(language, { dateStyle: "medium" });
const hours = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const both = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "medium" });

/** Unix seconds as a day. */
export function day(seconds: number): string {
  return dates.format(seconds * 1000);
}

/** Unix seconds as a time of day. */
export function hour(seconds: number): string {
  return hours.format(seconds * 1000);
}

/** Unix seconds as a day with its time. */
export function moment(seconds: number): string {
  return both.format(seconds * 1000);
}

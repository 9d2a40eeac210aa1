// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { Screen, Subject } from "../messages.ts";

/**
 * The data of every screen, as package ceremony (kmslib/ceremony) lists them. They come from the program of
 * the same release, so their members are taken at their word; what they show was made safe to show by dom.ts.
 */
export interface Screens {
  welcome: { users: number; name?: string; passkeys: boolean };
  "new-passphrase": { min: number; name: string; purpose?: string };
  "create-passkey": CreatePasskey;
  "use-passkey": UsePasskey;
  "gate-notice": { minutes: number };
  "recovery-key": { words: string[]; skip: boolean };
  "confirm-recovery": { count: number };
  "choose-user": { users: (User & { damaged: string | boolean })[]; add: boolean };
  unlock: Unlock;
  prove: Unlock & { purpose: string };
  grant: { user: User };
  confirm: { details: { name: string; value: string }[] };
  manage: Manage;
  log: { entries: LogEntry[]; first: number; size: number; next?: number };
  "log-export": { name: string; text: string };
  reset: { label: string; proof: boolean };
  done: { message: string };
  error: { retry: boolean };
}

/** What every screen may say beside its own. */
export type Common = Screen["data"] & { word?: number };

/** Whose vault. */
export interface User {
  id: string;
  label: string;
}

/** Options of navigator.credentials.create; bytes are in base64url. */
export interface CreatePasskey {
  rpId: string;
  rpName: string;
  userHandle: string;
  userName: string;
  challenge: string;
  exclude: string[];
  algorithms: number[];
  prfFirst: string;
  prfSecond: string;
}

/** Options of navigator.credentials.get; bytes are in base64url. */
export interface UsePasskey {
  rpId: string;
  challenge: string;
  credentials: PasskeyReference[];
  /** Whether all of these are a rule and not encryption. */
  gate?: boolean;
}

/** A passkey that may answer. */
export interface PasskeyReference {
  id: string;
  transports: string[];
  gate: boolean;
  prfFirst?: string;
  prfSecond?: string;
}

/** The ways to open a vault. */
export interface Unlock {
  user: User;
  users: number;
  passphrase: boolean;
  recovery: boolean;
  passkey?: UsePasskey;
  session: number;
  damaged: number;
}

/** A way to open the vault. Times are in seconds since 1970; 0 is never. */
export interface Enrolment {
  id: string;
  method: string;
  label: string;
  created: number;
  used: number;
  current: boolean;
  damaged: string;
}

/** A method's consent class for one origin. */
export interface Policy {
  origin: string;
  method: string;
  class: string;
}

/** The open vault, with all that its person can change. */
export interface Manage {
  user: User;
  message?: string;
  enrolments: Enrolment[];
  addable: string[];
  methods: { name: string; class: string }[];
  policies: Policy[];
  session: { method: string; started: number; idleEnds: number; ends: number };
  log: { size: number; root: string; key: string };
  storage: string;
  damaged: { collection: string; reason: string }[];
}

/** One entry of the audit log; what an entry has not is "" or 0. */
export interface LogEntry {
  seq: number;
  time: number;
  origin: string;
  method: string;
  key: string;
  outcome: string;
  repeats: number;
  detail: string;
}

/** Whether a message has the subject of a ceremony in it. */
export function hasSubject(message: Record<string, unknown>): message is { subject: Subject & Record<string, unknown> } {
  const { subject } = message;
  if (typeof subject !== "object" || subject === null) return false;
  return ["operation", "origin", "user"].every((name) => typeof (subject as Record<string, unknown>)[name] === "string");
}

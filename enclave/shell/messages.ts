// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { ErrorCode, StatusResponse } from "../sdk/api.ts";

/**
 * What the frame and its worker say to each other. Both are of one release, so there is no version.
 *
 *     worker → frame   {kms: "up"}                         the worker's script runs
 *     frame → worker   {kms: "connect", …} and one port    an app that the frame let in
 *     worker → frame   {kms: "persist"}                    there is something that should not be evicted
 *     frame → worker   {kms: "persisted", granted}         whether the browser promises that
 *     worker → frame   {kms: "failed", code, message}      the enclave is not usable, or no longer
 *
 * A ceremony, of which there is one at a time:
 *
 *     worker → frame   {kms: "stage", id, subject}         the program wants a place where the person is asked
 *     frame → worker   {kms: "staged", id, …} and one port the place is there; the port's other end is in it
 *     frame → worker   {kms: "unstaged", id, reason}       there will be none, or it is gone
 *     worker → frame   {kms: "unstage", id}                the ceremony is over, or no longer wanted
 *
 * The dialogue on that port is {@link DialogueMessage} and {@link PersonMessage}. Each "stage" is answered by
 * one "staged" or "unstaged", unless an "unstage" of the same id came first; the frame then takes away what it
 * has shown, and an answer that crosses it is ignored. After "staged" the person's giving up is
 * {kms: "cancel"} on the port; a window that is gone without a word is "unstaged".
 *
 * Locking, which ends the worker, for nothing else empties its memory:
 *
 *     worker → frame   {kms: "locked", seats} and as many ports
 *     worker → frame   {kms: "late", seat, message}        for ports[seat]; belongs to seats[seat].late
 *     frame → worker   {kms: "connect", ...seats[i]} and ports[i], each to the worker that is started afresh
 *
 * After "locked" the worker answers nothing more. Messages that an app sends meanwhile wait in its port. What
 * came to the worker before it gave the port away, or on its way (which browsers hand over still), goes on in
 * the seat.
 */
export type WorkerMessage =
  | { kms: "up" }
  | { kms: "persist" }
  | FailedMessage
  | StageMessage
  | UnstageMessage
  | LockedMessage
  | LateMessage;

/** What the frame says. */
export type FrameMessage = ConnectMessage | PersistedMessage | StagedMessage | UnstagedMessage;

/** Why the enclave is not usable. */
export interface FailedMessage {
  kms: "failed";
  code: ErrorCode;
  message: string;
}

/** Whether the browser promised not to evict what is stored. */
export interface PersistedMessage {
  kms: "persisted";
  granted: boolean;
}

/** Binds a port to who offered it. The frame has checked all of it. */
export interface ConnectMessage extends Connection {
  kms: "connect";
  /** Whether an earlier worker served this port. Then hello is answered already and is not answered again. */
  resumed?: boolean;
  /** With resumed: the highest id of a request that came on the port so far; 0 for none. */
  lastId?: number;
  /** With resumed: messages that came on the port and that the earlier worker did not look at. */
  late?: unknown[];
}

/** What is known of a port for good. */
export interface Connection {
  /** Origin of the embedding page, as the browser gave it. */
  origin: string;
  /** What the app said in its hello. */
  protocol: number;
  nonce: string;
  /** SHA-256 of release.json, against which the frame checked the files. */
  release: string;
  partition: StatusResponse["partition"];
}

/** A connection that moves on to another worker: what its "connect" there says, "kms" excepted. */
export interface Seat extends Connection {
  resumed: true;
  lastId: number;
  /** As the worker flattened them (worker/flatten.ts), with their bodies. */
  late: unknown[];
}

/** The worker's last message. Port number i is that of seat number i. */
export interface LockedMessage {
  kms: "locked";
  seats: Seat[];
}

/** A message that came on a port when it was given away already, as the worker flattened it, with its bodies. */
export interface LateMessage {
  kms: "late";
  seat: number;
  message: unknown;
}

/** What a ceremony is about, in the words of the method table; the place puts it into plain ones. */
export interface Subject {
  /** The method that was called, such as "vault.unlock". */
  operation: string;
  /** The origin that called it. */
  origin: string;
  /** Label of the user whom it concerns; empty before there is one. */
  user: string;
}

/** Asks for a place where the person is asked. */
export interface StageMessage {
  kms: "stage";
  id: number;
  subject: Subject;
}

/** The ceremony is over: the place may be taken away. */
export interface UnstageMessage {
  kms: "unstage";
  id: number;
}

/** A place for the ceremony. What is said of it are facts that the frame knows, for checking passkeys. */
export interface StagedMessage {
  kms: "staged";
  id: number;
  /** Whether the place is inside another origin's page: then WebAuthn reports itself as cross-origin. */
  embedded: boolean;
  /** The relying party that a passkey made or used there has: the enclave's host. */
  rpId: string;
  /** The origin of the place's document: the enclave's. */
  origin: string;
  /** Where embedded, the origin of the top-level page, if the browser says it. */
  topOrigin?: string;
  /** Whether the place can use passkeys. */
  passkeys: boolean;
}

/** There is no place, or no longer: the person closed it, or the browser did not let it open. */
export interface UnstagedMessage {
  kms: "unstaged";
  id: number;
  reason: "cancelled" | "blocked";
}

/**
 * What the program says in a ceremony, on the port of "staged".
 *
 *     {kms: "screen", text, turn}  shows a screen and waits for one PersonMessage; text is JSON, see Screen
 *     {kms: "busy", name}          shows that something runs which takes time; expects no answer
 *     {kms: "end"}                 the ceremony is over
 */
export type DialogueMessage = { kms: "screen"; text: string; turn: number } | { kms: "busy"; name: string } | { kms: "end" };

/** What the text of a {kms: "screen"} parses to. Package ceremony lists the screens with their data. */
export interface Screen {
  screen: string;
  /** Members of the screen, and always subject. */
  data: { subject: Subject; problem?: string; retryAfter?: number } & Record<string, unknown>;
}

/**
 * What the place says in a ceremony. An input counts for the screen that is shown, once, and only if it is of
 * that screen's turn; with another shape it ends the ceremony, and beyond the limits below too.
 */
export type PersonMessage = InputMessage | { kms: "cancel" };

/** The person's answer to a screen. */
export interface InputMessage {
  kms: "input";
  /** The turn of the screen that the person saw. An input of another turn, as from a second click, is ignored. */
  turn?: number;
  action: string;
  /** JSON text of an object whose members are all texts; bytes are in base64url. */
  fields: string;
  /** Secrets in the order of the screen. They are transferred, so that the place keeps none. */
  secrets: ArrayBuffer[];
}

/** The limits of an input. */
export const inputLimits = {
  /** Length of action, in UTF-16 code units. */
  actionUnits: 32,
  /** Length of fields, in UTF-16 code units. */
  fieldsUnits: 65536,
  /** How many secrets. */
  secrets: 2,
  /** Bytes of one secret. */
  secretBytes: 4096,
} as const;

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { ErrorCode, StatusResponse } from "../sdk/api.ts";

/**
 * What the frame and its worker say to each other. Both are of one release, so there is no version.
 *
 *     worker → frame   {kms: "up"}                       the worker's script runs
 *     frame → worker   {kms: "connect", …} and one port  an app that the frame let in
 *     worker → frame   {kms: "persist"}                  there is something that should not be evicted
 *     frame → worker   {kms: "persisted", granted}       whether the browser promises that
 *     worker → frame   {kms: "failed", code, message}    the enclave is not usable, or no longer
 */
export type WorkerMessage = { kms: "up" } | { kms: "persist" } | FailedMessage;

/** What the frame says. */
export type FrameMessage = ConnectMessage | { kms: "persisted"; granted: boolean };

/** Why the enclave is not usable. */
export interface FailedMessage {
  kms: "failed";
  code: ErrorCode;
  message: string;
}

/** Binds a port to who offered it. The frame has checked all of it. */
export interface ConnectMessage {
  kms: "connect";
  /** Origin of the embedding page, as the browser gave it. */
  origin: string;
  /** What the app said in its hello. */
  protocol: number;
  nonce: string;
  /** SHA-256 of release.json, against which the frame checked the files. */
  release: string;
  partition: StatusResponse["partition"];
}

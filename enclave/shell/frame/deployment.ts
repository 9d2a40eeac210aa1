// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { Failure } from "./failure.ts";
import { isRecord, parseJSON, readFresh } from "./files.ts";

const deploymentName = "deployment.json";

/**
 * Reads who may embed this enclave: the origins that the operator wrote into deployment.json. The host
 * also sends them as frame-ancestors; this is the second lock, and decides who may say hello.
 */
export async function readEmbedders(): Promise<ReadonlySet<string>> {
  const bytes = await readFresh(deploymentName, deploymentName).catch(() => undefined);
  const embedders = bytes && parseEmbedders(parseJSON(bytes));
  if (!embedders) {
    throw new Failure("origin_not_allowed", `${deploymentName} is missing or not valid, so nobody may embed this enclave`);
  }
  return new Set(embedders);
}

function parseEmbedders(deployment: unknown): string[] | undefined {
  if (!isRecord(deployment) || deployment.format !== "kms-enclave-deployment/1") return undefined;
  if (Object.keys(deployment).length !== 2 || !Array.isArray(deployment.embedders)) return undefined;
  return deployment.embedders.every(isEmbedder) ? deployment.embedders : undefined;
}

const loopback = /^(localhost|.+\.localhost|127\.0\.0\.1)$/;

/** Whether value is an origin as browsers write it: https, or http on this machine. */
function isEmbedder(value: unknown): value is string {
  if (typeof value !== "string") return false;
  try {
    const url = new URL(value);
    return url.origin === value && (url.protocol === "https:" || (url.protocol === "http:" && loopback.test(url.hostname)));
  } catch {
    return false;
  }
}

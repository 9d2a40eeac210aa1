// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { connect, KmsError } from "./sdk.js";

/** Tries to connect from a worker and posts the code of the failure. */
try {
  await connect({ url: "https://kms.example/", release: "0".repeat(64) });
  postMessage("connected");
} catch (error) {
  postMessage(error instanceof KmsError ? error.code : "another error");
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { confirm, grant } from "./approve.ts";
import { done, error, reset } from "./endings.ts";
import { log, logExport } from "./log.ts";
import { manage } from "./manage.ts";
import { newPassphrase } from "./passphrase.ts";
import { createPasskeyScreen, gateNotice, usePasskeyScreen } from "./passkey.ts";
import { confirmRecovery, recoveryKey } from "./recovery.ts";
import type { Draws } from "./scene.ts";
import { prove, unlock } from "./unlock.ts";
import { chooseUser, welcome } from "./users.ts";

/** Every screen of package ceremony with what draws it. */
export const draws: Draws = {
  welcome,
  "new-passphrase": newPassphrase,
  "create-passkey": createPasskeyScreen,
  "use-passkey": usePasskeyScreen,
  "gate-notice": gateNotice,
  "recovery-key": recoveryKey,
  "confirm-recovery": confirmRecovery,
  "choose-user": chooseUser,
  unlock,
  prove,
  grant,
  confirm,
  manage,
  log,
  "log-export": logExport,
  reset,
  done,
  error,
};

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { greeting } from "./message.ts";
import { pin } from "pinned";

const target: string = pin;
postMessage(`${greeting}, ${target}`);

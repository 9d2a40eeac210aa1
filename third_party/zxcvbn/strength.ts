// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// What of zxcvbn-ts the enclave uses. strength.js is this file with its packages in it.
import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common";

const estimator = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });

// The estimate takes time that grows with the square of the length; what lies behind only adds strength.
const longest = 100;

const estimate = (passphrase: string, inputs: string[]): { score: number; warning?: string } => {
  const { score, feedback } = estimator.check(passphrase.slice(0, longest), inputs);
  return feedback.warning ? { score, warning: feedback.warning } : { score };
};

Object.defineProperty(globalThis, "kmsStrength", { value: estimate });

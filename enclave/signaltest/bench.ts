// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { join, resolve } from "node:path";

import { clientVersions } from "./client.ts";
import { LibsignalParty } from "./libsignal.ts";
import { Peer } from "./peer.ts";
import { greet } from "./traffic.ts";

// Run by hand: how long it takes us and the official client to set up a session and to write and open a
// message of 1 KiB. Ours is measured inside its program, so that no command's encoding is in the figures, and
// in WebAssembly too, if KMS_SIGNAL_PEER_WASM names a folder with peer.wasm and Go's wasm_exec.js and
// wasm_exec_node.js.

interface Figures {
  setUp: number;
  encrypt: number;
  decrypt: number;
}

const rounds = 30;
const plaintext = Buffer.alloc(1024, "x");

async function timed<T>(to: number[], run: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await run();
  to.push((performance.now() - begun) * 1000);
  return result;
}

function median(all: number[]): number {
  return all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN;
}

async function theirs(version: (typeof clientVersions)[number]): Promise<Figures> {
  const setUp: number[] = [];
  const encrypt: number[] = [];
  const decrypt: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [alice, bob] = [new LibsignalParty(version, "alice"), new LibsignalParty(version, "bob")];
    const bundle = await bob.bundle();
    await timed(setUp, async () => {
      await alice.processBundle(bob.address, bundle);
      const { type, body } = await alice.encrypt(bob.address, plaintext);
      await bob.decrypt(alice.address, type, body);
    });
    await greet(bob, alice);
    for (let n = 0; n < 10; n++) {
      const { type, body } = await timed(encrypt, () => alice.encrypt(bob.address, plaintext));
      await timed(decrypt, () => bob.decrypt(alice.address, type, body));
    }
  }
  return { setUp: median(setUp), encrypt: median(encrypt), decrypt: median(decrypt) };
}

async function ours(peer: Peer): Promise<Figures> {
  const figures = await peer.call<Figures>("", "bench", { rounds });
  peer.close();
  return figures;
}

const results: Record<string, Figures> = {};
for (const version of clientVersions) results[`libsignal ${version}`] = await theirs(version);
results["ours, native"] = await ours(new Peer());
const wasm = process.env.KMS_SIGNAL_PEER_WASM;
if (wasm) results["ours, wasm"] = await ours(new Peer(process.execPath, join(resolve(wasm), "wasm_exec_node.js"), join(resolve(wasm), "peer.wasm")));

const measure = results["libsignal 0.103.0"] as Figures;
for (const [name, figures] of Object.entries(results)) {
  const cells = (["setUp", "encrypt", "decrypt"] as const).map((part) => {
    const ratio = figures[part] / measure[part];
    return `${part} ${figures[part].toFixed(0).padStart(6)} µs (${ratio.toFixed(2)} ×)`;
  });
  console.log(`${name.padEnd(18)} ${cells.join("   ")}`);
}

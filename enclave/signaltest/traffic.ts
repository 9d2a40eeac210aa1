// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";

import type { BundleOptions, Envelope, Party } from "./party.ts";

export interface TrafficOptions {
  /** How many messages both sides send together, at least. */
  messages: number;
  /** What the schedule follows from; unless given, a new one. Keys are random in any case. */
  seed?: number;
  /** Shares of the messages, from 0 to 1. */
  loss?: number;
  late?: number;
  duplicates?: number;
  /** Share of the bursts that arrive in another order. */
  reorder?: number;
}

export interface Tally {
  seed: number;
  sent: number;
  delivered: number;
  lost: number;
  late: number;
  duplicates: number;
}

/** Random numbers that follow from a seed (mulberry32): for schedules, never for keys. */
export class Schedule {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A number from 0 up to, without, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  happens(share: number): boolean {
    return this.next() < share;
  }

  shuffle<T>(list: T[]): void {
    for (let n = list.length - 1; n > 0; n--) {
      const other = this.below(n + 1);
      [list[n], list[other]] = [list[other] as T, list[n] as T];
    }
  }
}

interface Flight {
  from: Party;
  to: Party;
  plaintext: Uint8Array;
  envelope: Envelope;
  /** In how many more rounds it arrives. */
  wait: number;
}

/** Longest delay in rounds. A receiver keeps the chains of five of its peer's ratchet keys, and a round may bring one. */
const maxDelay = 3;

const maxBurst = 8;

/**
 * Random traffic over a session that first has started (first writes first): bursts of either side or of both
 * at once, in order or not, some messages lost, some late by rounds, some brought again. Every message that
 * arrives must open to what was sent, and once only: brought again, the receiver must say that it is a
 * duplicate. An error names the seed, with which the schedule can be run again.
 */
export async function converse(first: Party, second: Party, options: TrafficOptions): Promise<Tally> {
  const { messages, seed = randomInt(2 ** 32), loss = 0.05, late = 0.05, duplicates = 0.1, reorder = 0.3 } = options;
  const schedule = new Schedule(seed);
  const tally: Tally = { seed, sent: 0, delivered: 0, lost: 0, late: 0, duplicates: 0 };
  let flights: Flight[] = [];

  async function send(from: Party, to: Party, count: number): Promise<void> {
    for (; count > 0; count--) {
      const plaintext = plaintextFor(tally.sent++, schedule);
      flights.push({ from, to, plaintext, envelope: await from.encrypt(to.address, plaintext), wait: 0 });
    }
  }

  async function deliver(flight: Flight): Promise<void> {
    const { from, to, plaintext, envelope } = flight;
    const opened = await to.decrypt(from.address, envelope.type, envelope.body);
    assert.deepEqual(Buffer.from(opened), Buffer.from(plaintext));
    tally.delivered++;
    if (schedule.happens(duplicates)) await repeat(flight);
  }

  async function repeat({ from, to, envelope }: Flight): Promise<void> {
    tally.duplicates++;
    await assert.rejects(to.decrypt(from.address, envelope.type, envelope.body), (error) => {
      if (!to.isDuplicate(error)) throw error;
      return true;
    });
  }

  async function round(): Promise<void> {
    const burst = () => 1 + schedule.below(maxBurst);
    if (schedule.happens(0.6)) await send(first, second, burst());
    if (schedule.happens(0.6)) await send(second, first, burst());
    if (schedule.happens(reorder)) schedule.shuffle(flights);
    const arrived: Flight[] = [];
    const waiting: Flight[] = [];
    for (const flight of flights) {
      if (flight.wait > 0) {
        flight.wait--;
      } else if (schedule.happens(loss)) {
        tally.lost++;
        continue;
      } else if (schedule.happens(late)) {
        flight.wait = 1 + schedule.below(maxDelay);
        tally.late++;
      }
      (flight.wait > 0 ? waiting : arrived).push(flight);
    }
    flights = waiting;
    for (const flight of arrived) await deliver(flight);
  }

  try {
    // The second party has no session until one message of the first is there.
    await send(first, second, 1);
    await deliver(flights.pop() as Flight);
    while (tally.sent < messages || flights.length > 0) await round();
  } catch (error) {
    throw new Error(`traffic with seed ${seed}, after ${JSON.stringify(tally)}: ${String(error)}`, { cause: error });
  }
  assert.equal(tally.delivered + tally.lost, tally.sent);
  return tally;
}

/** Sends one message each way, so that the session is acknowledged. */
export async function greet(first: Party, second: Party): Promise<void> {
  for (const [from, to] of [
    [first, second],
    [second, first],
  ] as const) {
    const plaintext = Buffer.from(`greeting of ${from.address.name}`);
    const { type, body } = await from.encrypt(to.address, plaintext);
    assert.deepEqual(Buffer.from(await to.decrypt(from.address, type, body)), plaintext);
  }
}

/** Starts a session from a bundle of the second party. */
export async function start(first: Party, second: Party, options?: BundleOptions): Promise<void> {
  await first.processBundle(second.address, await second.bundle(options));
}

/** A text that no other has, of a length that is now and then at the edge of a cipher's block. */
function plaintextFor(number: number, schedule: Schedule): Buffer {
  const filler = "x".repeat(schedule.happens(0.1) ? schedule.below(2000) : schedule.below(33));
  return Buffer.from(`${number}:${filler}`);
}

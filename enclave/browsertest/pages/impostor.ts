// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * A page that answers hello as no enclave would; its query says how. "mute" answers hello rightly and
 * then nothing; "slow" answers every request after half a second.
 */
const query = new URLSearchParams(location.search);
const manner = query.get("manner");
const result = { protocol: 2, release: query.get("release"), storage: "persistent", algorithms: [] };

function answerTo(hello: { nonce: string }): unknown {
  const right = { ...result, nonce: hello.nonce };
  switch (manner) {
    case "nonce":
      return { id: 0, result: JSON.stringify({ ...right, nonce: "B".repeat(32) }) };
    case "protocol":
      return { id: 0, result: JSON.stringify({ ...right, protocol: 3 }) };
    case "members":
      return { id: 0, result: JSON.stringify({ nonce: hello.nonce }) };
    case "json":
      return { id: 0, result: "{" };
    case "id":
      return { id: 1, result: JSON.stringify(right) };
    case "code":
      return { id: 0, error: { code: "no_such_code", message: "?" } };
    default:
      return { id: 0, result: JSON.stringify(right) };
  }
}

addEventListener("message", (event) => {
  const port = event.ports[0];
  if (!port) return;
  port.onmessage = (request) => {
    const { id } = request.data as { id: number };
    if (manner === "slow") setTimeout(() => port.postMessage({ id, result: `{"id":${id}}` }), 500);
    if (manner === "leave") location.reload();
  };
  port.postMessage(answerTo(event.data as { nonce: string }));
});

export {};

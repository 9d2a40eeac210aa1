// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/// <reference lib="webworker" />

/**
 * The offline shell. The network is always asked first and its answer kept, so nobody is left on an
 * old page; only without a network does the kept copy answer. It touches nothing but the demo's own
 * files: the enclave's are on another origin, where this worker has no say.
 */
declare const self: ServiceWorkerGlobalScope;

const cacheName = "kms-demo";
const shell = ["./", "app.js", "style.css", "icon.svg", "manifest.webmanifest", "config.json"];
const shellURLs = new Set(shell.map((path) => new URL(path, self.location.href).href));

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(cacheName).then((cache) => cache.addAll(shell)));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || !shellURLs.has(event.request.url)) return;
  event.respondWith(networkFirst(event.request));
});

async function networkFirst(request: Request): Promise<Response> {
  const cache = await caches.open(cacheName);
  try {
    const response = await fetch(request);
    if (response.ok) await cache.put(request, response.clone());
    return response;
  } catch (error) {
    const kept = await cache.match(request);
    if (kept) return kept;
    throw error;
  }
}

export {};

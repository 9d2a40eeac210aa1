// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

/** One answer of a {@link Host}. */
export interface Reply {
  body: Buffer | string;
  headers: Record<string, string>;
  status?: number;
}

/** Answers a path, which begins with "/" and has no query; undefined is 404. */
export type Answer = (path: string) => Reply | undefined;

/** Where browsers post what a Content-Security-Policy of a {@link Host} stopped. */
const reportPath = "/csp-reports";

/** A web server on a loopback port of its own. */
export class Host {
  /** Bodies of the policy reports that came, in order. */
  readonly reports: string[] = [];
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  /** Starts a server. Every policy that answer sends is made to report to this server. */
  static async start(answer: Answer): Promise<Host> {
    const server = createServer({ keepAlive: false });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const host = new Host(server);
    server.on("request", async (request, response) => {
      const path = new URL(request.url ?? "/", "http://host").pathname;
      if (path === reportPath) {
        host.reports.push(await readBody(request));
        response.writeHead(204).end();
        return;
      }
      const reply = answer(path) ?? { body: "not found", headers: {}, status: 404 };
      response.writeHead(reply.status ?? 200, withReports(reply.headers)).end(reply.body);
    });
    return host;
  }

  /** The origin by which browsers know the server: same site for every port. */
  get origin(): string {
    return `http://localhost:${this.port}`;
  }

  /** The same server under a name that is another site than {@link origin}. */
  get otherSiteOrigin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

const mediaTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
};

/** Media type by a path's extension. */
export function mediaType(path: string): string {
  return mediaTypes[extname(path)] ?? "text/plain; charset=utf-8";
}

function withReports(headers: Record<string, string>): Record<string, string> {
  const name = "content-security-policy";
  const policy = headers[name];
  return policy === undefined ? headers : { ...headers, [name]: `${policy}; report-uri ${reportPath}` };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

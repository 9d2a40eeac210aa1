// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";

import { Host, mediaType, type Reply } from "./host.ts";
import { settings } from "./settings.ts";

/** The pages' scripts without types: as Bazel made them, or stripped here when the tests run by hand. */
function script(name: string): string | undefined {
  const built = settings.pages();
  const source = built ? join(built, `${name}.js`) : join(import.meta.dirname, "pages", `${name}.ts`);
  if (!existsSync(source)) return undefined;
  const text = readFileSync(source, "utf8");
  return built ? text : stripTypeScriptTypes(text);
}

/**
 * An app's host: the bundled SDK and the pages of the folder pages/, under the strict policy that an
 * app should have.
 */
export class AppSite {
  readonly host: Host;

  private constructor(host: Host) {
    this.host = host;
  }

  static async start(): Promise<AppSite> {
    return new AppSite(await Host.start(answer));
  }

  get url(): string {
    return `${this.host.origin}/app.html`;
  }

  /** The page whose policy lets it fetch from the enclave's host. */
  get updatingURL(): string {
    return this.host.origin + updatingPage;
  }
}

/** The page app.html once more, but allowed to fetch from the enclave's host, as an app with an update rule must be. */
const updatingPage = "/updating.html";

function answer(path: string): Reply | undefined {
  const scripts = path === "/wasmworker.js" ? "'self' 'wasm-unsafe-eval'" : "'self'";
  const headers: Record<string, string> = {
    "content-type": mediaType(path),
    "content-security-policy":
      `default-src 'none'; script-src ${scripts}; ` +
      "frame-src http://localhost:* http://127.0.0.1:*; worker-src 'self'; " +
      `connect-src 'self'${path === updatingPage ? " http://localhost:*" : ""}; img-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'`,
    "access-control-allow-origin": "*", // for app.html in a sandbox without an origin
    "cache-control": "no-store",
  };
  if (path === "/sdk.js") return { headers, body: readFileSync(settings.sdk()) };
  if (path === "/wasm_exec.js" || path === "/enclavetest.wasm")
    return { headers, body: readFileSync(join(settings.testWasm(), path)) };
  if (path === updatingPage) return { headers, body: page("app") };
  const [, name = "", extension] = /^\/([a-z]+)\.(html|js)$/.exec(path) ?? [];
  const code = script(name);
  if (code === undefined) return undefined;
  return { headers, body: extension === "html" ? page(name) : code };
}

/** A page that runs the script of its own name. */
function page(name: string): string {
  return (
    `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title>` +
    `<script type="module" src="/${name}.js"></script><body></body></html>`
  );
}

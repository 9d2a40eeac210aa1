// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";

import type { WebDriver, WebElement } from "selenium-webdriver";

import { findByRole, type Target } from "./roles.ts";
import { findProgram, loadPackage } from "./settings.ts";
import { DrivenSurface, type Surface, until } from "./surface.ts";

const { Builder, Capabilities, Key } = loadPackage("selenium-webdriver") as typeof import("selenium-webdriver");

/** WebKitGTK's own small browser, which its WebDriver starts. It lies where no PATH leads. */
const miniBrowser = ["x86_64-linux-gnu", "aarch64-linux-gnu"].flatMap((host) => [
  `/usr/lib/${host}/webkit2gtk-4.1/MiniBrowser`,
  `/usr/lib/${host}/webkitgtk-6.0/MiniBrowser`,
]);

/**
 * WebKitGTK in a screen of its own (Xvfb), driven by WebDriver. It has no WebAuthn and no IntersectionObserver
 * v2, and is the nearest to Safari that Debian has.
 */
export class WebKit {
  readonly driver: WebDriver;
  readonly #home: string;
  readonly #processes: ChildProcess[];

  private constructor(driver: WebDriver, home: string, processes: ChildProcess[]) {
    this.driver = driver;
    this.#home = home;
    this.#processes = processes;
  }

  static async start(): Promise<WebKit> {
    const home = mkdtempSync(join(tmpdir(), "browsertest-webkit-"));
    // Xvfb looks for a free display itself and says on descriptor 3 which.
    const screen = spawn(findProgram(["Xvfb"]), ["-displayfd", "3", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"], {
      stdio: ["ignore", "ignore", "ignore", "pipe"],
    });
    const [display] = (await once(screen.stdio[3] as Readable, "data")) as [Buffer];
    const port = await freePort();
    const service = spawn(findProgram(["WebKitWebDriver"]), [`--port=${port}`], {
      stdio: "ignore",
      env: {
        ...process.env,
        HOME: home,
        DISPLAY: `:${display.toString().trim()}`,
        // Without its own sandbox, because tests run as root in containers; the pages are ours.
        WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: "1",
        WEBKIT_DISABLE_COMPOSITING_MODE: "1",
        LIBGL_ALWAYS_SOFTWARE: "1",
      },
    });
    const processes = [service, screen];
    const capabilities = new Capabilities({
      browserName: "MiniBrowser",
      "webkitgtk:browserOptions": { binary: findProgram(miniBrowser), args: ["--automation"] },
    });
    const build = () => new Builder().usingServer(`http://127.0.0.1:${port}`).withCapabilities(capabilities).build();
    // The driver listens some time after it has started.
    const driver = await until("WebKit", () => Promise.resolve(build()).catch(() => null), 30_000);
    await driver.manage().setTimeouts({ script: 60_000 });
    return new WebKit(driver, home, processes);
  }

  /** Opens url in the first window and returns that page. */
  async open(url: string): Promise<Surface> {
    await this.driver.get(url);
    return new WebKitSurface(this.driver, await this.driver.getWindowHandle(), false, url);
  }

  /** The enclave's frame in the first window, and every other window. */
  async places(first: Surface): Promise<Surface[]> {
    const main = (first as WebKitSurface).window;
    const others = (await this.driver.getAllWindowHandles()).filter((handle) => handle !== main);
    const windows = others.map((handle) => new WebKitSurface(this.driver, handle, false, "a window"));
    return [...windows, new WebKitSurface(this.driver, main, true, "the frame")];
  }

  async close(): Promise<void> {
    await this.driver.quit().catch(() => undefined);
    for (const process of this.#processes) process.kill("SIGKILL");
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/** A window of WebKit, or the first frame in it. */
class WebKitSurface extends DrivenSurface<WebElement> {
  readonly url: string;
  readonly window: string;
  readonly #driver: WebDriver;
  readonly #framed: boolean;

  constructor(driver: WebDriver, window: string, framed: boolean, url: string) {
    super();
    this.#driver = driver;
    this.window = window;
    this.#framed = framed;
    this.url = url;
  }

  async run<A extends unknown[], T>(body: (...args: A) => T | Promise<T>, ...args: A): Promise<T> {
    await this.#go();
    const script =
      `const done = arguments[arguments.length - 1];` +
      `Promise.resolve((${body.toString()})(...[...arguments].slice(0, -1)))` +
      `.then((value) => done({ value }), (error) => done({ error: String(error) }));`;
    const outcome = (await this.#driver.executeAsyncScript(script, ...args)) as { value: T; error?: string };
    if (outcome.error !== undefined) throw new Error(outcome.error);
    return outcome.value;
  }

  async press(key: string): Promise<void> {
    await this.#go();
    const named = (Key as unknown as Record<string, string>)[key.toUpperCase()] ?? key;
    await this.#driver.actions().sendKeys(named).perform();
  }

  protected async find(target: Target): Promise<WebElement | null> {
    await this.#go();
    return this.#driver.executeScript<WebElement | null>(`return (${findByRole.toString()})(arguments[0]);`, target);
  }

  protected async clickOn(element: WebElement): Promise<void> {
    await element.click();
  }

  protected async typeInto(element: WebElement, text: string): Promise<void> {
    await element.sendKeys(text);
  }

  /** WebDriver acts in one place at a time. */
  async #go(): Promise<void> {
    await this.#driver.switchTo().window(this.window);
    if (this.#framed) await this.#driver.switchTo().frame(0);
  }
}

/** A port of the loopback that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

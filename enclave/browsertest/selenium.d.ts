// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/** The part of selenium-webdriver that webkit.ts uses; the package has no types of its own. */
declare module "selenium-webdriver" {
  export interface WebElement {
    click(): Promise<void>;
    sendKeys(...keys: string[]): Promise<void>;
  }

  export interface WebDriver {
    get(url: string): Promise<void>;
    getWindowHandle(): Promise<string>;
    getAllWindowHandles(): Promise<string[]>;
    executeScript<T>(script: string, ...args: unknown[]): Promise<T>;
    executeAsyncScript<T>(script: string, ...args: unknown[]): Promise<T>;
    switchTo(): { window(handle: string): Promise<void>; frame(index: number): Promise<void> };
    manage(): { setTimeouts(timeouts: { script: number }): Promise<void> };
    actions(): { sendKeys(...keys: string[]): { perform(): Promise<void> } };
    quit(): Promise<void>;
  }

  export class Capabilities {
    constructor(values: Record<string, unknown>);
  }

  export class Builder {
    usingServer(url: string): this;
    withCapabilities(capabilities: Capabilities): this;
    build(): Promise<WebDriver>;
  }

  export const Key: Readonly<Record<string, string>>;
}

// Made by //enclave:manifest from release.json. An app passes it to connect() of the SDK.

/** The release of the enclave that this app was built against. */
export const release = {
  /** SHA-256 of release.json, lower-case hexadecimal. */
  digest: "5ab0441207251d01176aa9a460e62dea6bb19429a786f21809dffb816b0a038e",
  /** Version of the release (Semantic Versioning). */
  version: "1.2.3",
  /** Version of the channel protocol that it speaks. */
  protocol: 1,
  /** Commit of the source, or "unreleased". */
  commit: "unreleased",
  /** Path of the document that the SDK's iframe loads. */
  entry: "index.html",
  /** Subresource Integrity of every served file. */
  integrity: {
    ".well-known/waict/manifests/enclave_Ap2Uu4LmfZ8HW4RBi60PI5": "sha384-gvGV4YvC0hK7T+8sdumg/Y3jpCiZ3OH4A/KbZWsS3aw/9xp04J3IkVWHsOxvnsFy",
    ".well-known/waict/manifests/enclave_OlduRxyf1Crhcjv2hMGUkA.json": "sha384-SGJ2v0IY+tnwrAsp01zJidl91+1BMC+kIqFxASWJD4T7dNJjTVthzRSKnETjA2rC",
    ".well-known/webcat/manifest.json": "sha384-ZsN1klNUnYNoDW1msvAH56cWPhLiMJONa5M8grmxBBpU6FSjlAgnRI3Ucq5p7JUt",
    "LICENSE.txt": "sha384-II9e1ieUDl5AxyiVq3/FflTua1Sr0kMJ25e6imG7rXg7SiAsA2VemsvEqVsLqM7/",
    "embed.json": "sha384-4jY04DdJRGB4s27X8ldt3lhGpTTwMTVO+RyEkHN4iPkx5Mc+KvFov1SNxAdHy/CJ",
    "enclave.69430591615be72b14be088d1c052dfe.wasm": "sha384-GnVhBQBgXWGf3ZQWMAGV3+tagefBH/yqY68JgSPMv8v1rcmQKYhoJ4bHRlV3+qO2",
    "frame.06e3dc74254b7c1572186f7179791214.js": "sha384-CCCpNRo/WqD9A6Fy1gObvomyl+HPzzGnBloqI+7AtW878M0lPDL1qf/117qkvCNN",
    "index.html": "sha384-lqBhEgxSypS9Kaby+Y1Lv0KFikSFBnD3H9PKHgo3bmFJm+KUpyg4UuIsAbqwdYtq",
    "sbom.cdx.json": "sha384-nfvSE9qyEXmYUzcLP42vtgnu5fCfuX0X6hnSCsAb9CBpt+ES/0nEZ1weHWMdn6zb",
    "sri.json": "sha384-HX9x4qCkQpcJz0qmfsnxMVWgdknie9KjeExx5iJ2TFyN4JYDyqi0RShpbXc8uuoC",
    "style.8b9c4dc32117b109e29bda70e4929c90.css": "sha384-tldkt71ReIUAKpQL7dF7N/VBI93FHRzMk2GVH2DY4i49chEitj/U2iB0MAFwlKuq",
    "window.html": "sha384-lqBhEgxSypS9Kaby+Y1Lv0KFikSFBnD3H9PKHgo3bmFJm+KUpyg4UuIsAbqwdYtq",
    "worker.c367997dbf886ac3ffc6c477b7c204c5.js": "sha384-l3cIx5sfoUVdS8WLOKMW+OgzoZaKcHWS73QIE4432llXFH22qJbieYJbid6bAak3",
  },
} as const;

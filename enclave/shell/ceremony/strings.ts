// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

/**
 * Every word that a ceremony shows, and nothing else. To translate the enclave, translate this file and
 * requests.ts, which has those for what sites ask. Rules: plain words, short sentences; say what happens and
 * what to do; no blame.
 */
export const language = "en";

export { details, operations, outcomes } from "./requests.ts";

/** The header of every screen. */
export const header = {
  request: "Request", site: "Site", ownPage: "this page", vault: "Vault", cancel: "Cancel",
  back: "Back", close: "Close", working: "Working", product: "Key enclave",
} as const;

/** Why a screen is shown again, or what went wrong. */
export const problems: Readonly<Record<string, string>> = {
  bad_name: "Choose a name of 1 to 64 printable characters.",
  name_taken: "Another vault has this name. Choose another one.",
  too_short: "This passphrase is too short. Add a word or two.",
  too_long: "This passphrase is too long. Leave something out.",
  too_weak: "This passphrase repeats the same few characters. Use more different ones.",
  passphrases_differ: "The two are not the same. Type the passphrase again.",
  wrong_passphrase: "That passphrase does not open the vault. Check capital letters and keyboard layout, then try again.",
  wrong_recovery: "Those recovery words belong to another vault. Check that you have the right paper.",
  recovery_word: "One of the words is not a possible recovery word. Check its spelling.",
  recovery_count: "That is not the right number of words. Type all of them, in order.",
  recovery_checksum: "These words do not fit together. One may be wrong, or in another place.",
  recovery_differs: "Those are not the words that were shown. Go back to see them once more.",
  passkey_failed: "The browser gave no passkey: it was cancelled, took too long, or was not found. Try again.",
  passkey_rejected: "This passkey’s answer could not be accepted. Try again, or use another way.",
  passkey_unknown: "This passkey does not belong to this vault. Choose another one.",
  passkey_changed: "This passkey answered differently than when it was added. Use another way, then add the passkey again.",
  passkey_no_secret: "This passkey did not give the secret that opens the vault. Try the device or security key it was made with.",
  passkeys_missing: "This browser cannot use passkeys here. Choose another way.",
  throttled: "Too many wrong tries. Wait until the time is over.",
  last_enrolment: "This is the only way to unlock the vault. Add another way before you remove it.",
  same_enrolment: "Confirm with another way than the one you are changing.",
  not_found: "That is no longer there. It may have been removed in another tab.",
  conflict: "Something changed in another tab meanwhile. Nothing was done; try again.",
  locked: "The vault was locked meanwhile. Unlock it and try again.",
  damaged: "Something stored here cannot be read. It was kept as it is; nothing was deleted.",
  wrong_confirmation: "The text is not the vault’s name. Type it exactly as shown.",
  bad_policy: "A rule can only be stricter than the method’s own.",
  bad_origin: "Type the site’s address, such as https://app.example.",
  log_too_long: "The log is too long to be exported at once. A site can export it in parts.",
  storage_full: "The browser’s storage is full. Nothing was changed; free some space and try again.",
  storage_failed: "The browser could not store this. Nothing was lost; try again.",
  not_supported: "This browser lacks something that the vault needs. Try a current version, not in a private window.",
  internal: "The enclave made a mistake. Nothing was changed; close this and try again.",
};

/** What goes on while the person waits. */
export const progress: Readonly<Record<string, string>> = {
  opening: "Opening the vault…",
  saving: "Saving…",
  reading: "Reading…",
  waiting: "One moment…",
  asking: "Your browser asks for the passkey…",
};

/** How a flow ended, or what was just done. */
export const done: Readonly<Record<string, string>> = {
  created: "Your vault is ready and open.",
  reset: "The vault and all its keys are deleted.",
  added: "The new way to unlock was added.",
  removed: "That way to unlock was removed.",
  changed: "It was changed. The old one no longer opens the vault.",
  renamed: "It has its new name.",
  rotated: "Everything is sealed anew, under a fresh vault key.",
  policy: "The rule holds from now on.",
  policy_off: "The rule was removed.",
};

/** Methods to open a vault. */
export const ways: Readonly<Record<string, string>> = {
  passphrase: "Passphrase",
  passkey: "Passkey",
  "passkey-prf": "Passkey",
  "passkey-gate": "Passkey (asked for, does not encrypt)",
  recovery: "Recovery words",
};

/** Consent classes. */
export const classes: Readonly<Record<string, string>> = {
  none: "always allowed",
  unlocked: "while the vault is open",
  confirm: "ask me each time",
};

/** Whether the browser may throw the storage away. */
export const storage: Readonly<Record<string, string>> = {
  persistent: "The browser has promised to keep this storage.",
  "best-effort": "The browser may delete this storage when space runs out. Keep your recovery words.",
  unavailable: "The browser stores nothing here.",
};

/** Screens of passphrases. */
export const passphrase = {
  chooseTitle: "Choose a passphrase",
  chooseIntro: "It opens your vault. Nobody can look it up or reset it for you.",
  label: "Passphrase", newLabel: "New passphrase", again: "Type it again",
  hint: (min: number) => `At least ${min} characters. Four or more unrelated words are strong and easy to type.`,
  show: "Show", hide: "Hide", showName: "Show passphrase", hideName: "Hide passphrase",
  next: "Continue", strength: "Strength",
  scores: ["very weak", "weak", "fair", "good", "strong"],
} as const;

/** What makes a passphrase weak, by the names that the strength estimate uses. */
export const warnings: Readonly<Record<string, string>> = {
  straightRow: "Rows of keys are easy to guess.",
  keyPattern: "Patterns on the keyboard are easy to guess.",
  simpleRepeat: "Repeated characters add little.",
  extendedRepeat: "Repeated parts add little.",
  sequences: "Sequences such as “abc” are easy to guess.",
  recentYears: "Recent years are easy to guess.",
  dates: "Dates are easy to guess.",
  topTen: "This is among the most used passwords.",
  topHundred: "This is a very often used password.",
  common: "This is an often used password.",
  similarToCommon: "This is close to an often used password.",
  wordByItself: "A single word is easy to guess.",
  namesByThemselves: "Names alone are easy to guess.",
  commonNames: "Common names are easy to guess.",
  userInputs: "It has the vault’s name in it.",
};

/** Screens of passkeys. */
export const passkey = {
  createTitle: "Create a passkey",
  createIntro: (host: string) =>
    `Your browser will ask for your fingerprint, face, PIN or security key. The passkey is made for ${host} and opens nothing else.`,
  create: "Create passkey", useTitle: "Use the new passkey once",
  useIntro: "The new passkey is used once more, to see how it can protect the vault.",
  use: "Use passkey", gateTitle: "This passkey cannot encrypt",
  gateText: (minutes: number) =>
    `It will be asked for each time before the vault opens, for ${minutes} minutes at a time. That is a rule that this software keeps, not encryption.`,
  gateRisk: "Somebody who copies this browser’s data and goes around the software is not stopped by it. A passphrase, or another passkey, does encrypt.",
  gateContinue: "Use it nevertheless", gateBack: "Choose another way",
  gateNote: "This passkey is asked for as a rule. It does not encrypt the vault.",
} as const;

/** Screens of recovery words. */
export const recovery = {
  showTitle: "Write down your recovery words",
  showIntro: (count: number) =>
    `These ${count} words open the vault if you lose every other way. They are shown only now: write them on paper, in order, and keep it where nobody else looks.`,
  listName: "Recovery words", written: "I wrote them down", skip: "Go on without",
  typeTitle: "Type your recovery words",
  typeIntro: (count: number) => `Type the ${count} words in order, from your paper. This shows that they are right.`,
  label: "Recovery words",
  hint: "With spaces between. The first four letters of a word are enough.",
  wrongWord: (place: number) => `Word ${place} is not a possible recovery word. Check its spelling.`,
  confirm: "Confirm",
} as const;

/** Setting up and choosing whose vault. */
export const users = {
  welcomeTitle: "Set up your vault", anotherTitle: "Set up another vault",
  welcomeIntro: "A vault keeps signing keys in this browser. Sites that you allow can use the keys. No site can read them.",
  name: "Name of the vault", nameHint: "For yourself, such as “Ada” or “Work”.",
  way: "How do you want to unlock it?", withPassphrase: "With a passphrase",
  withPassphraseHint: "Something only you know. Works in every browser.",
  withPasskey: "With a passkey", withPasskeyHint: "Your fingerprint, face, PIN or security key.",
  noPasskeys: "This browser cannot use passkeys here.", start: "Continue",
  chooseTitle: "Whose vault?", chooseIntro: "Choose the vault to unlock.",
  damaged: "cannot be read", add: "Set up another vault",
} as const;

/** Unlocking, and proving once more. */
export const unlock = {
  title: "Unlock your vault",
  intro: (minutes: number) => `It locks itself after ${minutes} minutes without use.`,
  act: "Unlock", withPasskey: "Unlock with passkey",
  passkeyText: "Your browser will ask for your fingerprint, face, PIN or security key.",
  choose: { passphrase: "Use the passphrase", passkey: "Use a passkey", recovery: "Use recovery words" },
  other: "Another vault", reset: "I cannot unlock it any more",
  damaged: (count: number) =>
    count === 1 ? "One way to unlock cannot be read and is not offered." : `${count} ways to unlock cannot be read and are not offered.`,
  nothing: "No way to unlock this vault can be used here. Try the browser and device on which it was set up.",
  proveTitle: "Confirm that it is you", prove: "Confirm", proveWithPasskey: "Confirm with passkey",
  purposes: {
    add: "A way to unlock is added if you show that the vault is yours.",
    remove: "A way to unlock is removed if you show, by another way, that the vault is yours.",
    rename: "A way to unlock is renamed if you show that the vault is yours.",
    change: "A way to unlock is changed if you show that the vault is yours.",
    rotate: "The vault gets a new key if you show that it is yours.",
    reset: "The vault and all its keys are deleted if you show that it is yours.",
  } as Readonly<Record<string, string>>,
  waitUntil: (time: string) => `Try again in ${time}.`,
  waitOver: "You can try again.",
} as const;

/** Approving. */
export const approve = {
  grantTitle: "Let this site use your vault?",
  grantText: (vault: string) => `The vault “${vault}” is open. If you allow it, this site can use its own keys there until the vault is locked. It cannot read them.`,
  confirmTitle: "Allow this?", confirmText: "The site asks for exactly this, once:", allow: "Allow",
  deny: "Do not allow",
} as const;

/** The open vault. */
export const manage = {
  title: "Your vault",
  session: (way: string, started: string, idle: string, end: string) =>
    `Opened at ${started} with: ${way}. Locks at ${idle} if it is not used, at ${end} in any case.`,
  lock: "Lock now", waysTitle: "Ways to unlock", current: "used to open it now",
  created: (date: string) => `added ${date}`,
  used: (date: string) => `last used ${date}`,
  neverUsed: "never used", unreadable: "cannot be read; kept as it is", rename: "Rename",
  newName: "New name", save: "Save", change: "Change", remove: "Remove",
  of: (action: string, name: string) => `${action}: ${name}`,
  addTitle: "Add a way to unlock",
  add: { passphrase: "Add a passphrase", passkey: "Add a passkey", recovery: "Add recovery words" } as Readonly<Record<string, string>>,
  rulesTitle: "Rules for sites",
  rulesIntro: "What a site may do without asking you each time. A rule can only be stricter than usual.",
  noRules: "No site has a rule of its own.",
  rules: (count: number) => (count === 0 ? "Make a rule" : `Show the rules (${count})`),
  newRule: "New rule", ruleSite: "Site", ruleWhat: "What it asks for", ruleClass: "Rule",
  saveRule: "Save rule", logTitle: "Audit log",
  logText: (size: number) => `${size === 1 ? "1 entry" : `${size} entries`}: every use of the vault and every refusal.`,
  logRoot: "Root", logKey: "Log key", log: "Show the log", keepTitle: "Storage",
  damagedTitle: "Cannot be read", deepTitle: "The vault as a whole",
  rotateText: "Seal everything anew under a fresh vault key. Do this if somebody may have copied the vault while knowing a passphrase that you changed since.",
  rotate: "Make a fresh vault key",
  resetText: "Delete the vault with all keys. Sites can no longer use them.",
  reset: "Delete the vault…",
} as const;

/** The audit log. */
export const log = {
  title: "Audit log",
  count: (first: number, size: number) => `${size === 1 ? "1 entry" : `${size} entries`}, newest first.${first > 0 ? ` Entries before number ${first} were deleted; their hashes are kept.` : ""}`,
  empty: "There are no entries.",
  repeats: (times: number) => `${times} times`,
  key: "Id", more: "Older entries", export: "Export", exportTitle: "The exported log",
  exportText: "Keep this file. With it, anybody can check that nothing was changed or left out: kmsverify audit FILE.",
  download: "Save as a file", copy: "Copy", copied: "Copied.",
  notCopied: "The browser did not allow copying. The text is selected: copy it with the keyboard.",
} as const;

/** Deleting a vault. */
export const reset = {
  title: "Delete this vault?",
  text: (vault: string) => `The vault “${vault}”, its keys and its rules are deleted for good. Nobody can bring them back.`,
  proof: "You will be asked to unlock it once more.",
  label: (vault: string) => `To go on, type the vault’s name: ${vault}`,
  act: "Delete for good",
} as const;

/** Ends of a flow. */
export const ends = { doneTitle: "Done", errorTitle: "That did not work", retry: "Try again" } as const;

/** Places: the frame, the window, the page. */
export const places = {
  waitTitle: "One moment", windowTitle: "Continue in the enclave’s own window",
  windowText: (host: string) =>
    `This browser cannot tell whether the page covers something here. So the next steps are in a window of their own. Its address begins with ${host}.`,
  coveredText: (host: string) =>
    `Something on the page covers or changes this view, so nothing can be entered. It goes on when all of it is visible, or in a window of its own. The window’s address begins with ${host}.`,
  open: "Continue in the key window",
  blocked: "The browser did not open the window. Allow pop-ups for this page, then try again.",
  openedTitle: "Continue in the key window",
  opened: "It has opened beside this page, which waits for it.", focusWindow: "Show the window",
  nothingTitle: "Nothing to do here",
  nothingText:
    "This window works only when the enclave itself opens it. If a site or a message led you here, close it and type nothing.",
  overTitle: "Done", over: "You can close this window.",
  otherRelease: "This window and the page that opened it are of different releases. Close the window and reload the page.",
  homeTitle: "Your keys",
  homeText:
    "Vaults that were set up at this address. A site at another address may have a storage of its own; manage that vault from the site.",
  manage: "Manage keys kept here",
} as const;

/** Times to wait. */
export const durations = {
  seconds: (count: number) => (count === 1 ? "1 second" : `${count} seconds`),
  minutes: (count: number) => `${count} minutes`,
  hours: (count: number) => `${count} hours`,
} as const;

/** Why a call of the enclave's own page ended; a person who cancelled knows it. */
export const callErrors: Readonly<Record<string, string>> & { internal: string } = {
  cancelled: "",
  locked: "The vault is locked.",
  busy: "Another ceremony is open, perhaps in another tab. End it first.",
  storage_unavailable: "The browser does not let this page store anything. Allow it, or leave the private window.",
  storage_no_keys: "The browser stores data here but no keys, as in some private and lockdown modes.",
  storage_quota: "The browser’s storage is full. Free some space and try again.",
  internal: "The enclave has failed. Reload the page.",
};

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

import type { KmsErrorCode } from "../sdk/index.ts";

/** What each error means to the person at the screen, and what they can do. */
const words: Record<KmsErrorCode, string> = {
  aborted: "You stopped it.",
  already_connected: "This page is already connected to the enclave. Reload the page.",
  already_exists: "This page has an identity in the vault already.",
  busy: "The enclave is busy, or asks you something already, perhaps in another tab. Try again.",
  cancelled: "You ended it. Nothing was changed.",
  ceremony_blocked:
    "The browser did not let the enclave open its window. Allow pop-ups for this page, then try again.",
  closed: "The connection to the enclave has ended. Reload the page.",
  denied: "You did not allow it. Nothing was changed.",
  duplicate_id: "The page and the enclave lost count of each other. Reload the page.",
  duplicate_message: "This message was read before.",
  identity_changed: "The other person’s key changed. Compare safety numbers, then accept it.",
  integrity_failed:
    "A file of the enclave is not the one that was released, so it did not start. Tell the operator of the enclave.",
  internal: "The enclave met an error of its own. Reload the page; if it stays, report it.",
  invalid_bundle:
    "What the other person published does not check out. Fetch it again; if it stays so, do not trust it.",
  invalid_message: "What answered is not the enclave, or speaks a language this page does not know.",
  invalid_params: "The enclave did not accept what was entered.",
  locked: "The vault is locked. Unlock it first.",
  message_malformed: "What came is not a message.",
  message_not_authentic: "This message was altered on its way, or is from somebody else.",
  message_too_far_ahead: "Too many messages are missing before this one. Ask for it again.",
  no_identity: "This page has no identity in the vault yet. Make one first.",
  no_session: "There is no conversation with this device yet. Begin one first.",
  not_set_up: "There is no vault here yet. Set it up first.",
  not_supported:
    "This browser lacks something the enclave needs. Try a current Chrome, Firefox or Safari, and not a private window.",
  origin_not_allowed:
    "The enclave does not serve this page’s address. Its operator must add it to the deployment’s embedders.",
  prekey_gone: "This message uses a key that is no longer here. Ask for it again.",
  release_mismatch:
    "The enclave runs another release than the one this page was built for. The two must be deployed together.",
  session_stale: "The other device has not answered for too long. Begin a new conversation.",
  storage_no_keys:
    "The browser stores data but no keys, as some private and lockdown modes do. Use another window, or turn that mode off.",
  storage_quota: "The browser’s storage is full. Free some space and try again.",
  storage_unavailable:
    "The browser does not let the enclave store keys. Allow storage for its site, or leave the private window.",
  timeout: "The enclave did not answer in time. Try again.",
  too_large: "What was entered is too long.",
  unknown_contact: "Nobody of this name was heard of yet.",
  unknown_group: "There is no key for this group here.",
  unknown_key:
    "The enclave has no such key for this page. It may have been deleted with the site’s data. Make a new one.",
  unknown_method: "This page asks for something this enclave cannot do.",
  unknown_stream: "This file is no longer being worked on. Begin again.",
  unknown_user: "This vault is no longer there.",
  unreachable:
    "No enclave answered. Is it being served, are its files unaltered, and does it list this page’s address?",
  unsupported_message: "This message is of a version that is not accepted here.",
  unsupported_protocol: "This page and the enclave speak different versions of the protocol.",
  update_refused: "The enclave runs a release that this page does not accept any more. Tell its operator.",
  update_too_early: "The enclave was updated, and this page waits until the new release has been public for long enough.",
  update_unproved: "The enclave was changed, and nothing proves that the change is a published release. Tell its operator.",
};

/** The plain sentence for code. */
export function inPlainWords(code: KmsErrorCode): string {
  return words[code];
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package ceremony holds the conversations with the person whose vault it is:
// setting up, unlocking, approving, managing. It decides what is asked in
// which order and what an answer leads to. How that looks, and where it is
// shown, is behind the interface Dialog: in the browser the enclave's own
// document, in tests a scripted person (package ceremonytest).
//
// What an app asked for is fixed before a ceremony begins, and the ceremony
// takes nothing from the app while it is open. There is one ceremony at a time:
// who asks for another gets ErrBusy, and the open one goes on as if nothing had
// been asked. A person may cancel at every screen. Nothing is
// stored before the last step of a flow, which is one transaction; until then
// cancelling leaves everything as it was.
//
// # Screens
//
// A dialogue is a sequence of screens. Each is a name and an object; the person
// answers with an action and its fields, texts by name, and secrets, a list of
// byte strings outside of the fields so that they can be handed over without a
// copy and wiped. Bytes in data and fields are base64url without padding;
// numbers in fields are decimal. An action, a field or a secret that the
// screen does not have, one that is missing, and text over 64 KiB end the
// dialogue with a *ProtocolError. Giving up is no action: the Dialog then
// returns ErrCancelled.
//
// The data of every screen has
//
//	subject     {operation, origin, user}: the method that asks, the page that
//	            asks, and the label of the user whom it concerns or ""
//	problem     optional: why the person sees this screen (again): one of the
//	            Problem constants. The user interface says it in words.
//	word        with problem "recovery_word": which word, counted from 1
//	retryAfter  optional: milliseconds in which another try will be refused; the
//	            screen's ways to try are off until then
//
// In the following lists a member with a question mark may be missing. Below
// the members of each screen are its actions with their {fields} and [secrets].
//
//	welcome            the first screen of setting up
//	  users            how many users this storage has already
//	  name?            what was typed before
//	  passkeys         whether passkeys can be used here
//	  > start          {name, method: "passphrase" | "passkey"}
//
//	new-passphrase     choose a passphrase; typed twice, compared by the screen
//	  min              least number of characters (Unicode code points)
//	  name             label of the user, for password managers
//	  purpose?         one of the Purpose constants, if not at set-up
//	  > continue       [passphrase in UTF-8, NFC]
//	  > back
//
//	create-passkey     navigator.credentials.create at a click
//	  rpId, rpName     of the relying party
//	  userHandle       32 random bytes
//	  userName         label of the user
//	  challenge        32 random bytes, good for this screen only
//	  exclude          credential ids that exist already
//	  algorithms       COSE numbers, preferred first: -7 (ES256), -257 (RS256)
//	  prfFirst, prfSecond  inputs of the prf extension (eval)
//	  > created        {credentialId, clientDataJSON, authenticatorData,
//	                   publicKey (SPKI, from getPublicKey), alg, transports
//	                   (joined by commas, may be empty),
//	                   prf: "yes" | "no" | "unknown"} [] or [first, second]:
//	                   prf is what the extension said of being enabled; the
//	                   secrets are its results if it gave both
//	  > failed         {name}: the name of the DOMException
//	  > back
//
//	use-passkey        navigator.credentials.get once more, since create gave no
//	                   results of prf
//	  rpId, challenge
//	  credentials      [{id, transports (list), gate, prfFirst?, prfSecond?}]: for
//	                   allowCredentials; prfFirst and prfSecond for
//	                   evalByCredential, or for eval if there is one only
//	  > asserted       {credentialId, clientDataJSON, authenticatorData,
//	                   signature, userHandle ("" if none)}
//	                   [] or [first, second]
//	  > failed         {name}
//	  > back
//
//	gate-notice        this passkey gives no secret: it will be asked before the
//	                   vault opens, which is a rule and not encryption
//	  minutes          how long such a passkey opens the vault
//	  > continue
//	  > back
//
//	recovery-key       the only time that the words are shown
//	  words            12 words
//	  skip             whether there is another way in, so that this can be left
//	                   out
//	  > continue
//	  > skip           only with skip
//	  > back
//
//	confirm-recovery   the words are typed
//	  count            how many words are expected
//	  > continue       [words in UTF-8, any white space between]
//	  > back           shows the words again
//
//	choose-user        whose vault is to be opened
//	  users            [{id, label, damaged}]
//	  > pick           {user: its id}
//	  > add            sets up another user; only with add
//	  add              whether that is offered
//
//	unlock             open the vault; any of the ways that are there
//	  user             {id, label}
//	  users            how many there are; with more than 1 "other" is offered
//	  passphrase       whether there is one
//	  recovery         whether there is a recovery key
//	  passkey?         {rpId, challenge, credentials} as for use-passkey. gate of
//	                   a credential says that it is a rule, not encryption; the
//	                   member gate here says so of all of them
//	  session          minutes without use after which the vault locks itself
//	  damaged          how many ways in cannot be read
//	  > passphrase     [passphrase in UTF-8, NFC]
//	  > asserted       as above
//	  > failed         {name}
//	  > recovery       [words in UTF-8]
//	  > other          to choose-user, only with users over 1
//	  > reset          to the screen reset
//
//	prove              as unlock, for one change of a vault that is open
//	  purpose          one of the Purpose constants
//	  user, users, passphrase, recovery, passkey?, session, damaged
//	  > passphrase, asserted, failed, recovery as for unlock
//	  > back
//
//	grant              the vault is open; may this origin use its keys here?
//	  user             {id, label}
//	  > approve
//	  > deny
//
//	confirm            approve one request
//	  details          [{name, value}]: what exactly will be done. name is a key
//	                   of a text, such as "kid"; value is shown as it is
//	  > approve
//	  > deny
//
//	manage             the vault of the user who opened it
//	  user             {id, label}
//	  message?         what was just done: one of the Done constants
//	  enrolments       [{id, method, label, created, used (Unix seconds, 0: never),
//	                   current (opened this session), damaged ("" or why)}]
//	  addable          which methods can be added: a list of "passphrase",
//	                   "passkey", "recovery"
//	  methods          [{name, class}]: the methods for which there can be a rule
//	                   and their own consent class
//	  policies         [{origin, method, class}]: the rules
//	  session          {method, started, idleEnds, ends} in Unix seconds
//	  log              {size, root (base64 as in checkpoints), key (base64url of
//	                   the log's public point)}
//	  storage          "persistent" | "best-effort" | "unavailable"
//	  damaged          [{collection, reason}]: records that cannot be read
//	  > add            {method: "passphrase" | "passkey" | "recovery"}
//	  > remove         {id}
//	  > rename         {id, label}
//	  > change         {id}: another passphrase, or another recovery key
//	  > rotate         another vault key
//	  > policy         {origin, method, class}: class "unlocked" or "confirm"; the
//	                   method's own class, or "", removes the rule
//	  > log            to the screen log
//	  > reset          to the screen reset
//	  > lock           locks the vault and ends
//	  > close
//
//	log                entries of the audit log, newest first
//	  entries          [{seq, time, origin, method, key, outcome, repeats, detail}]
//	                   as package auditlog says; "" or 0 for what an entry has not
//	  first            sequence number of the oldest entry that is kept
//	  size             how many entries the log has had
//	  next?            for more
//	  > more           {from: next}
//	  > export
//	  > back
//
//	log-export         the log as a file, which the verifier checks
//	  name             for the file
//	  text             the audit bundle
//	  > back
//
//	reset              delete the user and all keys
//	  label            what has to be typed
//	  proof            whether the vault is open, so that this is proved instead of
//	                   only confirmed
//	  > reset          {typed}
//	  > back
//
//	done               the end of a flow
//	  message          one of the Done constants
//	  > close
//
//	error              problem says what went wrong; nothing was changed by it
//	  retry            whether trying again may help
//	  > close
//	  > retry          only with retry
//
// While a flow works it may call Busy with the name of a progress text; the
// next screen or the end replaces it.
//
// # Methods of ways in
//
// As package unlock names them: "passphrase", "passkey-prf", "passkey-gate",
// "recovery". A passkey is enrolled by create-passkey; if that gave no results
// of prf, then use-passkey asks once more; if there are none again, or the
// extension said "no", the passkey is only a gate, which gate-notice says.
//
// # Example
//
// The unlock screen after a wrong passphrase, with line breaks for reading
// only, and an answer:
//
//	{"damaged":0,"passphrase":true,"problem":"wrong_passphrase","recovery":true,
//	 "retryAfter":2000,"session":15,
//	 "subject":{"operation":"vault.unlock","origin":"https://app.example","user":"Ada"},
//	 "user":{"id":"AAECAwQFBgcICQoLDA0ODw","label":"Ada"},"users":1}
//
//	action "passphrase", fields {}, secrets [31 bytes]
package ceremony

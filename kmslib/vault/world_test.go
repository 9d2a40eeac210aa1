// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/keys"
	"ats.run/kms-enclave/kmslib/keys/keystest"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

const (
	app   = "https://app.example"
	other = "https://other.example"
	now   = 1_790_000_000

	passphrase = "correct horse battery"
	wrong      = "wrong horse battery!!"
)

var release = strings.Repeat("5a", 32)

// quickOps stretches passphrases with fewer iterations, so that tests are quick.
type quickOps struct{ keystest.Ops }

func (o quickOps) PBKDF2(ctx context.Context, passphrase, salt []byte, n int) (keys.Handle, error) {
	return o.Ops.PBKDF2(ctx, passphrase, salt, 1+n%7)
}

// world is a vault with the things it is made of.
type world struct {
	*vault.Vault
	store *vaulttest.MemStore
	clock *vaulttest.Clock
	locks vault.Locker
	user  vault.User

	mutex  sync.Mutex
	events []vault.Event
}

func newWorld() *world {
	w := &world{store: new(vaulttest.MemStore), clock: vaulttest.NewClock(now), locks: new(vaulttest.Locker)}
	w.Vault = w.open(w.store)
	return w
}

// open returns another Vault over store, as another tab has it.
func (w *world) open(store vault.Store) *vault.Vault {
	return vault.New(w.config(store))
}

func (w *world) config(store vault.Store) vault.Config {
	return vault.Config{
		Store: store, Clock: w.clock, Random: rand.Reader, Keys: quickOps{}, Locks: w.locks,
		Release: func() string { return release },
		Millis:  func() int64 { return 0 },
		Notify: func(e vault.Event) {
			w.mutex.Lock()
			defer w.mutex.Unlock()
			w.events = append(w.events, e)
		},
	}
}

// at returns who asks: the origin app, by a method.
func at(method string) vault.Asker { return vault.Asker{Origin: app, Method: method, Request: "1"} }

func from(origin, method string) vault.Asker { return vault.Asker{Origin: origin, Method: method} }

func byPassphrase(text string) vault.NamedEnroller {
	return vault.NamedEnroller{
		Label: "My passphrase", Enroller: unlock.WithPassphrase([]byte(text), unlock.PBKDF2(unlock.MinIterations)),
	}
}

var entropy = []byte("0123456789abcdef")

func byRecovery() vault.NamedEnroller {
	return vault.NamedEnroller{Label: "Paper", Enroller: unlock.WithRecovery(entropy)}
}

func credential(name string) unlock.Credential {
	point := append([]byte{4}, make([]byte, 64)...)
	spki, _ := keys.SPKI(point)
	return unlock.Credential{
		ID: []byte("credential " + name), SPKI: spki, Alg: keys.ES256, Counter: 7,
		Transports: []string{"internal"}, RPID: "kms.example",
	}
}

func byGate(name string) vault.NamedEnroller {
	return vault.NamedEnroller{Label: "Gate " + name, Enroller: unlock.WithGate(credential(name))}
}

var prfSalt = sha256.Sum256([]byte("salt"))

// prfOutputs are what the passkey name answers.
func prfOutputs(name string) (first, second []byte) {
	a, b := sha256.Sum256([]byte(name+" first")), sha256.Sum256([]byte(name+" second"))
	return a[:], b[:]
}

func byPRF(name string) vault.NamedEnroller {
	first, second := prfOutputs(name)
	return vault.NamedEnroller{
		Label: "Passkey " + name, Enroller: unlock.WithPRF(credential(name), first, second, prfSalt[:]),
	}
}

// setUp makes the user Ada with a passphrase and a recovery key.
func setUp(t *testing.T) *world {
	t.Helper()
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byRecovery())
	return w
}

func (w *world) create(t *testing.T, label string, enrol ...vault.NamedEnroller) vault.User {
	t.Helper()
	user, err := w.CreateUser(t.Context(), at("vault.setup"), label, enrol)
	if err != nil {
		t.Fatal(err)
	}
	return user
}

// enrolment returns the id of the user's enrolment by a method.
func enrolment(t testing.TB, v *vault.Vault, user string, method unlock.Method) vault.EnrolmentInfo {
	t.Helper()
	infos, err := v.Enrolments(t.Context(), user)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range infos {
		if info.Method == method {
			return info
		}
	}
	t.Fatalf("no enrolment by %s", method)
	return vault.EnrolmentInfo{}
}

func tryPassphrase(t testing.TB, v *vault.Vault, user, text string) error {
	t.Helper()
	id := enrolment(t, v, user, unlock.Passphrase).ID
	_, err := v.Unlock(t.Context(), at("vault.unlock"), user, id, unlock.ByPassphrase([]byte(text)), 0)
	return err
}

func tryRecovery(t testing.TB, v *vault.Vault, user string) error {
	t.Helper()
	id := enrolment(t, v, user, unlock.Recovery).ID
	_, err := v.Unlock(t.Context(), at("vault.unlock"), user, id, unlock.ByRecovery(entropy), 0)
	return err
}

func unlockBy(t testing.TB, v *vault.Vault, user, text string) {
	t.Helper()
	if err := tryPassphrase(t, v, user, text); err != nil {
		t.Fatal(err)
	}
}

func prove(t testing.TB, v *vault.Vault, user string) *vault.Proven {
	t.Helper()
	id := enrolment(t, v, user, unlock.Passphrase).ID
	p, err := v.Prove(t.Context(), at("vault.manage"), user, id, unlock.ByPassphrase([]byte(passphrase)), 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func generate(t testing.TB, v *vault.Vault) vault.VAPIDKey {
	t.Helper()
	key, err := v.VAPIDGenerate(t.Context(), at("vapid.generate"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func request(kid string) vault.VAPIDRequest {
	return vault.VAPIDRequest{KID: kid, Audience: "https://push.example.net", Subject: "mailto:ops@app.example"}
}

func sign(t testing.TB, v *vault.Vault, kid string) error {
	t.Helper()
	_, err := v.VAPIDSign(t.Context(), at("vapid.sign"), request(kid))
	return err
}

// export returns the bundle of the open user's log.
func export(t testing.TB, v *vault.Vault) string {
	t.Helper()
	return joinParts(t, func(from, size int64) (vault.AuditBundle, error) {
		return v.AuditExport(t.Context(), at("audit.export"), from, size, 3000)
	})
}

func joinParts(t testing.TB, next func(from, size int64) (vault.AuditBundle, error)) string {
	t.Helper()
	var text strings.Builder
	for from, size := int64(0), int64(0); from >= 0; {
		part, err := next(from, size)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString(part.Text)
		from, size = part.Next, part.Size
	}
	return text.String()
}

func verifyP256(point, message, signature []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256(message)
	r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
	return ecdsa.Verify(key, digest[:], r, s)
}

// judge verifies a bundle and returns the result.
func judge(t testing.TB, bundle string) *auditlog.Result {
	t.Helper()
	result, err := auditlog.Verify(strings.NewReader(bundle), auditlog.Options{Verify: verifyP256})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range result.Findings {
		t.Errorf("log: %s", f)
	}
	return result
}

// verifyLog exports the open user's log and verifies it.
func verifyLog(t testing.TB, v *vault.Vault) *auditlog.Result {
	t.Helper()
	return judge(t, export(t, v))
}

// entries returns all entries of the open user's log.
func entries(t testing.TB, v *vault.Vault) []vault.AuditEntry {
	t.Helper()
	var all []vault.AuditEntry
	for {
		page, err := v.AuditList(t.Context(), at("audit.list"), int64(len(all)), 1000)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Entries...)
		if int64(len(all)) == page.Size {
			return all
		}
	}
}

// last returns the last entry, as "method outcome detail".
func last(t testing.TB, v *vault.Vault) string {
	t.Helper()
	all := entries(t, v)
	e := all[len(all)-1]
	return strings.TrimSpace(e.Method + " " + e.Outcome + " " + e.Detail)
}

// snapshot returns all that a store holds, handles apart.
func snapshot(store *vaulttest.MemStore) string {
	var all strings.Builder
	for _, e := range store.All() {
		fmt.Fprintf(&all, "%s | %s | %d | %s | %v\n", e.Ref.Collection, e.Ref.Key, e.Version, e.Value, e.Handle != nil)
	}
	return all.String()
}

func expectError(t testing.TB, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: error = %v, want %v", what, got, want)
	}
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"strings"
	"testing"

	"ats.run/kms-enclave/kmslib/signal/session"
	"ats.run/kms-enclave/kmslib/signal/session/sessiontest"
	"ats.run/kms-enclave/kmslib/vault"
)

func TestSignalAccountInAVaultIsAStore(t *testing.T) {
	sessiontest.Run(t, func() sessiontest.Store {
		return vault.SignalStore{Vault: setUp(t).Vault, Asker: at("signal.test")}
	})
}

// turns is a store of which each call is by another tab.
type turns struct {
	tabs [2]vault.SignalStore
	n    int
}

func (s *turns) next() vault.SignalStore {
	s.n++
	return s.tabs[s.n%2]
}

func (s *turns) Get(ctx context.Context, k session.Key) ([]byte, error) { return s.next().Get(ctx, k) }

func (s *turns) Names(ctx context.Context, kind session.Kind) ([]string, error) {
	return s.next().Names(ctx, kind)
}

func (s *turns) Apply(ctx context.Context, changes []session.Change) error {
	return s.next().Apply(ctx, changes)
}

func TestSignalAccountOfTwoTabsIsOneStore(t *testing.T) {
	sessiontest.Run(t, func() sessiontest.Store {
		both := tabs(t, setUp(t))
		s := new(turns)
		for i, v := range both {
			s.tabs[i] = vault.SignalStore{Vault: v, Asker: at("signal.test")}
		}
		return s
	})
}

// What is stored tells neither who writes to whom nor any key: all that stands in
// clear is the origin, the kinds, and the numbers of prekeys.
func TestStoredSignalRecordsTellNoNamesAndNoKeys(t *testing.T) {
	w := setUp(t)
	o, b := signalUp(t, w.Vault)
	must(t, o.do(t.Context(), "signal.group.create", func(a *session.Account) error {
		_, err := a.CreateGroup(t.Context(), group)
		return err
	}))
	l := get[sessiontest.Letter](t)(o.send(t.Context(), bob, "a text that nobody else may read"))
	get[session.Opened](t)(b.Read(t.Context(), l))
	values := w.CachedValues()
	if len(values) < 6 {
		t.Fatalf("only %d values are remembered", len(values))
	}
	secrets := []string{
		alice.Name, bob.Name, bob.String(), hex.EncodeToString(group[:]), string(group[:4]), "a text that nobody",
	}
	for _, value := range values {
		for i := 0; i+16 <= len(value); i += 8 {
			if part := value[i : i+16]; !bytes.Equal(part, make([]byte, 16)) {
				secrets = append(secrets, string(part))
			}
		}
	}
	seen := make(map[string]bool)
	for _, e := range w.store.All() {
		text := e.Ref.Collection + "\n" + e.Ref.Key + "\n" + string(e.Value)
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%v has %q", e.Ref, secret)
			}
		}
		if strings.HasSuffix(e.Ref.Collection, "/signal") {
			seen[strings.Split(e.Ref.Key, " ")[1]] = true
		}
	}
	for _, kind := range []string{"account", "identity", "prekey", "signed-prekey", "kyber-prekey", "peer", "session", "contact", "sender-key"} {
		if !seen[kind] {
			t.Errorf("there is no record of kind %s", kind)
		}
	}
}

// counting is a store and key operations that count what is done.
type counting struct {
	vault.Store
	quickOps
	reads, commits, seals, opens int
}

func (c *counting) Get(ctx context.Context, ref vault.Ref) (vault.Record, error) {
	c.reads++
	return c.Store.Get(ctx, ref)
}

func (c *counting) Scan(ctx context.Context, collection, from string, limit int) ([]vault.Entry, error) {
	c.reads++
	return c.Store.Scan(ctx, collection, from, limit)
}

func (c *counting) Commit(ctx context.Context, changes []vault.Change) error {
	c.commits++
	return c.Store.Commit(ctx, changes)
}

func (c *counting) Seal(ctx context.Context, key vault.Handle, nonce, aad, plaintext []byte) ([]byte, error) {
	c.seals++
	return c.quickOps.Seal(ctx, key, nonce, aad, plaintext)
}

func (c *counting) Open(ctx context.Context, key vault.Handle, nonce, aad, sealed []byte) ([]byte, error) {
	c.opens++
	return c.quickOps.Open(ctx, key, nonce, aad, sealed)
}

// A message in a session that is in use costs one seal and one commit; all that is
// read is the head of the log.
func TestSteadyMessageCostsOneSealAndOneCommit(t *testing.T) {
	w := newWorld()
	c := &counting{Store: w.store}
	config := w.config(c)
	config.Keys = c
	w.Vault = vault.New(config)
	w.create(t, "Ada", byPassphrase(passphrase))
	o, b := signalUp(t, w.Vault)
	talk(t, o, b)
	for _, step := range []struct {
		name string
		run  func() error
	}{
		{"Encrypt", func() error { _, err := o.send(t.Context(), bob, "x"); return err }},
		{"Encrypt again", func() error { _, err := o.send(t.Context(), bob, "x"); return err }},
		{"Decrypt", func() error {
			_, err := o.read(t.Context(), get[sessiontest.Letter](t)(b.Send(t.Context(), alice, "y")))
			return err
		}},
	} {
		c.reads, c.commits, c.seals, c.opens = 0, 0, 0, 0
		must(t, step.run())
		if c.reads != 1 || c.commits != 1 || c.seals != 1 || c.opens != 0 {
			t.Errorf("%s: %d reads, %d commits, %d seals, %d opens; want 1, 1, 1, 0", step.name, c.reads, c.commits, c.seals, c.opens)
		}
	}
	c.reads, c.opens = 0, 0
	get[session.PreKeyCount](t)(o.count(t.Context()))
	if c.opens != 0 {
		t.Errorf("counting prekeys opened %d records", c.opens)
	}
}

// Publishing 100 prekeys of both sorts reads lists, not each record.
func TestPublishingReadsNoRecordOneByOne(t *testing.T) {
	w := newWorld()
	c := &counting{Store: w.store}
	w.Vault = w.open(c)
	w.create(t, "Ada", byPassphrase(passphrase))
	o := own{w.Vault, app}
	must(t, o.create(t.Context()))
	c.reads, c.commits = 0, 0
	p := get[session.PreKeys](t)(o.publish(t.Context(), 100))
	if len(p.OneTime) != 100 || len(p.Kyber) != 100 || c.commits != 1 || c.reads > 12 {
		t.Errorf("%d and %d prekeys, %d reads, %d commits", len(p.OneTime), len(p.Kyber), c.reads, c.commits)
	}
}

func value(n int) []byte { return bytes.Repeat([]byte{7}, n) }

func contact(name string, n int) session.Change {
	return session.Change{Key: session.Key{Kind: session.KindContact, Name: name}, Value: value(n)}
}

func TestWhatIsRememberedIsBoundedAndClearedAtTheLock(t *testing.T) {
	w := setUp(t)
	s := vault.SignalStore{Vault: w.Vault, Asker: at("signal.test")}
	var many []session.Change
	for i := range 3 * vault.MaxCachedRecords {
		many = append(many, contact("c"+strings.Repeat("i", i%100)+string(rune('a'+i/100)), 10))
	}
	must(t, s.Apply(t.Context(), many))
	if n, size := w.Cached(); n > vault.MaxCachedRecords || n < vault.MaxCachedRecords/2 || size > vault.MaxCachedBytes {
		t.Errorf("%d records of %d bytes are remembered", n, size)
	}
	for i := range 8 {
		must(t, s.Apply(t.Context(), []session.Change{contact("large"+string(rune('a'+i)), vault.MaxCachedBytes/5)}))
	}
	if n, size := w.Cached(); size > vault.MaxCachedBytes || n == 0 {
		t.Errorf("%d records of %d bytes are remembered", n, size)
	}
	if got, err := s.Get(t.Context(), many[0].Key); err != nil || !bytes.Equal(got, value(10)) {
		t.Errorf("what is not remembered any more: %d bytes, %v", len(got), err)
	}
	values := w.CachedValues()
	must(t, w.Lock(t.Context(), at("vault.lock")))
	if n, _ := w.Cached(); n != 0 {
		t.Errorf("%d records are remembered after the lock", n)
	}
	for _, v := range values {
		if !bytes.Equal(v, make([]byte, len(v))) {
			t.Fatal("a value was not cleared at the lock")
		}
	}
}

func TestReplacedValuesAreCleared(t *testing.T) {
	w := setUp(t)
	s := vault.SignalStore{Vault: w.Vault, Asker: at("signal.test")}
	must(t, s.Apply(t.Context(), []session.Change{contact("bob", 10)}))
	before := w.CachedValues()
	must(t, s.Apply(t.Context(), []session.Change{{Key: contact("bob", 0).Key, Value: []byte("next")}}))
	cleared := 0
	for _, v := range before {
		if bytes.Equal(v, make([]byte, len(v))) {
			cleared++
		}
	}
	if cleared != 1 { // the naming key stays
		t.Errorf("%d of %d values were cleared", cleared, len(before))
	}
}

func TestTooMuchAtOnceIsRefusedAndChangesNothing(t *testing.T) {
	w := setUp(t)
	s := vault.SignalStore{Vault: w.Vault, Asker: at("signal.test")}
	must(t, s.Apply(t.Context(), []session.Change{contact("bob", 10)}))
	var many, large []session.Change
	for i := range vault.MaxSignalWrites + 1 {
		many = append(many, contact("c"+strings.Repeat("i", i%100)+string(rune('a'+i/100)), 1))
	}
	for i := range 17 {
		large = append(large, contact("large"+string(rune('a'+i)), 1<<20-2<<10))
	}
	before := snapshot(w.store)
	for name, changes := range map[string][]session.Change{
		"records": many, "bytes": large, "one record": {contact("one", 1<<20)},
	} {
		err := s.Apply(t.Context(), changes)
		expectError(t, name, err, session.ErrLimit)
		if snapshot(w.store) != before {
			t.Errorf("%s: the store changed", name)
		}
	}
	must(t, s.Apply(t.Context(), many[1:]))
	for i := range many {
		many[i].Value = nil
	}
	must(t, s.Apply(t.Context(), many)) // deletions are as many as there are
}

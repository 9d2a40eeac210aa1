// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/vault/vaulttest"
)

// scene is a vault that is about to be changed, and what the change needs.
type scene struct {
	*vault.Vault
	user     string
	kid      string
	proven   *vault.Proven
	recovery string // id of the enrolment
	phrase   string // id of the enrolment
	chat     *chat
}

// mutation is one method that changes what is stored.
type mutation struct {
	name string
	run  func(ctx context.Context, s *scene) error
	want error // of run, nil mostly
	done func(t *testing.T, s *scene)
	// dead: the user's vault is gone after it. locked: it is run without a
	// session. asked: that it was called is logged before it is done.
	dead, locked, asked bool
	// signal: it is a step on a Signal account. mute: that account writes no more
	// after it. other: the origin other has a grant.
	signal, mute, other bool
}

var mutations = slices.Concat(vaultMutations, signalMutations)

var vaultMutations = []mutation{
	{name: "CreateUser", run: func(ctx context.Context, s *scene) error {
		_, err := s.CreateUser(ctx, at("vault.setup"), "Bob", []vault.NamedEnroller{byPassphrase(passphrase)})
		return err
	}, done: func(t *testing.T, s *scene) { expectUsers(t, s, 2) }},
	{name: "Unlock", locked: true, run: func(ctx context.Context, s *scene) error {
		_, err := s.Unlock(ctx, at("vault.unlock"), s.user, s.phrase, unlock.ByPassphrase([]byte(passphrase)), 0)
		return err
	}},
	{name: "Unlock by a wrong passphrase", locked: true, run: func(ctx context.Context, s *scene) error {
		_, err := s.Unlock(ctx, at("vault.unlock"), s.user, s.phrase, unlock.ByPassphrase([]byte(wrong)), 0)
		return err
	}, want: unlock.ErrWrongSecret},
	{name: "Prove", run: func(ctx context.Context, s *scene) error {
		_, err := s.Prove(ctx, at("vault.manage"), s.user, s.phrase, unlock.ByPassphrase([]byte(passphrase)), 0)
		return err
	}},
	{name: "RecordFailure", locked: true, run: func(ctx context.Context, s *scene) error {
		return s.RecordFailure(ctx, at("vault.unlock"), s.user, "wrong_credential")
	}},
	{name: "AddEnrolment", run: func(ctx context.Context, s *scene) error {
		_, err := s.proven.AddEnrolment(ctx, "New", byGate("new").Enroller)
		return err
	}, done: func(t *testing.T, s *scene) { expectEnrolments(t, s, 5) }},
	{name: "RemoveEnrolment", run: func(ctx context.Context, s *scene) error {
		return s.proven.RemoveEnrolment(ctx, s.recovery)
	}, done: func(t *testing.T, s *scene) { expectEnrolments(t, s, 3) }},
	{name: "RenameEnrolment", run: func(ctx context.Context, s *scene) error {
		return s.proven.RenameEnrolment(ctx, s.recovery, "Paper in the safe")
	}},
	{name: "ChangePassphrase", run: func(ctx context.Context, s *scene) error {
		return s.proven.ChangePassphrase(ctx, s.phrase, byPassphrase("another horse battery").Enroller)
	}},
	{name: "Rotate", run: func(ctx context.Context, s *scene) error { return s.proven.Rotate(ctx) }},
	{name: "Reset", dead: true, run: func(ctx context.Context, s *scene) error { return s.proven.Reset(ctx) }},
	{name: "ResetUnproven", dead: true, locked: true, run: func(ctx context.Context, s *scene) error {
		return s.ResetUnproven(ctx, at("vault.reset"), s.user, "Ada")
	}},
	{name: "Grant", run: func(ctx context.Context, s *scene) error { return s.Grant(ctx, from(other, "vault.unlock")) }},
	{name: "Lock", run: func(ctx context.Context, s *scene) error { return s.Lock(ctx, at("vault.lock")) }},
	{name: "SetPolicy", run: func(ctx context.Context, s *scene) error {
		return s.SetPolicy(ctx, at("vault.manage"), other, "vapid.sign", vault.ConsentConfirm)
	}},
	{name: "Refused", run: func(ctx context.Context, s *scene) error {
		s.Refused(ctx, from(other, "vapid.sign"), "not_granted")
		return nil
	}},
	{name: "Refused while locked", locked: true, run: func(ctx context.Context, s *scene) error {
		s.Refused(ctx, from(other, "vapid.sign"), "locked")
		return nil
	}},
	{name: "VAPIDGenerate", run: func(ctx context.Context, s *scene) error {
		_, err := s.VAPIDGenerate(ctx, at("vapid.generate"))
		return err
	}},
	{name: "VAPIDSign", run: func(ctx context.Context, s *scene) error {
		_, err := s.VAPIDSign(ctx, at("vapid.sign"), request(s.kid))
		return err
	}},
	{name: "VAPIDDelete", run: func(ctx context.Context, s *scene) error {
		return s.VAPIDDelete(ctx, at("vapid.delete"), s.kid)
	}},
	{name: "AuditExport", asked: true, run: func(ctx context.Context, s *scene) error {
		_, err := s.AuditExport(ctx, at("audit.export"), 0, 0, 1)
		return err
	}},
	{name: "AuditPrune", run: func(ctx context.Context, s *scene) error {
		_, err := s.AuditPrune(ctx, at("audit.prune"), 3)
		return err
	}},
}

func expectUsers(t *testing.T, s *scene, want int) {
	t.Helper()
	if _, n, err := s.CheckState(t.Context()); err != nil || n != want {
		t.Errorf("%d users, %v; want %d", n, err, want)
	}
}

func expectEnrolments(t *testing.T, s *scene, want int) {
	t.Helper()
	infos, err := s.Enrolments(t.Context(), s.user)
	if err != nil || len(infos) != want {
		t.Errorf("%d enrolments, %v; want %d", len(infos), err, want)
	}
}

// stage is a store from which every mutation starts.
type stage struct {
	*world
	key  vault.VAPIDKey
	chat *chat
}

func newStage(t *testing.T) stage {
	t.Helper()
	w := newWorld()
	w.user = w.create(t, "Ada", byPassphrase(passphrase), byRecovery(), byGate("gate"), byPRF("prf"))
	key := generate(t, w.Vault)
	generate(t, w.Vault)
	if err := w.SetPolicy(t.Context(), at("vault.manage"), app, "vapid.list", vault.ConsentConfirm); err != nil {
		t.Fatal(err)
	}
	c := newChat(t, w.Vault)
	if err := w.Lock(t.Context(), at("vault.lock")); err != nil {
		t.Fatal(err)
	}
	return stage{w, key, c}
}

// scene opens a vault over store, ready for m.
func (g stage) scene(t *testing.T, store vault.Store, m mutation) *scene {
	t.Helper()
	s := &scene{Vault: g.open(store), user: g.user.ID, kid: g.key.KID, chat: g.chat.clone()}
	s.phrase = enrolment(t, s.Vault, s.user, unlock.Passphrase).ID
	s.recovery = enrolment(t, s.Vault, s.user, unlock.Recovery).ID
	if !m.locked {
		unlockBy(t, s.Vault, s.user, passphrase)
		s.proven = prove(t, s.Vault, s.user)
		if m.other {
			must(t, s.Grant(t.Context(), from(other, "vault.unlock")))
		}
	}
	return s
}

// The state after a crash anywhere is the one before or the one after: each
// mutation is one commit.
func TestCrashAnywhereLeavesTheStateBeforeOrAfter(t *testing.T) {
	g := newStage(t)
	for _, m := range mutations {
		t.Run(m.name, func(t *testing.T) {
			for _, after := range []bool{false, true} {
				for call := int64(1); crash(t, g, m, call, after); call++ {
				}
			}
		})
	}
}

// crash runs m with a crash at a store call, and says whether there was one.
func crash(t *testing.T, g stage, m mutation, call int64, after bool) bool {
	t.Helper()
	memory := g.store.Clone()
	store := &vaulttest.CrashStore{Store: memory}
	s := g.scene(t, store, m)
	before := memory.Clone()
	store.Arm(call, after)
	err := m.run(t.Context(), s)
	crashed := store.Calls() >= call
	if !crashed && !errors.Is(err, m.want) {
		t.Fatalf("error = %v, want %v", err, m.want)
	}
	reopened := *s
	reopened.Vault = g.open(memory)
	changed := snapshot(memory) != snapshot(before)
	if !crashed && !changed {
		t.Fatalf("%s changed nothing", m.name)
	}
	if commits := versionOf(memory, s.user) - versionOf(before, s.user); m.name != "CreateUser" && commits > 1 {
		t.Errorf("call %d: %d commits, want one at most", call, commits)
	}
	if changed && m.done != nil && !m.signal {
		m.done(t, &reopened)
	}
	if changed && m.dead {
		judge(t, exportOf(t, reopened.Vault, s.user))
		return crashed
	}
	if m.name == "ChangePassphrase" && changed {
		if err := tryPassphrase(t, reopened.Vault, s.user, "another horse battery"); err != nil {
			t.Errorf("call %d: the new passphrase: %v", call, err)
		}
	} else {
		unlockBy(t, reopened.Vault, s.user, passphrase)
	}
	verifyLog(t, reopened.Vault)
	switch {
	case m.mute && changed:
	case m.signal || m.name == "Rotate":
		reopened.chat.goOn(t, reopened.Vault, changed)
	default:
		talk(t, own{reopened.Vault, app}, reopened.chat.bob)
	}
	if m.signal && m.done != nil && !crashed {
		m.done(t, &reopened)
	}
	if status, err := reopened.Status(t.Context()); err != nil || len(status.Damaged) > 0 {
		t.Errorf("call %d: Status = %+v, %v", call, status, err)
	}
	return crashed
}

// versionOf returns the version of the head of the user's log, which counts
// commits.
func versionOf(store *vaulttest.MemStore, user string) uint64 {
	record, _ := store.Get(context.Background(), vault.Ref{Collection: user + "/state", Key: "log-head"})
	return record.Version
}

func exportOf(t *testing.T, v *vault.Vault, user string) string {
	t.Helper()
	return joinParts(t, func(from, size int64) (vault.AuditBundle, error) {
		return v.AuditExportOf(t.Context(), user, from, size, 3000)
	})
}

func TestStorageFailureAnywhereChangesNothing(t *testing.T) {
	g := newStage(t)
	for _, kind := range []vault.StorageKind{vault.StorageUnavailable, vault.StorageQuota} {
		for _, m := range mutations {
			t.Run(m.name+" "+string(kind), func(t *testing.T) {
				for call := int64(1); fail(t, g, m, call, kind); call++ {
				}
			})
		}
	}
}

// fail runs m with a failing store call, and says whether there was one.
func fail(t *testing.T, g stage, m mutation, call int64, kind vault.StorageKind) bool {
	t.Helper()
	memory := g.store.Clone()
	store := &vaulttest.FailingStore{Store: memory, Kind: kind}
	s := g.scene(t, store, m)
	before := snapshot(memory)
	store.FailAt = store.Calls() + call
	err := m.run(t.Context(), s)
	if store.Calls() < store.FailAt {
		return false
	}
	silent := m.name == "Refused" || m.name == "Refused while locked" // count on
	failed, ok := errors.AsType[*vault.StorageError](err)
	switch {
	case err == nil && (silent || snapshot(memory) != before): // done all the same
	case !ok || failed.Kind != kind:
		t.Errorf("call %d: error = %v, want a StorageError", call, err)
	case snapshot(memory) != before && !m.asked:
		t.Errorf("call %d: the store changed", call)
	}
	if stored := snapshot(memory) != before; m.signal && !(m.mute && stored) {
		s.chat.goOn(t, s.Vault, stored) // in the same tab, once there is room again
	}
	return true
}

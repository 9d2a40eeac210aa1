// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/unlock"
	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// found is what a check tells.
type found struct{ state, log, findings []string }

// check is the command "check".
func check(ctx context.Context, database string) error {
	s, err := openScene(ctx, database, nil)
	if err != nil {
		return err
	}
	users, err := s.vault.Users(ctx)
	if err != nil {
		return err
	}
	f := new(found)
	slices.SortFunc(users, func(a, b vault.User) int { return strings.Compare(a.Label, b.Label) })
	for _, u := range users {
		if err := f.user(ctx, s, u); err != nil {
			return errors.New("user " + u.Label + ": " + err.Error())
		}
	}
	lines := func(name string, texts []string) wire.Member {
		return wire.Member{Name: name, Value: wire.String(strings.Join(texts, "\n"))}
	}
	post(flag("done"), wire.Member{Name: "verified", Value: wire.Bool(len(f.findings) == 0)},
		lines("state", f.state), lines("log", f.log), lines("findings", f.findings))
	return nil
}

func (f *found) user(ctx context.Context, s *scene, u vault.User) error {
	if u.Damaged != "" {
		return errors.New("damaged: " + u.Damaged)
	}
	if u.Reset {
		f.state = append(f.state, u.Label+": was reset")
		return f.bundle(ctx, u, func(from, size int64) (vault.AuditBundle, error) {
			return s.vault.AuditExportOf(ctx, u.ID, from, size, 1<<16)
		})
	}
	passphrase := oldPassphrase
	if u.Label == "Bob" {
		passphrase = newPassphrase
	}
	if err := s.unlock(ctx, u.Label, passphrase); err != nil {
		return err
	}
	err := f.bundle(ctx, u, func(from, size int64) (vault.AuditBundle, error) {
		return s.vault.AuditExport(ctx, asker("audit.export"), from, size, 1<<16)
	})
	if err != nil {
		return err
	}
	if err := f.contents(ctx, s, u); err != nil {
		return err
	}
	return s.vault.Lock(ctx, asker("vault.lock"))
}

// contents tells of the open user's enrolments, keys and rules.
func (f *found) contents(ctx context.Context, s *scene, u vault.User) error {
	say := func(what string) { f.state = append(f.state, u.Label+": "+what) }
	enrolments, err := s.vault.Enrolments(ctx, u.ID)
	if err != nil {
		return err
	}
	var lines []string
	for _, e := range enrolments {
		line := "enrolment " + string(e.Method) + " " + e.Label + " " + e.Damaged
		if e.Method == unlock.Passphrase {
			line += " opens by " + s.opens(ctx, u.ID, e.ID)
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	for _, line := range lines {
		say(line)
	}
	keys, err := s.vault.VAPIDList(ctx, asker("vapid.list"))
	if err != nil {
		return err
	}
	for _, key := range keys {
		if _, err := s.vault.VAPIDSign(ctx, asker("vapid.sign"), signRequest(key.KID)); err != nil {
			return errors.New("key does not sign: " + err.Error())
		}
	}
	say(strconv.Itoa(len(keys)) + " keys")
	policies, err := s.vault.Policies(ctx)
	for _, p := range policies {
		say("rule " + p.Origin + " " + p.Method + " " + string(p.Class))
	}
	status, statusErr := s.vault.Status(ctx)
	for _, damaged := range status.Damaged {
		say("damaged " + damaged.Ref.Collection + ": " + damaged.Reason)
	}
	return errors.Join(err, statusErr)
}

// opens says which passphrase opens an enrolment.
func (s *scene) opens(ctx context.Context, user, enrolment string) string {
	for name, passphrase := range map[string][]byte{"the old one": oldPassphrase, "the new one": newPassphrase} {
		_, err := s.vault.Prove(ctx, asker("vault.manage"), user, enrolment, unlock.ByPassphrase(slices.Clone(passphrase)), 0)
		if err == nil {
			return name
		}
	}
	return "neither"
}

// bundle exports a user's log, verifies it, and tells its entries up to the
// unlock by this check.
func (f *found) bundle(ctx context.Context, u vault.User, export func(from, size int64) (vault.AuditBundle, error)) error {
	var text strings.Builder
	var from, size int64
	for from >= 0 {
		part, err := export(from, size)
		if err != nil {
			return err
		}
		text.WriteString(part.Text)
		from, size = part.Next, part.Size
	}
	result, err := auditlog.Verify(strings.NewReader(text.String()), auditlog.Options{Verify: verifies})
	if err != nil {
		return err
	}
	for _, finding := range result.Findings {
		f.findings = append(f.findings, u.Label+": "+string(finding.Kind)+" at "+strconv.FormatInt(finding.Seq, 10)+": "+finding.Text)
	}
	lines, err := entriesOf(text.String())
	end := len(lines)
	for i, line := range lines {
		if line == "vault.unlock ok" && !u.Reset {
			end = i
		}
	}
	for _, line := range lines[:end] {
		f.log = append(f.log, u.Label+": "+line)
	}
	return err
}

// entriesOf returns method and outcome of every entry in a bundle.
func entriesOf(bundle string) ([]string, error) {
	var lines []string
	for line := range strings.Lines(bundle) {
		value, err := wire.Parse([]byte(strings.TrimSpace(line)))
		if err != nil {
			return nil, err
		}
		entry, ok := value.Get("entry")
		if !ok {
			continue
		}
		method, _ := entry.Get("method")
		outcome, _ := entry.Get("outcome")
		methodText, _ := method.AsString()
		outcomeText, _ := outcome.AsString()
		lines = append(lines, methodText+" "+outcomeText)
	}
	return lines, nil
}

// verifies checks a signature of the log without what made it.
func verifies(point, message, signature []byte) bool {
	key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil || len(signature) != 64 {
		return false
	}
	digest := sha256.Sum256(message)
	return ecdsa.Verify(key, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:]))
}

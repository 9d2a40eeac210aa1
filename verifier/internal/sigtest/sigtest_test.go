// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigtest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/internal/sigtest"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/signature"
	fnote "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/formats/proof"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

var keyless = sigtest.Signer{
	Issuer: "https://issuer.test", Subject: "https://forge.test/acme/.github/workflows/release.yml@refs/tags/v1.0.0",
	Builder: "https://forge.test/builder", Repository: "https://forge.test/acme", Ref: "refs/tags/v1.0.0",
	Commit: strings.Repeat("a", 40),
}

const statement = `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"x","digest":{"sha256":"ab"}}],"predicateType":"https://example.test/p","predicate":{}}`

// plainly verifies as sigstore-go alone does.
func plainly(t *testing.T, stack *sigtest.Stack, data, digest []byte, signer sigtest.Signer) error {
	t.Helper()
	var b bundle.Bundle
	if err := b.UnmarshalJSON(data); err != nil {
		return err
	}
	trusted, err := root.NewTrustedRootFromJSON(stack.TrustedRoot())
	if err != nil {
		t.Fatal(err)
	}
	options := []verify.VerifierOption{verify.WithTransparencyLog(1), verify.WithSignedTimestamps(1)}
	material := root.TrustedMaterialCollection{trusted}
	artifact := verify.WithoutArtifactUnsafe()
	if digest != nil {
		artifact = verify.WithArtifactDigest("sha256", digest)
	}
	var policy verify.PolicyBuilder
	if signer.Key != nil {
		verifier, err := signature.LoadDefaultVerifier(signer.Key.Public())
		if err != nil {
			t.Fatal(err)
		}
		material = append(material, root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
			return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
		}))
		policy = verify.NewPolicy(artifact, verify.WithKey())
	} else {
		identity, err := verify.NewShortCertificateIdentity(signer.Issuer, "", signer.Subject, "")
		if err != nil {
			t.Fatal(err)
		}
		options = append(options, verify.WithSignedCertificateTimestamps(1))
		policy = verify.NewPolicy(artifact, verify.WithCertificateIdentity(identity))
	}
	v, err := verify.NewVerifier(material, options...)
	if err != nil {
		t.Fatal(err)
	}
	_, err = v.Verify(&b, policy)
	return err
}

func TestBundlesAreAcceptedBySigstoreGo(t *testing.T) {
	stack := sigtest.New(t)
	artifact := []byte("artifact")
	digest := sha256.Sum256(artifact)
	keyed := sigtest.Signer{Key: stack.Key("publisher")}
	mail := sigtest.Signer{Issuer: "https://issuer.test", Subject: "someone@example.test"}
	for name, signer := range map[string]sigtest.Signer{"keyless": keyless, "by mail address": mail, "keyed": keyed} {
		t.Run(name, func(t *testing.T) {
			if err := plainly(t, stack, stack.SignMessage(signer, artifact), digest[:], signer); err != nil {
				t.Error("message:", err)
			}
			if err := plainly(t, stack, stack.SignStatement(signer, []byte(statement)), nil, signer); err != nil {
				t.Error("statement:", err)
			}
			if err := plainly(t, stack, stack.SignMessage(signer, []byte("another")), digest[:], signer); err == nil {
				t.Error("a bundle of another artifact is accepted")
			}
		})
	}
}

// What sigstore-go refuses must be refused for the fault, which shows that the
// faults are there.
func TestFaultsAreSeenBySigstoreGo(t *testing.T) {
	digest := sha256.Sum256([]byte("artifact"))
	for name, faults := range map[string]sigtest.Faults{
		"origin":              {Origin: "elsewhere.example"},
		"other signature":     {OtherSignature: true},
		"other verifier":      {OtherVerifier: true},
		"unlogged":            {Unlogged: true},
		"no SCT":              {NoSCT: true},
		"strange CA":          {StrangeCA: true},
		"strange CT":          {StrangeCT: true},
		"strange log":         {StrangeLog: true},
		"expired certificate": {TimestampAfter: time.Hour},
		"other timestamp":     {OtherTimestamp: true},
		"no timestamp":        {Timestamps: -1},
	} {
		t.Run(name, func(t *testing.T) {
			stack := sigtest.New(t)
			if err := plainly(t, stack, stack.With(faults).SignMessage(keyless, []byte("artifact")), digest[:], keyless); err == nil {
				t.Error("accepted")
			}
		})
	}
	// These it lets through, which is why there is package sigbundle.
	for name, faults := range map[string]sigtest.Faults{
		"forged body": {ForgedBody: true},
		"unwitnessed": {Cosigners: []int{}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := sigtest.New(t)
			if err := plainly(t, stack, stack.With(faults).SignMessage(keyless, []byte("artifact")), digest[:], keyless); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTrustRootsAreTheSameInEachRun(t *testing.T) {
	if !bytes.Equal(sigtest.New(t).TrustedRoot(), sigtest.New(t).TrustedRoot()) {
		t.Error("two stacks of the same seed have different trust roots")
	}
	if bytes.Equal(sigtest.New(t).TrustedRoot(), sigtest.New(t, sigtest.Options{Seed: "another"}).TrustedRoot()) {
		t.Error("stacks of different seeds have the same trust root")
	}
}

// tileReader reads hashes over HTTP as any client of tlog-tiles does.
type tileReader struct{ get func(path string) []byte }

func (r tileReader) Height() int { return 8 }

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		data = append(data, r.get("/"+strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
	}
	return data, nil
}

func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func TestLogIsServedAsTiles(t *testing.T) {
	stack := sigtest.New(t)
	for i := range 600 {
		stack.Append([]byte("entry " + strconv.Itoa(i)))
	}
	stack.SignMessage(keyless, []byte("artifact"))
	server := httptest.NewServer(stack.Log())
	defer server.Close()
	get := func(path string) []byte {
		response, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }()
		body, err := io.ReadAll(response.Body)
		if err != nil || response.StatusCode != 200 {
			t.Fatal(path, response.StatusCode, err)
		}
		return body
	}

	verifiers := []note.Verifier{}
	logVerifier, err := note.NewVerifier(stack.LogVKey())
	if err != nil {
		t.Fatal(err)
	}
	verifiers = append(verifiers, logVerifier)
	for _, key := range stack.WitnessKeys() {
		witness, err := fnote.NewVerifierForCosignatureV1(key)
		if err != nil {
			t.Fatal(err)
		}
		verifiers = append(verifiers, witness)
	}
	opened, err := note.Open(get("/checkpoint"), note.VerifierList(verifiers...))
	if err != nil || len(opened.Sigs) != 4 {
		t.Fatal("the log and three witnesses should have signed:", err)
	}
	tree, err := tlog.ParseTree([]byte("go.sum database tree\n" + strings.SplitN(opened.Text, "\n", 2)[1]))
	if err != nil || tree.N != 601 {
		t.Fatal(tree, err)
	}
	reader := tlog.TileHashReader(tree, tileReader{get})
	for _, index := range []int64{0, 255, 256, 511, 512, 600} {
		suffix := ""
		if index >= 512 {
			suffix = ".p/89"
		}
		entries := get("/api/v2/tile/entries/00" + strconv.FormatInt(index/256, 10) + suffix)
		for range index % 256 {
			entries = entries[2+binary.BigEndian.Uint16(entries):]
		}
		entry := entries[2 : 2+binary.BigEndian.Uint16(entries)]
		if !bytes.Equal(entry, stack.Entry(index)) {
			t.Error("entry", index, "is", string(entry))
		}
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil || hashes[0] != tlog.RecordHash(entry) {
			t.Error("hash", index, err)
		}
	}
	for _, path := range []string{"/tile/0/003", "/tile/0/002", "/tile/0/002.p/90", "/tile/2/000.p/1", "/tile/entries/1", "/", "/tile/0/000.p/256"} {
		response, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != 404 {
			t.Error(path, "is", response.StatusCode)
		}
	}
}

func TestForksShareTheirBeginning(t *testing.T) {
	stack := sigtest.New(t)
	stack.SignMessage(keyless, []byte("one"))
	fork := stack.Fork()
	stack.SignMessage(keyless, []byte("two"))
	fork.SignMessage(keyless, []byte("three"))
	if !bytes.Equal(stack.Entry(0), fork.Entry(0)) || bytes.Equal(stack.Entry(1), fork.Entry(1)) || stack.Size() != fork.Size() {
		t.Error("not a fork")
	}
	if !bytes.Equal(stack.TrustedRoot(), fork.TrustedRoot()) {
		t.Error("the fork has other keys")
	}
}

func TestUpdateProofIsInItsForm(t *testing.T) {
	stack := sigtest.New(t)
	stack.Append([]byte("one"), []byte("two"), []byte("three"))
	var p proof.TLogProof
	if err := p.Unmarshal(stack.UpdateProof(stack.Key("update"), []byte("manifest"))); err != nil {
		t.Fatal(err)
	}
	if p.Index != 3 || len(p.Hashes) != 2 || len(p.ExtraData) < 68 {
		t.Error(p.Index, len(p.Hashes), len(p.ExtraData))
	}
}

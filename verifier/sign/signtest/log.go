// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package signtest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"testing"

	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"golang.org/x/mod/sumdb/note"
	"google.golang.org/protobuf/encoding/protojson"
)

// request is what Rekor v2 takes, as far as it is used here.
type request struct {
	Entry struct {
		Digest    []byte
		Signature struct {
			Content  []byte
			Verifier struct {
				KeyDetails string
				PublicKey  *struct{ RawBytes []byte }
			}
		}
	} `json:"hashedRekordRequestV002"`
}

// addEntry is POST /api/v2/log/entries.
func (s *Stack) addEntry(w http.ResponseWriter, r *http.Request) {
	data, _ := io.ReadAll(r.Body)
	var q request
	if json.Unmarshal(data, &q) != nil || q.Entry.Signature.Verifier.PublicKey == nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	text := base64.StdEncoding.EncodeToString
	body := `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"` +
		text(q.Entry.Digest) + `"},"signature":{"content":"` + text(q.Entry.Signature.Content) +
		`","verifier":{"keyDetails":"` + q.Entry.Signature.Verifier.KeyDetails +
		`","publicKey":{"rawBytes":"` + text(q.Entry.Signature.Verifier.PublicKey.RawBytes) + `"}}}}}}`
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen[body] {
		w.WriteHeader(http.StatusConflict)
		return
	}
	s.seen[body] = true
	s.tree.AppendData([]byte(body))
	answer, err := protojson.Marshal(s.entry(body))
	check(s.t, err)
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(answer)
}

// entry describes the entry that was added last.
func (s *Stack) entry(body string) *protorekor.TransparencyLogEntry {
	size := s.tree.Size()
	hashes, err := s.tree.InclusionProof(size-1, size)
	check(s.t, err)
	root := s.tree.Hash()
	checkpoint := "127.0.0.1\n" + strconv.FormatUint(size, 10) + "\n" + base64.StdEncoding.EncodeToString(root) + "\n"
	signers := []note.Signer{s.signer}
	if s.absent == 0 {
		signers = append(signers, s.witnesses...)
	} else {
		s.absent--
	}
	signed, err := note.Sign(&note.Note{Text: checkpoint}, signers...)
	check(s.t, err)
	return &protorekor.TransparencyLogEntry{
		LogIndex:          int64(size) - 1,
		LogId:             &protocommon.LogId{KeyId: s.logID()},
		KindVersion:       &protorekor.KindVersion{Kind: "hashedrekord", Version: "0.0.2"},
		CanonicalizedBody: []byte(body),
		InclusionProof: &protorekor.InclusionProof{
			LogIndex: int64(size) - 1, RootHash: root, TreeSize: int64(size), Hashes: hashes,
			Checkpoint: &protorekor.Checkpoint{Envelope: string(signed)},
		},
	}
}

// logID is the untruncated key hash of signed notes.
func (s *Stack) logID() []byte {
	key := append([]byte{1}, s.logKey.Public().(ed25519.PublicKey)...)
	sum := sha256.Sum256(append([]byte("127.0.0.1\n"), key...))
	return sum[:]
}

func noteSigner(t testing.TB, name string, key ed25519.PrivateKey) note.Signer {
	t.Helper()
	vkey, err := note.NewEd25519VerifierKey(name, key.Public().(ed25519.PublicKey))
	check(t, err)
	id := vkey[len(name)+1 : len(name)+9]
	signer, err := note.NewSigner("PRIVATE+KEY+" + name + "+" + id + "+" + base64.StdEncoding.EncodeToString(append([]byte{1}, key.Seed()...)))
	check(t, err)
	return signer
}

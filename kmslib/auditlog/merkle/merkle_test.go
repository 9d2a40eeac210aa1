// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package merkle_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// tree keeps the completed hashes of each leaf, as records do.
type tree struct {
	frontier  merkle.Frontier
	leaves    []merkle.Hash
	completed [][]merkle.Hash
	reads     int
}

func (t *tree) add(data []byte) {
	leaf := merkle.LeafHash(data)
	next, completed := t.frontier.Append(leaf)
	t.frontier, t.leaves, t.completed = next, append(t.leaves, leaf), append(t.completed, completed)
}

var errAbsent = errors.New("no such hash")

func (t *tree) read(level int, index int64) (merkle.Hash, error) {
	t.reads++
	at := (index+1)<<level - 1
	if at >= int64(len(t.completed)) || level >= len(t.completed[at]) {
		return merkle.Hash{}, errAbsent
	}
	return t.completed[at][level], nil
}

func grow(n int) *tree {
	t := new(tree)
	for i := range n {
		t.add(binary.BigEndian.AppendUint32(nil, uint32(i)))
	}
	return t
}

// rfcLeaves and rfcRoots are the known answers that implementations of RFC 6962
// share; root i is over the first i leaves.
var rfcLeaves = []string{
	"", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
}

var rfcRoots = []string{
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}

func rfcTree(t *testing.T) *tree {
	t.Helper()
	tr := new(tree)
	for i, text := range rfcLeaves {
		if got := tr.frontier.Root(); hex.EncodeToString(got[:]) != rfcRoots[i] {
			t.Errorf("root of %d leaves is %x, want %s", i, got, rfcRoots[i])
		}
		data, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		tr.add(data)
	}
	return tr
}

func TestRootsAreThoseOfRFC6962(t *testing.T) {
	tr := rfcTree(t)
	if got := tr.frontier.Root(); hex.EncodeToString(got[:]) != rfcRoots[8] {
		t.Errorf("root of 8 leaves is %x, want %s", got, rfcRoots[8])
	}
}

func TestProofsHaveTheShapesOfRFC6962(t *testing.T) {
	// Section 2.1.3: the example tree of seven leaves d0 to d6.
	tr := grow(7)
	node := func(level int, index int64) merkle.Hash {
		h, err := tr.read(level, index)
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	a, b, c, d, f, j := node(0, 0), node(0, 1), node(0, 2), node(0, 3), node(0, 5), node(0, 6)
	g, h, i := node(1, 0), node(1, 1), node(1, 2)
	k := node(2, 0)
	l := merkle.NodeHash(i, j)
	_ = a
	for _, want := range []struct {
		index int64
		proof []merkle.Hash
	}{
		{0, []merkle.Hash{b, h, l}}, {3, []merkle.Hash{c, g, l}}, {4, []merkle.Hash{f, j, k}}, {6, []merkle.Hash{i, k}},
	} {
		got, err := merkle.InclusionProof(want.index, 7, tr.read)
		if err != nil || !slices.Equal(got, want.proof) {
			t.Errorf("path of leaf %d = %x, %v; want %x", want.index, got, err, want.proof)
		}
	}
	for _, want := range []struct {
		old   int64
		proof []merkle.Hash
	}{
		{3, []merkle.Hash{c, d, g, l}}, {4, []merkle.Hash{l}}, {6, []merkle.Hash{i, j, k}},
	} {
		got, err := merkle.ConsistencyProof(want.old, 7, tr.read)
		if err != nil || !slices.Equal(got, want.proof) {
			t.Errorf("proof from %d = %x, %v; want %x", want.old, got, err, want.proof)
		}
	}
}

func TestExampleOfThePackageComment(t *testing.T) {
	tr := new(tree)
	for _, data := range []string{"a", "b", "c"} {
		tr.add([]byte(data))
	}
	const frontier = "b137985ff484fb600db93107c77b0365c80d78f5b429ded0fd97361d077999eb" +
		"597fcb31282d34654c200d3418fca5705c648ebf326ec73d8ddef11841f876d8"
	const root = "36642e73c2540ab121e3a6bf9545b0a24982cd830eb13d3cd19de3ce6c021ec1"
	if got := hex.EncodeToString(tr.frontier.Marshal()); got != frontier {
		t.Errorf("frontier %s", got)
	}
	if got := tr.frontier.Root(); hex.EncodeToString(got[:]) != root {
		t.Errorf("root %x", got)
	}
}

// tlogReader lets package tlog read our hashes.
func tlogReader(tr *tree) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var hashes []tlog.Hash
		for _, index := range indexes {
			level, n := tlog.SplitStoredHashIndex(index)
			h, err := tr.read(level, n)
			if err != nil {
				return nil, err
			}
			hashes = append(hashes, tlog.Hash(h))
		}
		return hashes, nil
	})
}

func convert[To, From ~[32]byte](in []From) []To {
	var out []To
	for _, h := range in {
		out = append(out, To(h))
	}
	return out
}

// TestSameAsTlog compares with an implementation by others, for every size and
// index up to a bound: hashes, roots, proofs, and that each accepts the proofs of
// the other.
func TestSameAsTlog(t *testing.T) {
	const n = 67
	tr := grow(n)
	theirs := tlogReader(tr)
	roots := make([]merkle.Hash, n+1)
	for size := range int64(n + 1) {
		f, err := merkle.FrontierAt(size, tr.read)
		if err != nil {
			t.Fatal(err)
		}
		roots[size] = f.Root()
		want, err := tlog.TreeHash(size, theirs)
		if err != nil || size > 0 && tlog.Hash(roots[size]) != want {
			t.Fatalf("root of %d = %x, tlog has %x, %v", size, roots[size], want, err)
		}
	}
	for size := int64(1); size <= n; size++ {
		for index := range size {
			compareInclusion(t, tr, theirs, index, size, roots[size])
			compareConsistency(t, tr, theirs, index+1, size, roots)
		}
	}
}

func compareInclusion(t *testing.T, tr *tree, theirs tlog.HashReader, index, size int64, root merkle.Hash) {
	t.Helper()
	ours, err := merkle.InclusionProof(index, size, tr.read)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tlog.ProveRecord(size, index, theirs)
	if err != nil || !slices.Equal(ours, convert[merkle.Hash](want)) {
		t.Fatalf("path of %d in %d = %x, tlog has %x, %v", index, size, ours, want, err)
	}
	if err := merkle.VerifyInclusion(index, size, tr.leaves[index], root, ours); err != nil {
		t.Fatalf("path of %d in %d: %v", index, size, err)
	}
	if err := tlog.CheckRecord(convert[tlog.Hash](ours), size, tlog.Hash(root), index, tlog.Hash(tr.leaves[index])); err != nil {
		t.Fatalf("tlog: path of %d in %d: %v", index, size, err)
	}
}

func compareConsistency(t *testing.T, tr *tree, theirs tlog.HashReader, old, size int64, roots []merkle.Hash) {
	t.Helper()
	ours, err := merkle.ConsistencyProof(old, size, tr.read)
	if err != nil {
		t.Fatal(err)
	}
	want, err := tlog.ProveTree(size, old, theirs)
	if err != nil || !slices.Equal(ours, convert[merkle.Hash](want)) {
		t.Fatalf("proof from %d to %d = %x, tlog has %x, %v", old, size, ours, want, err)
	}
	if err := merkle.VerifyConsistency(old, size, roots[old], roots[size], ours); err != nil {
		t.Fatalf("proof from %d to %d: %v", old, size, err)
	}
	if err := tlog.CheckTree(convert[tlog.Hash](ours), size, tlog.Hash(roots[size]), old, tlog.Hash(roots[old])); err != nil {
		t.Fatalf("tlog: proof from %d to %d: %v", old, size, err)
	}
}

// TestAlteredProofIsRefused changes, drops and adds each hash of each proof, and
// moves each to another place.
func TestAlteredProofIsRefused(t *testing.T) {
	const n = 21
	tr := grow(n)
	root := func(size int64) merkle.Hash {
		f, err := merkle.FrontierAt(size, tr.read)
		if err != nil {
			t.Fatal(err)
		}
		return f.Root()
	}
	for size := int64(1); size <= n; size++ {
		for index := range size {
			inclusion, _ := merkle.InclusionProof(index, size, tr.read)
			for what, proof := range alterations(inclusion) {
				if merkle.VerifyInclusion(index, size, tr.leaves[index], root(size), proof) == nil {
					t.Fatalf("path of %d in %d with %s accepted", index, size, what)
				}
			}
			if index > 0 && merkle.VerifyInclusion(index-1, size, tr.leaves[index], root(size), inclusion) == nil {
				t.Fatalf("path of %d in %d accepted for its neighbour", index, size)
			}
			old := index + 1
			consistency, _ := merkle.ConsistencyProof(old, size, tr.read)
			for what, proof := range alterations(consistency) {
				if merkle.VerifyConsistency(old, size, root(old), root(size), proof) == nil {
					t.Fatalf("proof from %d to %d with %s accepted", old, size, what)
				}
			}
			if merkle.VerifyConsistency(old, size, merkle.Hash{1}, root(size), consistency) == nil ||
				merkle.VerifyConsistency(old, size, root(old), merkle.Hash{1}, consistency) == nil {
				t.Fatalf("proof from %d to %d accepted for another root", old, size)
			}
		}
	}
}

func alterations(proof []merkle.Hash) map[string][]merkle.Hash {
	all := map[string][]merkle.Hash{"a hash more": append(slices.Clone(proof), merkle.Hash{})}
	for i := range proof {
		flipped := slices.Clone(proof)
		flipped[i][31] ^= 1
		all["a flipped bit"+string(rune('a'+i))] = flipped
		all["a hash less"+string(rune('a'+i))] = slices.Delete(slices.Clone(proof), i, i+1)
	}
	return all
}

func TestProofsReadLittle(t *testing.T) {
	const n = 1 << 14
	tr := grow(n - 1)
	for range 200 {
		index := rand.Int64N(n - 1)
		tr.reads = 0
		if _, err := merkle.InclusionProof(index, n-1, tr.read); err != nil {
			t.Fatal(err)
		}
		if tr.reads > 3*14 {
			t.Errorf("path of %d read %d hashes", index, tr.reads)
		}
		tr.reads = 0
		if _, err := merkle.ConsistencyProof(index+1, n-1, tr.read); err != nil {
			t.Fatal(err)
		}
		if tr.reads > 3*14 {
			t.Errorf("proof from %d read %d hashes", index+1, tr.reads)
		}
	}
}

func TestErrorsOfTheReaderComeBack(t *testing.T) {
	broken := func(int, int64) (merkle.Hash, error) { return merkle.Hash{}, errAbsent }
	_, frontier := merkle.FrontierAt(5, broken)
	_, inclusion := merkle.InclusionProof(3, 5, broken)
	_, consistency := merkle.ConsistencyProof(3, 5, broken)
	for _, err := range []error{frontier, inclusion, consistency} {
		if !errors.Is(err, errAbsent) {
			t.Errorf("error = %v", err)
		}
	}
}

func TestImpossibleSizesAreRefused(t *testing.T) {
	tr := grow(4)
	_, frontier := merkle.FrontierAt(-1, tr.read)
	_, beyond := merkle.InclusionProof(4, 4, tr.read)
	_, before := merkle.InclusionProof(-1, 4, tr.read)
	_, larger := merkle.ConsistencyProof(5, 4, tr.read)
	_, parsed := merkle.ParseFrontier(-1, nil)
	_, huge := merkle.ParseFrontier(merkle.MaxSize+1, make([]byte, 32))
	for i, err := range []error{frontier, beyond, before, larger, parsed, huge,
		merkle.VerifyInclusion(4, 4, merkle.Hash{}, merkle.Hash{}, nil),
		merkle.VerifyConsistency(5, 4, merkle.Hash{}, merkle.Hash{}, nil),
		merkle.VerifyConsistency(-1, 4, merkle.Hash{}, merkle.Hash{}, nil)} {
		if !errors.Is(err, merkle.ErrSize) {
			t.Errorf("%d: error = %v", i, err)
		}
	}
	empty := merkle.Frontier{}.Root()
	if err := merkle.VerifyConsistency(0, 4, empty, tr.frontier.Root(), nil); err != nil {
		t.Errorf("every tree continues the empty one: %v", err)
	}
	if merkle.VerifyConsistency(0, 0, empty, merkle.Hash{}, nil) == nil || merkle.VerifyConsistency(0, 4, merkle.Hash{}, empty, nil) == nil {
		t.Error("a root of nothing that is not one is accepted")
	}
}

func TestEarlierFrontierIsNotChangedByAppending(t *testing.T) {
	tr := grow(6)
	before := tr.frontier.Marshal()
	one, _ := tr.frontier.Append(merkle.LeafHash([]byte("x")))
	two, _ := tr.frontier.Append(merkle.LeafHash([]byte("y")))
	if one.Root() == two.Root() || !bytes.Equal(before, tr.frontier.Marshal()) {
		t.Error("frontiers share memory")
	}
	if got := merkle.CompletedBy(7); got != 4 {
		t.Errorf("leaf 7 completes %d subtrees", got)
	}
}

func FuzzParseFrontier(f *testing.F) {
	for _, n := range []int{0, 1, 3, 8} {
		f.Add(int64(n), grow(n).frontier.Marshal())
	}
	f.Fuzz(func(t *testing.T, size int64, data []byte) {
		frontier, err := merkle.ParseFrontier(size, data)
		if err != nil {
			return
		}
		if frontier.Size() != size || !bytes.Equal(frontier.Marshal(), data) {
			t.Error("not written as it was read")
		}
		frontier.Root()
		if size < merkle.MaxSize {
			next, completed := frontier.Append(merkle.Hash{})
			if next.Size() != size+1 || len(completed) != merkle.CompletedBy(size) {
				t.Error("appended wrongly")
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	f.Add(int64(3), int64(7), []byte{})
	f.Add(int64(1), int64(1<<53-1), make([]byte, 32*60))
	f.Fuzz(func(t *testing.T, index, size int64, data []byte) {
		proof, _ := merkle.SplitHashes(data)
		if merkle.VerifyInclusion(index, size, merkle.Hash{1}, merkle.Hash{2}, proof) == nil {
			t.Error("accepted a path to a root out of nowhere")
		}
		if merkle.VerifyConsistency(index, size, merkle.Hash{1}, merkle.Hash{2}, proof) == nil {
			t.Error("accepted a proof between roots out of nowhere")
		}
	})
}

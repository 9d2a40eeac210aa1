// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package merkle

import (
	"crypto/sha256"
	"errors"
	"math/bits"
	"slices"
)

// HashSize is the length in bytes of a hash.
const HashSize = sha256.Size

// MaxSize is the largest number of leaves of a tree.
const MaxSize = 1<<53 - 1

// Hash is the hash of a leaf, a subtree or a whole tree.
type Hash [HashSize]byte

// Errors of this package. They carry nothing of their input.
var (
	ErrSize     = errors.New("merkle: size or index beyond the tree")
	ErrFrontier = errors.New("merkle: the frontier does not have one hash for each bit of the size")
	ErrProof    = errors.New("merkle: the proof does not lead to the root")
)

// LeafHash returns the hash of a leaf (RFC 6962, section 2.1).
func LeafHash(data []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(data)
	return Hash(h.Sum(nil))
}

// NodeHash returns the hash over two subtrees (RFC 6962, section 2.1).
func NodeHash(left, right Hash) Hash {
	var in [1 + 2*HashSize]byte
	in[0] = 1
	copy(in[1:], left[:])
	copy(in[1+HashSize:], right[:])
	return sha256.Sum256(in[:])
}

// Frontier is the right edge of a tree: all that is needed to append. It is
// immutable; the zero Frontier is the empty tree.
type Frontier struct {
	size  int64
	nodes []Hash // roots of the complete subtrees, the largest first
}

// ParseFrontier reads what Marshal wrote for a tree of size leaves. The error is
// ErrSize or ErrFrontier.
func ParseFrontier(size int64, nodes []byte) (Frontier, error) {
	if size < 0 || size > MaxSize {
		return Frontier{}, ErrSize
	}
	list, ok := SplitHashes(nodes)
	if !ok || len(list) != bits.OnesCount64(uint64(size)) {
		return Frontier{}, ErrFrontier
	}
	return Frontier{size, list}, nil
}

// Marshal returns the hashes of the frontier joined, the largest subtree first.
func (f Frontier) Marshal() []byte { return JoinHashes(f.nodes) }

// Size returns the number of leaves.
func (f Frontier) Size() int64 { return f.size }

// Root returns the root of the tree.
func (f Frontier) Root() Hash {
	if f.size == 0 {
		return sha256.Sum256(nil)
	}
	last := len(f.nodes) - 1
	root := f.nodes[last]
	for _, left := range slices.Backward(f.nodes[:last]) {
		root = NodeHash(left, root)
	}
	return root
}

// Append returns the frontier with one leaf more, and the hashes of the subtrees
// that the leaf completes, by level: the first is leaf itself. It panics if the
// tree has MaxSize leaves.
func (f Frontier) Append(leaf Hash) (Frontier, []Hash) {
	if f.size >= MaxSize {
		panic("merkle: internal error: the tree is full")
	}
	merged := bits.TrailingZeros64(^uint64(f.size)) // subtrees at the edge that become one
	completed := make([]Hash, 1, merged+1)
	completed[0] = leaf
	keep := len(f.nodes) - merged
	for _, left := range slices.Backward(f.nodes[keep:]) {
		leaf = NodeHash(left, leaf)
		completed = append(completed, leaf)
	}
	nodes := make([]Hash, 0, keep+1)
	nodes = append(nodes, f.nodes[:keep]...)
	return Frontier{f.size + 1, append(nodes, leaf)}, completed
}

// CompletedBy returns how many subtrees leaf seq completes: the number of hashes
// that Append returns for it.
func CompletedBy(seq int64) int { return bits.TrailingZeros64(uint64(seq)+1) + 1 }

// JoinHashes returns the hashes one after the other.
func JoinHashes(hashes []Hash) []byte {
	joined := make([]byte, 0, len(hashes)*HashSize)
	for i := range hashes {
		joined = append(joined, hashes[i][:]...)
	}
	return joined
}

// SplitHashes is the inverse of JoinHashes. It returns false if joined is not a
// whole number of hashes.
func SplitHashes(joined []byte) ([]Hash, bool) {
	if len(joined)%HashSize != 0 {
		return nil, false
	}
	hashes := make([]Hash, 0, len(joined)/HashSize)
	for chunk := range slices.Chunk(joined, HashSize) {
		hashes = append(hashes, Hash(chunk))
	}
	return hashes, true
}

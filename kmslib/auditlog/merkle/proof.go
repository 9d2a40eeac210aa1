// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package merkle

import "math/bits"

// HashReader returns the hash of the complete subtree (level, index). An error
// of it ends what was asked for, and is returned as it is.
type HashReader func(level int, index int64) (Hash, error)

// FrontierAt returns the frontier of the first size leaves. It reads one hash for
// each bit that is set in size.
func FrontierAt(size int64, read HashReader) (Frontier, error) {
	if size < 0 || size > MaxSize {
		return Frontier{}, ErrSize
	}
	f := Frontier{size: size}
	for level := bits.Len64(uint64(size)) - 1; level >= 0; level-- {
		if size>>level&1 == 0 {
			continue
		}
		h, err := read(level, size>>level-1)
		if err != nil {
			return Frontier{}, err
		}
		f.nodes = append(f.nodes, h)
	}
	return f, nil
}

// InclusionProof returns the audit path of a leaf in the tree of the first size
// leaves (RFC 6962, section 2.1.1), the hash next to the leaf first. It reads
// O(log size) hashes.
func InclusionProof(index, size int64, read HashReader) ([]Hash, error) {
	if index < 0 || index >= size || size > MaxSize {
		return nil, ErrSize
	}
	return path(index, 0, size, read)
}

// path is PATH(index, D[begin:end]) of RFC 6962; begin is a multiple of the
// largest power of two below the length.
func path(index, begin, end int64, read HashReader) ([]Hash, error) {
	if end-begin == 1 {
		return nil, nil
	}
	middle := begin + split(end-begin)
	if index < middle {
		proof, err := path(index, begin, middle, read)
		if err != nil {
			return nil, err
		}
		return appendRange(proof, middle, end, read)
	}
	proof, err := path(index, middle, end, read)
	if err != nil {
		return nil, err
	}
	return appendRange(proof, begin, middle, read)
}

// ConsistencyProof returns the proof that the tree of the first old leaves is the
// beginning of the tree of the first size leaves (RFC 6962, section 2.1.2). It is
// empty if old is 0 or size. It reads O(log size) hashes.
func ConsistencyProof(old, size int64, read HashReader) ([]Hash, error) {
	if old < 0 || old > size || size > MaxSize {
		return nil, ErrSize
	}
	if old == 0 || old == size {
		return nil, nil
	}
	return subproof(old, 0, size, true, read)
}

// subproof is SUBPROOF(old-begin, D[begin:end], whole) of RFC 6962.
func subproof(old, begin, end int64, whole bool, read HashReader) ([]Hash, error) {
	if old == end {
		if whole {
			return nil, nil
		}
		return appendRange(nil, begin, end, read)
	}
	middle := begin + split(end-begin)
	if old <= middle {
		proof, err := subproof(old, begin, middle, whole, read)
		if err != nil {
			return nil, err
		}
		return appendRange(proof, middle, end, read)
	}
	proof, err := subproof(old, middle, end, false, read)
	if err != nil {
		return nil, err
	}
	return appendRange(proof, begin, middle, read)
}

// split returns the largest power of two below n, which is at least 2.
func split(n int64) int64 { return 1 << (bits.Len64(uint64(n-1)) - 1) }

// appendRange appends the root over the leaves begin to end-1, where begin is a
// multiple of the power of two at or above the length.
func appendRange(proof []Hash, begin, end int64, read HashReader) ([]Hash, error) {
	var f Frontier
	f.size = end - begin
	for level := bits.Len64(uint64(f.size)) - 1; level >= 0; level-- {
		if f.size>>level&1 == 0 {
			continue
		}
		h, err := read(level, begin>>level)
		if err != nil {
			return nil, err
		}
		f.nodes = append(f.nodes, h)
		begin += 1 << level
	}
	return append(proof, f.Root()), nil
}

// VerifyInclusion returns nil if the proof shows that leaf is at index of the
// tree of size leaves with the given root. Otherwise ErrSize or ErrProof.
func VerifyInclusion(index, size int64, leaf, root Hash, proof []Hash) error {
	if index < 0 || index >= size || size > MaxSize {
		return ErrSize
	}
	hash, last := leaf, size-1
	for _, sibling := range proof {
		if last == 0 {
			return ErrProof
		}
		if index&1 == 1 || index == last {
			hash = NodeHash(sibling, hash)
			for index&1 == 0 && index != 0 { // no right sibling at these levels
				index, last = index>>1, last>>1
			}
		} else {
			hash = NodeHash(hash, sibling)
		}
		index, last = index>>1, last>>1
	}
	if last != 0 || hash != root {
		return ErrProof
	}
	return nil
}

// VerifyConsistency returns nil if the proof shows that the tree of old leaves
// with oldRoot is the beginning of the tree of size leaves with root. Otherwise
// ErrSize or ErrProof.
func VerifyConsistency(old, size int64, oldRoot, root Hash, proof []Hash) error {
	switch {
	case old < 0 || old > size || size > MaxSize:
		return ErrSize
	case old == 0:
		return confirm(len(proof) == 0 && oldRoot == Frontier{}.Root() && (size > 0 || root == oldRoot))
	case old == size:
		return confirm(len(proof) == 0 && oldRoot == root)
	case old&(old-1) == 0: // a complete subtree: the proof leaves its root out
		proof = append([]Hash{oldRoot}, proof...)
	}
	if len(proof) == 0 {
		return ErrProof
	}
	index, last := old-1, size-1
	for index&1 == 1 {
		index, last = index>>1, last>>1
	}
	first, second := proof[0], proof[0]
	for _, sibling := range proof[1:] {
		if last == 0 {
			return ErrProof
		}
		if index&1 == 1 || index == last {
			first, second = NodeHash(sibling, first), NodeHash(sibling, second)
			for index&1 == 0 && index != 0 {
				index, last = index>>1, last>>1
			}
		} else {
			second = NodeHash(second, sibling)
		}
		index, last = index>>1, last>>1
	}
	return confirm(last == 0 && first == oldRoot && second == root)
}

func confirm(ok bool) error {
	if !ok {
		return ErrProof
	}
	return nil
}

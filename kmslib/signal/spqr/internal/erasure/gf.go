// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package erasure

// reduction is x^12 + x^3 + x + 1, what x^16 is congruent to.
const reduction = 0x100b

// double returns a·x.
func double(a uint16) uint16 { return a<<1 ^ reduction&-(a>>15) }

// multiply returns a·b. It is quicker the smaller b is.
func multiply(a, b uint16) uint16 {
	var product uint16
	for ; b != 0; b >>= 1 {
		product ^= a & -(b & 1)
		a = double(a)
	}
	return product
}

// invert returns 1/a = a^(2^16-2); 0 for 0.
func invert(a uint16) uint16 {
	result := uint16(1)
	for range 15 { // 2 + 4 + … + 2^15 = 2^16 - 2
		a = multiply(a, a)
		result = multiply(result, a)
	}
	return result
}

// invertAll replaces each of values, none of them 0, by its inverse. It inverts
// only their product (Montgomery's trick).
func invertAll(values []uint16) {
	before := make([]uint16, len(values)) // product of the values before each
	product := uint16(1)
	for i, v := range values {
		before[i] = product
		product = multiply(product, v)
	}
	rest := invert(product)
	for i := len(values) - 1; i >= 0; i-- {
		values[i], rest = multiply(rest, before[i]), multiply(rest, values[i])
	}
}

// basis evaluates polynomials that are given by their values at some points.
type basis struct {
	points []uint16
	scale  []uint16 // for each point p: the inverse of ∏ (p - q) over the others
}

// newBasis returns the basis of distinct points. It keeps them.
func newBasis(points []uint16) basis {
	scale := make([]uint16, len(points))
	for i, p := range points {
		product := uint16(1)
		for j, q := range points {
			if i != j {
				product = multiply(product, p^q)
			}
		}
		scale[i] = product
	}
	invertAll(scale)
	return basis{points, scale}
}

// at returns the factors of the values at the points in the value at x, which is
// none of them: ∏ (x - q) over the others · scale (Lagrange).
func (b basis) at(x uint16) []uint16 {
	factors := make([]uint16, len(b.points))
	all := uint16(1)
	for i, p := range b.points {
		factors[i] = x ^ p
		all = multiply(all, factors[i])
	}
	invertAll(factors)
	for i := range factors {
		factors[i] = multiply(multiply(all, factors[i]), b.scale[i])
	}
	return factors
}

// addProduct adds factor times each word of chunk to sum.
func addProduct(sum *[ChunkSize]byte, factor uint16, chunk []byte) {
	// The multiples of factor by each value of each half byte of a word.
	var multiples [4][16]uint16
	for position := range multiples {
		for bit := 1; bit < 16; bit <<= 1 {
			for low := range bit {
				multiples[position][bit|low] = multiples[position][low] ^ factor
			}
			factor = double(factor)
		}
	}
	for i := 0; i < ChunkSize; i += 2 {
		high, low := chunk[i], chunk[i+1]
		product := multiples[3][high>>4] ^ multiples[2][high&15] ^ multiples[1][low>>4] ^ multiples[0][low&15]
		sum[i] ^= byte(product >> 8)
		sum[i+1] ^= byte(product)
	}
}

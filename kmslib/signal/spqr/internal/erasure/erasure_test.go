// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package erasure

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
)

// slowMultiply is the definition: the product of polynomials over GF(2), then
// the remainder by 0x1100b.
func slowMultiply(a, b uint16) uint16 {
	var product uint32
	for i := range 16 {
		if b>>i&1 == 1 {
			product ^= uint32(a) << i
		}
	}
	for i := 31; i >= 16; i-- {
		if product>>i&1 == 1 {
			product ^= 0x1100b << (i - 16)
		}
	}
	return uint16(product)
}

func TestMultiplyIsThatOfTheField(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		a, b, c := uint16(random.Uint32()), uint16(random.Uint32()), uint16(random.Uint32())
		if got, want := multiply(a, b), slowMultiply(a, b); got != want {
			t.Fatalf("%#x · %#x = %#x, want %#x", a, b, got, want)
		}
		if multiply(a, multiply(b, c)) != multiply(multiply(a, b), c) || multiply(a, b^c) != multiply(a, b)^multiply(a, c) {
			t.Fatalf("no field: %#x %#x %#x", a, b, c)
		}
	}
}

func TestEveryElementButZeroHasAnInverse(t *testing.T) {
	values := make([]uint16, MaxIndex)
	for i := range values {
		values[i] = uint16(i + 1)
	}
	invertAll(values)
	for i, inverse := range values {
		if multiply(inverse, uint16(i+1)) != 1 || i < 100 && invert(uint16(i+1)) != inverse {
			t.Fatalf("1/%#x = %#x", i+1, inverse)
		}
	}
}

// horner evaluates the polynomial, coefficients from the highest, at x.
func horner(coefficients []uint16, x uint16) uint16 {
	var y uint16
	for _, c := range coefficients {
		y = slowMultiply(y, x) ^ c
	}
	return y
}

// TestChunksAreValuesOfPolynomials takes the way back: it chooses the 16
// polynomials and writes the message that they give at 0 to N-1.
func TestChunksAreValuesOfPolynomials(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, n := range []int{1, 2, 3, 5, 30, 36} {
		polynomials := make([][]uint16, 16)
		for i := range polynomials {
			for range n {
				polynomials[i] = append(polynomials[i], uint16(random.Uint32()))
			}
		}
		chunkAt := func(k int) (chunk []byte) {
			for word := range 16 {
				chunk = binary.BigEndian.AppendUint16(chunk, horner(polynomials[word], uint16(k)))
			}
			return chunk
		}
		var message []byte
		for k := range n {
			message = append(message, chunkAt(k)...)
		}
		for _, k := range []int{0, n - 1, n, n + 1, 100, 255, 256, 4095, 40_000, MaxIndex - 1, MaxIndex} {
			_, chunk := NewEncoder(message, uint16(k)).Next()
			if int(chunk.Index) != k || !bytes.Equal(chunk.Data[:], chunkAt(k)) {
				t.Errorf("N = %d: chunk %d is not the value of the polynomials", n, k)
			}
		}
	}
}

func randomMessage(random *rand.Rand, n int) []byte {
	message := make([]byte, n*ChunkSize)
	for i := range message {
		message[i] = byte(random.Uint32())
	}
	return message
}

func TestAnyChunksRebuildTheMessage(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{1, 3, 5, 30, 36} {
		for round := range 20 {
			message := randomMessage(random, n)
			indices := map[int]bool{}
			for len(indices) < n {
				switch random.IntN(4) {
				case 0:
					indices[random.IntN(n)] = true
				case 1:
					indices[random.IntN(4*n)] = true
				case 2:
					indices[MaxIndex-random.IntN(2*n)] = true
				default:
					indices[random.IntN(MaxIndex+1)] = true
				}
			}
			decoder := NewDecoder(n)
			for index := range indices { // a map's order is random
				if decoder.Complete() || decoder.Message() != nil {
					t.Fatal("complete too early")
				}
				_, chunk := NewEncoder(message, uint16(index)).Next()
				decoder = decoder.Add(chunk).Add(chunk)
			}
			if !bytes.Equal(decoder.Message(), message) {
				t.Fatalf("N = %d, round %d: not the message, from %v", n, round, indices)
			}
		}
	}
}

func TestFirstChunksAreTheMessage(t *testing.T) {
	message := randomMessage(rand.New(rand.NewPCG(7, 8)), 5)
	encoder, rebuilt := NewEncoder(message, 0), []byte(nil)
	for range 5 {
		var chunk Chunk
		encoder, chunk = encoder.Next()
		rebuilt = append(rebuilt, chunk.Data[:]...)
	}
	if !bytes.Equal(rebuilt, message) || encoder.Position() != 5 || !bytes.Equal(encoder.Message(), message) {
		t.Error("the code is not systematic")
	}
}

func TestAfterTheLastIndexComesTheFirst(t *testing.T) {
	message := randomMessage(rand.New(rand.NewPCG(9, 10)), 3)
	encoder, last := NewEncoder(message, MaxIndex).Next()
	if _, first := encoder.Next(); last.Index != MaxIndex || first.Index != 0 || !bytes.Equal(first.Data[:], message[:ChunkSize]) {
		t.Error("chunks do not begin again")
	}
}

func TestAddLeavesTheOldDecoderAsItWas(t *testing.T) {
	message := randomMessage(rand.New(rand.NewPCG(11, 12)), 3)
	chunks := make([]Chunk, 4)
	encoder := NewEncoder(message, 0)
	for i := range chunks {
		encoder, chunks[i] = encoder.Next()
	}
	one := NewDecoder(3).Add(chunks[0])
	two, other := one.Add(chunks[1]), one.Add(chunks[2])
	if !slices.Equal(one.Chunks(), chunks[:1]) || !slices.Equal(two.Chunks(), chunks[:2]) || other.Chunks()[1] != chunks[2] {
		t.Error("Decoders share what they add")
	}
	full := two.Add(chunks[2])
	if more := full.Add(chunks[3]); len(more.Chunks()) != 3 || !bytes.Equal(more.Message(), message) {
		t.Error("a complete Decoder takes more")
	}
}

func TestCollectedIsWhatAddMakes(t *testing.T) {
	message := randomMessage(rand.New(rand.NewPCG(13, 14)), 3)
	chunks, encoder, want := []Chunk(nil), NewEncoder(message, 7), NewDecoder(3)
	for range 3 {
		if got, ok := Collected(3, slices.Clone(chunks)); !ok || !slices.Equal(got.Chunks(), want.Chunks()) || got.Size() != 3 {
			t.Errorf("%d chunks are not collected", len(chunks))
		}
		var chunk Chunk
		encoder, chunk = encoder.Next()
		chunks, want = append(chunks, chunk), want.Add(chunk)
	}
	if got, ok := Collected(3, chunks); !ok || !bytes.Equal(got.Message(), message) {
		t.Error("not the message")
	}
	_, one := encoder.Next()
	if _, ok := Collected(3, append(chunks, one)); ok {
		t.Error("more chunks than the message has")
	}
	if _, ok := Collected(3, []Chunk{one, one}); ok {
		t.Error("a chunk twice")
	}
}

func TestTheIdentityHasItsIndexAsChunk(t *testing.T) {
	// The values 0 at 0 and 1 at 1 are those of the polynomial x.
	message := make([]byte, 2*ChunkSize)
	for i := ChunkSize + 1; i < len(message); i += 2 {
		message[i] = 1
	}
	for _, k := range []uint16{2, 3, 40_000, MaxIndex} {
		_, chunk := NewEncoder(message, k).Next()
		if want := bytes.Repeat(binary.BigEndian.AppendUint16(nil, k), 16); !bytes.Equal(chunk.Data[:], want) {
			t.Errorf("x at %d = %x", k, chunk.Data)
		}
	}
}

func BenchmarkEncodeBeyondTheMessage(b *testing.B) {
	encoder := NewEncoder(randomMessage(rand.New(rand.NewPCG(1, 1)), 36), 1000)
	for b.Loop() {
		encoder.Next()
	}
}

func BenchmarkDecodeWithoutOneChunkOfTheMessage(b *testing.B) {
	encoder, decoder := NewEncoder(randomMessage(rand.New(rand.NewPCG(1, 1)), 36), 1000), NewDecoder(36)
	for !decoder.Complete() {
		var chunk Chunk
		encoder, chunk = encoder.Next()
		decoder = decoder.Add(chunk)
	}
	for b.Loop() {
		decoder.Message()
	}
}

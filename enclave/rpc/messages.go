// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

// Lengths in bytes that several messages share.
const (
	kidLength    = 43   // base64url of a SHA-256 thumbprint (RFC 7638)
	pointLength  = 87   // base64url of an uncompressed P-256 point, 65 bytes
	digestLength = 64   // SHA-256 in lower-case hexadecimal
	maxToken     = 2048 // a JWT, as package vapid reads it
)

// What the member storage of hello and status says of this browser.
const (
	StoragePersistent = "persistent"  // not evicted without asking the person
	StorageBestEffort = "best-effort" // may be evicted when space is short
	StorageNone       = "unavailable" // keys cannot be kept
)

// What the member partition of status says of this browser.
const (
	PartitionFirstParty = "first-party" // one storage, whichever page of its site embeds the enclave
	PartitionedStorage  = "partitioned" // another storage for each site that embeds the enclave
	PartitionUnknown    = "unknown"
)

// HelloRequest opens a connection.
type HelloRequest struct {
	Protocol int64
	Nonce    string
}

func (m *HelloRequest) fields() []Field {
	return []Field{
		integer("protocol", &m.Protocol, "Version of the channel protocol that the app speaks.", within(1, 1000000)),
		text("nonce", &m.Nonce, "Random text that the app makes for this hello and looks for in the answer.", within(22, 43), base64URL()),
	}
}

// HelloResponse says that the enclave is usable, and what it is.
type HelloResponse struct {
	Protocol   int64
	Nonce      string
	Release    string
	Storage    string
	Algorithms []string
}

func (m *HelloResponse) fields() []Field {
	return []Field{
		integer("protocol", &m.Protocol, "Version of the channel protocol that the enclave speaks.", within(1, 1000000)),
		text("nonce", &m.Nonce, "The nonce of the hello that this answers.", within(22, 43), base64URL()),
		releaseField(&m.Release),
		storageField(&m.Storage),
		algorithmsField(&m.Algorithms),
	}
}

// StatusRequest asks what the enclave is and what it found.
type StatusRequest struct{}

func (m *StatusRequest) fields() []Field { return nil }

// StatusResponse says what the enclave is and what it found.
type StatusResponse struct {
	Release    string
	Protocol   int64
	Storage    string
	Partition  string
	Algorithms []string
	Damaged    int64
	SessionState
}

func (m *StatusResponse) fields() []Field {
	return append([]Field{
		releaseField(&m.Release),
		integer("protocol", &m.Protocol, "Version of the channel protocol that the enclave speaks.", within(1, 1000000)),
		storageField(&m.Storage),
		text("partition", &m.Partition, "Whether the embedding site shares the enclave's storage with other sites (first-party) or has its own (partitioned).",
			oneOf(PartitionFirstParty, PartitionedStorage, PartitionUnknown)),
		algorithmsField(&m.Algorithms),
		integer("damaged", &m.Damaged, "How many stored records cannot be read. They are kept; vault.manage shows them.", within(0, maxUsers)),
	}, m.SessionState.fields()...)
}

func releaseField(p *string) Field {
	return text("release", p, "Release digest: SHA-256 of release.json as the enclave's host serves it, in lower-case hexadecimal.", exactly(digestLength))
}

func storageField(p *string) Field {
	return text("storage", p, "Whether the browser may evict what the enclave stores, or stores nothing.",
		oneOf(StoragePersistent, StorageBestEffort, StorageNone))
}

func algorithmsField(p *[]string) Field {
	return texts("algorithms", p, "JOSE names of the algorithms with which keys could be made, kept and used in this browser.", oneOf(ES256))
}

// ES256 is the JOSE name of ECDSA on P-256 with SHA-256 (RFC 7518, section 3.4).
const ES256 = "ES256"

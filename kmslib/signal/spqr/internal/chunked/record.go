// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package chunked

import "ats.run/kms-enclave/kmslib/signal/spqr/internal/braid"

func (p keysUnsampled) record() record {
	return record{number: keysUnsampledNumber, session: p.Session}
}

func (p keysSampled) record() record {
	return record{number: keysSampledNumber, session: p.Session, seed: p.Seed[:], sending: p.header}
}

func (p headerSent) record() record {
	return record{number: headerSentNumber, session: p.Session, seed: p.Seed[:], sending: p.key, receiving: p.ciphertext1}
}

func (p ciphertext1Received) record() record {
	return record{number: ciphertext1ReceivedNumber, session: p.Session, seed: p.Seed[:], ciphertext: p.Ciphertext1, sending: p.key}
}

func (p keySentCiphertext1Received) record() record {
	return record{
		number: keySentCiphertext1ReceivedNumber, session: p.Session,
		seed: p.Seed[:], ciphertext: p.Ciphertext1, receiving: p.ciphertext2,
	}
}

func (p noHeaderReceived) record() record {
	return record{number: noHeaderReceivedNumber, session: p.Session, receiving: p.header}
}

func (p headerReceived) record() record {
	return record{number: headerReceivedNumber, session: p.Session, header: p.Header[:]}
}

func (p ciphertext1Sampled) record() record {
	return record{
		number: ciphertext1SampledNumber, session: p.Session,
		header: p.Header[:], message: p.Message[:], sending: p.ciphertext1, receiving: p.key,
	}
}

func (p keyReceivedCiphertext1Sampled) record() record {
	return record{
		number: keyReceivedCiphertext1SampledNumber, session: p.Session,
		ciphertext: p.ciphertext2, sending: p.ciphertext1,
	}
}

func (p ciphertext1Acknowledged) record() record {
	return record{
		number: ciphertext1AcknowledgedNumber, session: p.Session,
		header: p.Header[:], message: p.Message[:], receiving: p.key,
	}
}

func (p ciphertext2Sampled) record() record {
	return record{number: ciphertext2SampledNumber, session: p.Session, sending: p.ciphertext2}
}

// phase is the inverse of the phases' record. The record has what the layout of
// its state says.
func (r *record) phase() phase {
	owner := braid.HeaderSent{Session: r.session}
	copy(owner.Seed[:], r.seed)
	collected := braid.Ciphertext1Received{Session: r.session, Seed: owner.Seed, Ciphertext1: r.ciphertext}
	waiting := braid.Ciphertext1Sent{Session: r.session}
	copy(waiting.Header[:], r.header)
	copy(waiting.Message[:], r.message)
	done := braid.Ciphertext2Sent{Session: r.session}

	switch r.number {
	case keysSampledNumber:
		return keysSampled{owner, r.sending}
	case headerSentNumber:
		return headerSent{braid.KeySent(owner), r.sending, r.receiving}
	case ciphertext1ReceivedNumber:
		return ciphertext1Received{collected, r.sending}
	case keySentCiphertext1ReceivedNumber:
		return keySentCiphertext1Received{collected, r.receiving}
	case noHeaderReceivedNumber:
		return noHeaderReceived{braid.NoHeaderReceived{Session: r.session}, r.receiving}
	case headerReceivedNumber:
		return headerReceived{braid.HeaderReceived{Session: r.session, Header: waiting.Header}}
	case ciphertext1SampledNumber:
		return ciphertext1Sampled{waiting, r.sending, r.receiving}
	case keyReceivedCiphertext1SampledNumber:
		return keyReceivedCiphertext1Sampled{done, r.sending, r.ciphertext}
	case ciphertext1AcknowledgedNumber:
		return ciphertext1Acknowledged{waiting, r.receiving}
	case ciphertext2SampledNumber:
		return ciphertext2Sampled{done, r.sending}
	}
	return keysUnsampled{braid.KeysUnsampled{Session: r.session}}
}

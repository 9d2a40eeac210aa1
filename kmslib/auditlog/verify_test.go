// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/auditlog/auditlogtest"
	"ats.run/kms-enclave/kmslib/auditlog/merkle"
)

// TestFaithfulBundleHasNoFindings verifies logs of every size up to a bound, whole,
// from each entry on, and with each number of entries pruned, against the
// checkpoint of each earlier size.
func TestFaithfulBundleHasNoFindings(t *testing.T) {
	const most = 13
	log := auditlogtest.NewLog()
	var earlier []*auditlog.Checkpoint
	for range most {
		log.Grow(1)
		earlier = append(earlier, checkpoint(t, log.Checkpoint()))
		for from := range log.Records {
			since := earlier[(from*5)%len(earlier)]
			result := verify(t, bytes.Join(log.Lines(int64(from)), nil), auditlog.Options{Key: log.Key.Point(), Since: since})
			want := auditlog.SinceContinued
			if since.Size < int64(from) {
				want = auditlog.SinceUnreached
			}
			if !result.OK() || result.Since != want || result.Root != log.Head.Root() || result.Entries != log.Head.Size()-int64(from) {
				t.Fatalf("%d entries from %d since %d: %+v", log.Head.Size(), from, since.Size, result)
			}
		}
	}
	for pruned := range most + 1 {
		for _, since := range earlier {
			result := verify(t, log.Prune(pruned).Bundle(), auditlog.Options{Since: since})
			if !result.OK() || result.Pruned != int64(pruned) || result.Since != auditlog.SinceContinued {
				t.Fatalf("%d pruned since %d: %+v", pruned, since.Size, result)
			}
			if pruned > 0 && (len(result.Remarks) != 1 || result.Remarks[0].Last != int64(pruned)-1) {
				t.Fatalf("%d pruned: remarks %v", pruned, result.Remarks)
			}
		}
	}
}

func TestResultSaysWhatTheBundleIs(t *testing.T) {
	log := auditlogtest.NewLog().Grow(25).Prune(2)
	r := verify(t, log.Bundle(), auditlog.Options{})
	if r.User != auditlogtest.User || !bytes.Equal(r.Point, log.Key.Point()) || r.First != 0 || r.Size != 25 ||
		r.Entries != 25 || r.Pruned != 2 || r.Delegated != 2 || r.Covered != 2 || r.Certificates != 1 ||
		r.From != auditlogtest.Start+120 || r.To != auditlogtest.Start+24*60 ||
		r.Checkpoint == nil || r.Checkpoint.Size != 25 || r.Since != auditlog.SinceNone {
		t.Errorf("result %+v", r)
	}
	if got := r.Remarks[0].Subject(); got != "entries 0 to 1" {
		t.Errorf("remark about %s", got)
	}
}

func TestLogKeyMaySayThatTheClockWasSetBack(t *testing.T) {
	log := auditlogtest.NewLog().Grow(5)
	e := auditlogtest.Entry(5)
	e.Time = auditlogtest.Start
	log.Add(e, log.Key)
	e = auditlogtest.Entry(9) // a delegated key goes on from there
	e.Time = auditlogtest.Start + 1
	log.Add(e, log.Delegate)
	r := verify(t, log.Bundle(), auditlog.Options{})
	if !r.OK() || len(r.Remarks) != 1 || !strings.Contains(r.Remarks[0].Text, "set back by 240 seconds") || r.Remarks[0].Subject() != "entry 5" {
		t.Errorf("findings %v, remarks %v", r.Findings, r.Remarks)
	}
}

// TestKeyWithSeveralCertificates is what a new release or a new term brings: the
// certificate counts that fits, but two do not add up.
func TestKeyWithSeveralCertificates(t *testing.T) {
	log := auditlogtest.NewLog()
	next := strings.Repeat("ab", 32)
	log.Certificates = append(log.Certificates, log.Certify(log.Delegate, func(c *auditlog.Certificate) {
		c.Code, c.NotBefore, c.NotAfter = next, auditlogtest.Start+3600, auditlogtest.Start+7200
	}))
	add := func(at int64, release string) {
		e := auditlogtest.Entry(9)
		e.Time, e.Release = auditlogtest.Start+at, release
		log.Add(e, log.Delegate)
	}
	add(10, auditlogtest.Release)
	add(4000, next)
	add(4000, auditlogtest.Release)
	if r := verify(t, log.Bundle(), auditlog.Options{}); !r.OK() {
		t.Errorf("findings %v", r.Findings)
	}
	add(7201, next)
	r := verify(t, log.Bundle(), auditlog.Options{})
	if len(r.Findings) != 1 || r.Findings[0].Seq != 3 {
		t.Errorf("findings %v", r.Findings)
	}
}

// TestProofsFromRecords makes proofs out of records alone, pruned ones among them.
func TestProofsFromRecords(t *testing.T) {
	log := auditlogtest.NewLog().Grow(21).Prune(9)
	root := log.Head.Root()
	for seq, r := range log.Records {
		proof, err := merkle.InclusionProof(int64(seq), 21, log.Read())
		if err != nil {
			t.Fatal(err)
		}
		if err := merkle.VerifyInclusion(int64(seq), 21, r.Leaf(), root, proof); err != nil {
			t.Errorf("entry %d: %v", seq, err)
		}
	}
	old := checkpoint(t, auditlogtest.NewLog().Grow(9).Checkpoint())
	proof, err := merkle.ConsistencyProof(9, 21, log.Read())
	if err != nil {
		t.Fatal(err)
	}
	if err := merkle.VerifyConsistency(9, 21, old.Root, root, proof); err != nil {
		t.Error(err)
	}
	errAbsent := errors.New("absent")
	absent := auditlog.HashReader(func(int64) (auditlog.Record, error) { return auditlog.Record{}, errAbsent })
	if _, err := merkle.ConsistencyProof(9, 21, absent); !errors.Is(err, errAbsent) {
		t.Errorf("error = %v", err)
	}
	short := auditlog.HashReader(func(int64) (auditlog.Record, error) { return auditlog.Record{}, nil })
	if _, err := merkle.ConsistencyProof(9, 21, short); err == nil {
		t.Error("a record without hashes gave one")
	}
}

func TestBundleThatCannotBeReadIsAnError(t *testing.T) {
	errBroken := errors.New("broken disk")
	bundle := auditlogtest.NewLog().Grow(3).Bundle()
	for _, n := range []int{0, 10, len(bundle) / 2, len(bundle)} {
		in := io.MultiReader(bytes.NewReader(bundle[:n]), iotest.ErrReader(errBroken))
		if _, err := auditlog.Verify(in, auditlog.Options{Verify: auditlogtest.Verify}); !errors.Is(err, errBroken) {
			t.Errorf("after %d bytes: error = %v", n, err)
		}
	}
	result, err := auditlog.Verify(iotest.OneByteReader(bytes.NewReader(bundle)), auditlog.Options{Verify: auditlogtest.Verify})
	if err != nil || !result.OK() {
		t.Errorf("byte by byte: %v, %v", result.Findings, err)
	}
}

func TestEndlessLineIsNotRead(t *testing.T) {
	endless := strings.NewReader(strings.Repeat("x", 8<<20))
	result, err := auditlog.Verify(endless, auditlog.Options{Verify: auditlogtest.Verify})
	if err != nil || !result.Has(auditlog.KindFormat) || endless.Len() < 6<<20 {
		t.Errorf("%v, %v, %d bytes left", result.Findings, err, endless.Len())
	}
}

func TestFindingsAreLimited(t *testing.T) {
	log := auditlogtest.NewLog()
	log.Certificates = nil
	for i := range int64(2100) {
		by := log.Key
		if i%2 == 0 { // so that no run joins them
			by = log.Delegate
		}
		log.Add(auditlogtest.Entry(1), by)
	}
	never := func(_, _, _ []byte) bool { return true }
	result, err := auditlog.Verify(bytes.NewReader(log.Bundle()), auditlog.Options{Verify: never})
	if err != nil || len(result.Findings) != 1000 || result.More != 50 {
		t.Errorf("%d findings, %d more, %v", len(result.Findings), result.More, err)
	}
}

// TestLargestLogIsVerified is at the end of what sequence numbers can count.
func TestLargestLogIsVerified(t *testing.T) {
	log := auditlogtest.NewLog()
	log.Head = headOf(t, merkle.MaxSize-1)
	header := auditlog.BundleHeader{
		User: auditlogtest.User, Point: log.Key.Point(),
		First: merkle.MaxSize - 1, Size: merkle.MaxSize, Prefix: log.Head.Frontier,
	}
	log.Add(auditlogtest.Entry(1), log.Key)
	entry := log.Records[0].Line()
	bundle := slices.Concat(header.Line(), entry, auditlog.Footer(log.Checkpoint()))
	if result := verify(t, bundle, auditlog.Options{}); !result.OK() || result.First != merkle.MaxSize-1 {
		t.Errorf("findings %v", result.Findings)
	}
	bundle = slices.Concat(header.Line(), entry, entry, []byte("{}\n"), entry, auditlog.Footer(log.Checkpoint()))
	if result := verify(t, bundle, auditlog.Options{}); !result.Has(auditlog.KindOrder) {
		t.Errorf("findings %v", result.Findings)
	}
}

// TestEveryFlippedBitIsFound flips one bit in each byte of a bundle.
func TestEveryFlippedBitIsFound(t *testing.T) {
	log := auditlogtest.NewLog().Grow(10).Prune(2)
	bundle := log.Bundle()
	o := auditlog.Options{Since: checkpoint(t, log.Checkpoint()), Key: log.Key.Point(), Verify: remembering()}
	for i := range bundle {
		changed := bytes.Clone(bundle)
		changed[i] ^= 1
		result, err := auditlog.Verify(bytes.NewReader(changed), o)
		if err != nil || result.OK() {
			t.Errorf("byte %d of %d, in %q", i, len(bundle), bundle[max(0, i-20):min(len(bundle), i+20)])
		}
	}
}

// remembering is auditlogtest.Verify, once for the same arguments.
func remembering() auditlog.VerifyFunc {
	known := make(map[string]bool)
	return func(point, message, signature []byte) bool {
		arguments := string(point) + string(message) + string(signature)
		ok, there := known[arguments]
		if !there {
			ok = auditlogtest.Verify(point, message, signature)
			known[arguments] = ok
		}
		return ok
	}
}

func FuzzVerify(f *testing.F) {
	log := auditlogtest.NewLog().Grow(4)
	f.Add(log.Bundle())
	f.Add(bytes.Join(log.Prune(2).Lines(1), nil))
	f.Add([]byte("{}\n{}\n"))
	genuine := log.Head.Root()
	since := checkpoint(f, log.Checkpoint())
	f.Fuzz(func(t *testing.T, data []byte) {
		o := auditlog.Options{Since: since, Key: log.Key.Point(), Verify: auditlogtest.Verify}
		result, err := auditlog.Verify(bytes.NewReader(data), o)
		if err != nil {
			t.Fatal(err)
		}
		if result.OK() && result.Since == auditlog.SinceContinued && result.Root != genuine {
			t.Error("another log is accepted")
		}
		for _, finding := range result.Findings {
			_ = finding.String()
		}
	})
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package auditlog

// record judges the line of one record.
func (v *verification) record(r Record) {
	v.result.Entries++
	if r.User != v.header.User {
		v.result.add(KindUser, r.Seq, "entries of the user of the bundle", "an entry of another user's log")
	}
	v.order(r)
	v.tree(r)
	if r.Entry == nil {
		v.pruned(r)
		return
	}
	v.dates(*r.Entry)
	v.delegated(*r.Entry)
}

// order judges the sequence number.
func (v *verification) order(r Record) {
	switch {
	case r.Seq > v.next:
		v.result.addRun(KindGap, v.next, r.Seq-1, "every entry from first to last",
			"missing: taken out before the bundle was made, or from it")
		v.broken = true
	case r.Seq < v.next:
		v.result.add(KindOrder, r.Seq, "each entry once, by sequence number", "it comes after entry "+number(v.next-1))
		v.broken = true
	}
	if r.Seq >= v.header.Size {
		v.result.add(KindOrder, r.Seq, "entries up to "+number(v.header.Size-1)+", as the first line says", "one beyond")
	}
	v.next = max(v.next, r.Seq+1)
}

// tree continues the tree by the record, and checks the signature over it. Once
// an entry is missing no later tree is known, so nothing more is said about
// signatures then.
func (v *verification) tree(r Record) {
	point := v.header.Point
	if r.Signer != v.logID {
		certificates := v.keys[r.Signer]
		if len(certificates) == 0 {
			v.result.add(KindSigner, r.Seq, "the log key or a key that has a certificate",
				"signed by a key that is neither")
			point = nil
		} else {
			point = certificates[0].Point
		}
		v.result.Delegated++
	}
	if v.broken {
		v.result.Unchecked++
		return
	}
	v.frontier, _ = v.frontier.Append(r.Leaf())
	v.atSize()
	message := body(Origin(v.header.User), v.frontier.Size(), v.frontier.Root())
	if point != nil && !v.o.Verify(point, message, r.Signature) {
		v.result.add(KindSignature, r.Seq, "a signature by the key that the entry names, over the log up to it",
			"not that: the entry, one before it or the signature was changed, or another key signed")
	}
}

// pruned judges a record whose entry was taken away to save room, which is
// allowed to the first entries only.
func (v *verification) pruned(r Record) {
	if v.result.Pruned < v.result.Entries-1 {
		v.result.add(KindGap, r.Seq, "that only the first entries are pruned", "pruned although an earlier entry is there")
	}
	if v.result.Pruned++; v.result.Pruned == 1 {
		v.prunedAt = len(v.result.Remarks)
		v.result.Remarks = append(v.result.Remarks, Remark{Seq: r.Seq,
			Text: "pruned: signed hashes are there, what was done is not"})
	}
	v.result.Remarks[v.prunedAt].Last = r.Seq
}

// dates judges the time of an entry. The log key may say that the clock of the
// device was set back; a delegated key may not, or a stolen one could sign after
// its time is over.
func (v *verification) dates(e Entry) {
	if v.result.From == 0 {
		v.result.From = e.Time
	}
	v.result.To = e.Time
	switch {
	case e.Time >= v.time:
	case e.Signer != v.logID:
		v.result.add(KindTime, e.Seq, "a delegated key not to date its entries back",
			"dated "+date(e.Time)+", but the entry before "+date(v.time))
		return // so that the next is compared with the later time
	default:
		v.result.Remarks = append(v.result.Remarks, Remark{e.Seq, e.Seq, "the clock of the device was set back by " +
			number(v.time-e.Time) + " seconds before it, which the log key signed"})
	}
	v.time = e.Time
}

// delegated judges an entry that a delegated key signed by the certificate of that
// key which fits best.
func (v *verification) delegated(e Entry) {
	certificates := v.keys[e.Signer]
	if e.Signer == v.logID || len(certificates) == 0 {
		return
	}
	v.result.Covered++
	best := certificates[0]
	missing := best.missing(e)
	for _, c := range certificates[1:] {
		if other := c.missing(e); len(other) < len(missing) {
			best, missing = c, other
		}
	}
	for _, kind := range missing {
		switch kind {
		case KindScope:
			v.result.add(kind, e.Seq, "only what the certificate of the delegated key allows",
				e.Method+" with the outcome "+e.Outcome+", which it does not allow")
		case KindValidity:
			v.result.add(kind, e.Seq, "a time at which the certificate of the delegated key is valid",
				"dated "+date(e.Time)+", but the certificate is valid from "+date(best.NotBefore)+" to "+date(best.NotAfter))
		case KindCode:
			v.result.add(kind, e.Seq, "the release that the certificate of the delegated key names",
				releaseOf(e)+", but the certificate is for release "+best.Code)
		}
	}
}

func releaseOf(e Entry) string {
	if e.Release == "" {
		return "no release named"
	}
	return "release " + e.Release
}

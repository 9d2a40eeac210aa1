// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"ats.run/kms-enclave/kmslib/auditlog/merkle"
	"ats.run/kms-enclave/kmslib/updateproof"
)

type vectorCase struct {
	name, expect string
	manifest     string
	rule         updateproof.Rule
	file         string
	time         int64
	evidence     *evidence
}

func vectorCases() []vectorCase {
	var all []vectorCase
	all = append(all, goodCases()...)
	all = append(all, refusedEvidence()...)
	all = append(all, refusedRules()...)
	return append(all, refusedForms()...)
}

func good(name string, e *evidence, time int64, change func(*updateproof.Rule)) vectorCase {
	c := vectorCase{name: name, expect: "accept", manifest: manifest, rule: rule(), file: e.file(), time: time, evidence: e}
	if change != nil {
		change(&c.rule)
	}
	return c
}

func goodCases() []vectorCase {
	late := logged(manifest, 5, 7).signed()
	late.signatures = append(late.signatures, witness3.cosign(late.body, firstDay+500), witness1.cosign(late.body, firstDay+900), witness2.cosign(late.body, firstDay+100))
	twin := stranger
	twin.name = witness1.name
	mixed := logged(manifest, 5, 7).signed(witness1, stranger, twin, witness2)
	mixed.signatures = append(mixed.signatures, newSigner(logName, 2).line([]byte("another sort of signature")))
	none := func(*updateproof.Rule) {}
	return []vectorCase{
		good("two witnesses", logged(manifest, 5, 7).signed(witness1, witness2), firstDay+86400, none),
		good("the only entry", logged(manifest, 0, 1).signed(witness1, witness2), firstDay+86400, none),
		good("the first entry", logged(manifest, 0, 8).signed(witness1, witness2), firstDay+86400, none),
		good("the last entry", logged(manifest, 8, 9).signed(witness2, witness3), firstDay+86400, none),
		good("a larger log", logged(manifest, 300, 1000).signed(witness1, witness2), firstDay+86400, none),
		good("the second of three times counts", late, firstDay+500, none),
		good("one witness suffices", late, firstDay+100, func(r *updateproof.Rule) { r.Threshold = 1 }),
		good("all three have to", late, firstDay+900, func(r *updateproof.Rule) { r.Threshold = 3 }),
		good("signatures of strangers are ignored", mixed, firstDay+3*86400, none),
	}
}

func refusedEvidence() []vectorCase {
	var all []vectorCase
	add := func(name string, code updateproof.Code, make func(e *evidence) *evidence) {
		e := make(logged(manifest, 5, 7))
		all = append(all, vectorCase{name: name, expect: string(code), manifest: manifest, rule: rule(), file: e.file()})
	}
	both := func(e *evidence) *evidence { return e.signed(witness1, witness2) }

	add("signature by another key", updateproof.CodeSignature, func(e *evidence) *evidence {
		e.signature = sign(updateKey("C"), manifest)
		return both(e)
	})
	add("signature over another manifest", updateproof.CodeSignature, func(e *evidence) *evidence {
		e.signature = sign(e.key, manifest+" ")
		return both(e)
	})
	add("another signature of the key than the logged one", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.signature = otherSignature(e.signature)
		return both(e)
	})
	add("logged with another key of the rule", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.grow(updateproof.EntryBody(sha256.Sum256([]byte(manifest)), e.signature, spki(updateKey("B"))), 7)
		return both(e)
	})
	add("another entry was logged", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.grow([]byte("{}"), 7)
		return both(e)
	})
	add("another index", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.index = 4
		return both(e)
	})
	add("index beyond the log", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.index = 7
		return both(e)
	})
	add("index beyond a log of one entry", updateproof.CodeInclusion, func(*evidence) *evidence {
		e := logged(manifest, 0, 1)
		e.index = 1
		return both(e)
	})
	add("the entry itself as the root of a larger log", updateproof.CodeInclusion, func(e *evidence) *evidence {
		leaf := merkle.LeafHash(updateproof.EntryBody(sha256.Sum256([]byte(manifest)), e.signature, spki(e.key)))
		e.index, e.hashes, e.body = 0, nil, checkpointBody(logName, 4, leaf[:])
		return both(e)
	})
	add("a hash is missing", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.hashes = e.hashes[1:]
		return both(e)
	})
	add("a hash too many", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.hashes = append(e.hashes, merkle.Hash{})
		return both(e)
	})
	add("hashes in another order", updateproof.CodeInclusion, func(e *evidence) *evidence {
		e.hashes[0], e.hashes[1] = e.hashes[1], e.hashes[0]
		return both(e)
	})
	add("an empty log", updateproof.CodeInclusion, func(e *evidence) *evidence {
		empty := sha256.Sum256(nil)
		e.body = checkpointBody(logName, 0, empty[:])
		return both(e)
	})
	add("another log", updateproof.CodeLog, func(e *evidence) *evidence {
		e.body = strings.Replace(e.body, logName, "other.example", 1)
		return both(e)
	})
	add("not signed by the log", updateproof.CodeLog, func(e *evidence) *evidence {
		e = both(e)
		e.signatures = e.signatures[1:]
		return e
	})
	add("signed by another key in the log's name", updateproof.CodeLog, func(e *evidence) *evidence {
		e = both(e)
		forger := newSigner("forger", 1)
		forger.name = logName
		e.signatures[0] = forger.sign(e.body)
		return e
	})
	add("the log's signature is over another checkpoint", updateproof.CodeLog, func(e *evidence) *evidence {
		e = both(e)
		e.signatures[0] = theLog.sign(e.body + "more\n")
		return e
	})
	add("the log's signature is short", updateproof.CodeLog, func(e *evidence) *evidence {
		e = both(e)
		e.signatures[0] = theLog.line(make([]byte, 63))
		return e
	})
	add("the log cosigned where it should sign", updateproof.CodeLog, func(e *evidence) *evidence {
		e = both(e)
		e.signatures[0] = theLog.cosign(e.body, firstDay)
		return e
	})
	all = append(all, refusedWitnesses()...)
	all = append(all, vectorCase{
		name: "another manifest", expect: string(updateproof.CodeSignature), manifest: strings.Replace(manifest, "5", "6", 1),
		rule: rule(), file: both(logged(manifest, 5, 7)).file(),
	})
	return all
}

func refusedWitnesses() []vectorCase {
	var all []vectorCase
	add := func(name string, code updateproof.Code, lines func(body string) []string) {
		e := logged(manifest, 5, 7).signed(witness1)
		e.signatures = append(e.signatures, lines(e.body)...)
		all = append(all, vectorCase{name: name, expect: string(code), manifest: manifest, rule: rule(), file: e.file()})
	}
	add("one witness only", updateproof.CodeQuorum, func(string) []string { return nil })
	add("the second witness is a stranger", updateproof.CodeQuorum, func(body string) []string {
		return []string{stranger.cosign(body, firstDay)}
	})
	add("a witness's name with a stranger's key", updateproof.CodeQuorum, func(body string) []string {
		forger := stranger
		forger.name = witness2.name
		return []string{forger.cosign(body, firstDay)}
	})
	add("cosignature over another checkpoint", updateproof.CodeCosignature, func(body string) []string {
		return []string{witness2.cosign(strings.Replace(body, "7", "8", 1), firstDay)}
	})
	add("a third cosignature is wrong", updateproof.CodeCosignature, func(body string) []string {
		return []string{witness2.cosign(body, firstDay), witness3.cosign("", firstDay)}
	})
	add("cosignature of another time than it says", updateproof.CodeCosignature, func(body string) []string {
		line := witness2.cosign(body, firstDay)
		data, _ := base64.StdEncoding.DecodeString(strings.Fields(line)[2])
		data[4+7]--
		return []string{witness2.line(data[4:])}
	})
	add("a plain signature where a cosignature should be", updateproof.CodeCosignature, func(body string) []string {
		return []string{witness2.sign(body)}
	})
	add("cosignature of no time", updateproof.CodeCosignature, func(body string) []string {
		return []string{witness2.cosign(body, 0)}
	})
	add("cosignature of a time beyond all clocks", updateproof.CodeCosignature, func(body string) []string {
		return []string{witness2.cosign(body, 1<<53)}
	})
	add("cosignature of a time that is negative as an int64", updateproof.CodeCosignature, func(body string) []string {
		return []string{witness2.cosign(body, 1<<63)}
	})
	return all
}

func refusedRules() []vectorCase {
	var all []vectorCase
	add := func(name string, change func(r *updateproof.Rule)) {
		c := vectorCase{name: name, expect: string(updateproof.CodeRule), manifest: manifest, rule: rule()}
		c.file = logged(manifest, 5, 7).signed(witness1, witness2).file()
		change(&c.rule)
		all = append(all, c)
	}
	flip := func(key []byte, at int) []byte {
		key[at] ^= 1
		return key
	}
	add("no update key", func(r *updateproof.Rule) { r.Keys = nil })
	add("an update key twice", func(r *updateproof.Rule) { r.Keys[1] = r.Keys[0] })
	add("an update key that is no point of the curve", func(r *updateproof.Rule) { r.Keys[0] = flip(r.Keys[0], 90) })
	add("an update key of another curve", func(r *updateproof.Rule) { r.Keys[0] = flip(r.Keys[0], 22) })
	add("an update key with a byte after it", func(r *updateproof.Rule) { r.Keys[0] = append(r.Keys[0], 0) })
	add("no log", func(r *updateproof.Rule) { r.Log = "" })
	add("a log's key of a witness's type", func(r *updateproof.Rule) { r.Log = newSigner(logName, 4).vkey() })
	add("a log's key with another id", func(r *updateproof.Rule) {
		r.Log = strings.Replace(r.Log, "+", "+0", 1)
		at := strings.Index(r.Log, "+") + 9
		r.Log = r.Log[:at] + r.Log[at+1:]
	})
	add("a log's key with its id in capitals", func(r *updateproof.Rule) {
		parts := strings.SplitN(r.Log, "+", 3)
		r.Log = parts[0] + "+" + strings.ToUpper(parts[1]) + "+" + parts[2]
	})
	add("a log's key cut short", func(r *updateproof.Rule) { r.Log = r.Log[:len(r.Log)-1] })
	add("a log without a name", func(r *updateproof.Rule) { r.Log = newSigner("", 1).vkey() })
	add("a log with a name that is not ASCII", func(r *updateproof.Rule) { r.Log = newSigner("prüf.example", 1).vkey() })
	add("no witness", func(r *updateproof.Rule) { r.Witnesses = nil })
	add("a witness's key of a log's type", func(r *updateproof.Rule) { r.Witnesses[2] = newSigner("witness.example/3", 1).vkey() })
	add("a witness's key under two names", func(r *updateproof.Rule) {
		twin := witness1
		twin.name = "other.example"
		r.Witnesses[2] = twin.vkey()
	})
	add("a witness with the log's key", func(r *updateproof.Rule) {
		twin := theLog
		twin.kind = 4
		r.Witnesses[2] = twin.vkey()
	})
	add("no threshold", func(r *updateproof.Rule) { r.Threshold = 0 })
	add("a threshold below nothing", func(r *updateproof.Rule) { r.Threshold = -1 })
	add("a threshold above the witnesses", func(r *updateproof.Rule) { r.Threshold = 4 })
	return all
}

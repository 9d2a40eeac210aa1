// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict

import (
	"bytes"
	"encoding/json"
)

// BundleSchema is the value of "schema" in the JSON form of a BundleLine.
const BundleSchema = "kmsverify-bundle/1"

// BundleLine is what was found about one bundle among many, told in one line.
type BundleLine struct {
	Bundle   string  // its path, or what else names it
	Artifact string  // path of the file that it signs, or ""
	Signed   *Signed // who signed what; nil if the bundle does not hold
	// Why it does not hold, or could not be looked at. Expected is empty for the latter.
	Step                    Step
	Expected, Found, Advice string
}

// Result returns OK, Refuted or Unavailable.
func (l *BundleLine) Result() Result {
	switch {
	case l.Signed != nil:
		return OK
	case l.Expected != "":
		return Refuted
	default:
		return Unavailable
	}
}

// Conclusion returns what follows from this bundle alone.
func (l *BundleLine) Conclusion() Conclusion {
	switch l.Result() {
	case OK:
		return ConcludeVerified
	case Refuted:
		return ConcludeRefuted
	default:
		return ConcludeUnchecked
	}
}

// Text returns the line for people, with its end.
func (l *BundleLine) Text(style Style) string {
	t := &textWriter{style: style}
	name := Plain(l.Bundle)
	switch l.Result() {
	case OK:
		s := plainSigned(*l.Signed)
		t.printf("%s %s: %s %s, %s, at %s, in log %s, entry %d", t.paint(green, "VERIFIED"), name, s.Role, s.Party, s.What, s.Time, s.Log, s.Index)
		if style.Verbose {
			t.printf(", by %s, witnesses: %d", s.Identity, len(s.Witnesses))
		}
	case Refuted:
		t.printf("%s %s: %s: expected %s; found %s; to do: %s", t.paint(red, "REFUTED"), name, l.Step, Plain(l.Expected), Plain(l.Found), Plain(l.Advice))
	default:
		t.printf("%s %s: %s: because %s; to do: %s", t.paint(yellow, "COULD NOT CHECK"), name, l.Step, Plain(l.Found), Plain(l.Advice))
	}
	return t.out.String() + "\n"
}

type jsonBundle struct {
	Schema   string      `json:"schema"`
	Bundle   string      `json:"bundle"`
	Artifact string      `json:"artifact,omitempty"`
	Result   Result      `json:"result"`
	Signed   *jsonSigned `json:"signed,omitempty"`
	Step     Step        `json:"step,omitempty"`
	Expected string      `json:"expected,omitempty"`
	Found    string      `json:"found,omitempty"`
	Advice   string      `json:"advice,omitempty"`
}

// JSON returns the line for programs, with its end.
func (l *BundleLine) JSON() []byte {
	out := jsonBundle{
		Schema: BundleSchema, Bundle: Plain(l.Bundle), Artifact: Plain(l.Artifact), Result: l.Result(),
		Step: l.Step, Expected: Plain(l.Expected), Found: Plain(l.Found), Advice: Plain(l.Advice),
	}
	if l.Signed != nil {
		signed := jsonSigned(plainSigned(*l.Signed))
		out.Signed = &signed
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(out) // strings and numbers: cannot fail
	return b.Bytes()
}

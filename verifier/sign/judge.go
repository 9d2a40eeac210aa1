// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"maps"
	"slices"
	"time"

	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/policy"
	"ats.run/kms-enclave/verifier/releasecheck"
	"ats.run/kms-enclave/verifier/trust"
	"ats.run/kms-enclave/verifier/verdict"
)

// Published is a release as it will be hosted, and what it is measured by.
type Published struct {
	Target     string // name of the release, for the report
	Release    *artifact.Set
	Added      map[string][]byte // by name, also in place of files of the release
	Policy     *policy.Policy
	Trust      *trust.Root
	Now        time.Time
	Incomplete bool // rebuilders and the update proof may be missing still
}

// JudgePublished checks a release with its signatures as those will who verify
// what is hosted. The report tells more than the error, a *Fault.
func JudgePublished(p Published) (*verdict.Report, error) {
	files := make(map[string][]byte)
	for _, name := range p.Release.Names() {
		files[name], _ = p.Release.Content(name)
	}
	maps.Copy(files, p.Added)
	set := artifact.NewSet(files)
	options := releasecheck.Options{Judged: true}
	required := evidence.Required(p.Policy)
	if p.Incomplete {
		required = slices.DeleteFunc(required, func(s verdict.Step) bool { return s == verdict.Rebuilders })
	}
	report := verdict.New("release", p.Target, append(releasecheck.Required(options), required...)...)
	evidence.Check(report, evidence.Input{
		Set: set, Manifest: releasecheck.Check(report, set, options), Items: evidence.Items(set),
		Policy: p.Policy, Trust: p.Trust, Now: p.Now, Published: true, Incomplete: p.Incomplete,
	})
	switch report.Conclude() {
	case verdict.ConcludeVerified:
		return report, nil
	case verdict.ConcludeRefuted:
		return report, refused("release", "one that fulfils the policy", "one that does not",
			"The lines above say what is wrong. If only rebuilders or the update proof are missing, --allow-incomplete publishes nevertheless")
	default:
		return report, unavailable("release", "it could not be judged whole", "The lines above say why")
	}
}

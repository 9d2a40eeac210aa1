// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strconv"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/kmslib/wire"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/evidence"
	"ats.run/kms-enclave/verifier/verdict"
)

// Release is one that the monitor's owner knows: its files and signatures.
type Release struct {
	Name  string // for reports
	Set   *artifact.Set
	Items []evidence.Item // besides those in the set
}

// known are the known releases, and what each of their signatures signed.
type known struct {
	config   *Config
	releases []knownRelease
	digests  map[string]explanation
}

// explanation says what was signed: release.json of a release or its WEBCAT
// manifest, or the statement in one of its bundles.
type explanation struct {
	release int
	item    string // name of the bundle, or "" for a manifest
}

type knownRelease struct {
	Release
	manifest *release.Manifest
	items    []evidence.Item
	judged   bool
	kind     string          // of alarm that an entry of it is, "" for none
	held     map[string]bool // bundles whose statement counts
}

// newKnown indexes the releases that the config names, and records those that
// are none.
func newKnown(report *verdict.Report, config *Config) *known {
	k := &known{config: config, digests: make(map[string]explanation)}
	for _, r := range config.Known {
		data, _ := r.Set.Content(release.ManifestPath)
		manifest, err := release.Parse(data)
		if err != nil {
			report.Miss(verdict.Input, r.Name, "its release.json: "+err.Error(), "Give folders of releases with --known.")
			continue
		}
		one := knownRelease{Release: r, manifest: manifest, items: evidence.Unique(append(evidence.Items(r.Set), r.Items...))}
		at := len(k.releases)
		for i := range one.items {
			item := &one.items[i]
			item.Name = strconv.Itoa(i) // to find it again: each has its own
			if digest := signedDigest(item.Data); digest != "" {
				k.digests[digest] = explanation{at, item.Name}
			}
		}
		k.digests[release.Digest(data)] = explanation{at, ""}
		if digest := webcatDigest(r.Set, manifest); digest != "" {
			k.digests[digest] = explanation{at, ""}
		}
		k.releases = append(k.releases, one)
	}
	return k
}

// webcatDigest returns the SHA-256 of the WEBCAT manifest that was signed for a
// deployment of this release, or "" if there is none. One that lists other
// files explains nothing.
func webcatDigest(set *artifact.Set, m *release.Manifest) string {
	data, ok := set.Content(release.WebcatBundlePath)
	if !ok {
		return ""
	}
	bundle, err := webcat.ParseBundle(data)
	if err != nil || bundle.Manifest.CheckRelease(m) != nil {
		return ""
	}
	return release.Digest(bundle.Signed)
}

// signedDigest returns the SHA-256 of what a statement bundle's signature is
// over (DSSE's pre-authentication encoding), or "" if it is none. Rekor v2
// logs that digest.
func signedDigest(bundle []byte) string {
	v, err := wire.Parse(bundle)
	if err != nil {
		return ""
	}
	payload, err := base64.StdEncoding.DecodeString(textAt(v, "dsseEnvelope", "payload"))
	kind := textAt(v, "dsseEnvelope", "payloadType")
	if err != nil || kind == "" {
		return ""
	}
	signed := "DSSEv1 " + strconv.Itoa(len(kind)) + " " + kind + " " + strconv.Itoa(len(payload)) + " "
	sum := sha256.Sum256(append([]byte(signed), payload...))
	return hex.EncodeToString(sum[:])
}

// explains returns what kind of alarm an entry of a publisher that signed
// digest is: none if it is of a release whose evidence fulfils the policy, and
// part of that evidence.
func (k *known) explains(digest string) (kind string) {
	e, ok := k.digests[digest]
	if !ok {
		return UnknownRelease
	}
	r := &k.releases[e.release]
	if !r.judged {
		r.kind, r.judged = k.judge(r), true
	}
	if e.item != "" && !r.held[e.item] && r.kind == "" {
		return NotProved // anybody can lay a bundle beside a release: this one is not about it
	}
	return r.kind
}

// judge checks the evidence of a release. Whether it is recent, still allowed
// or revoked is no concern of a log that keeps everything, nor whether apps of
// today would follow to it.
func (k *known) judge(r *knownRelease) (kind string) {
	report := verdict.New("log", r.Name)
	k.config.evidence(report, evidence.Input{
		Set: r.Set, Manifest: r.manifest, Items: r.items, Policy: k.config.Policy, Trust: k.config.Trust, Now: k.config.Now,
	})
	var failed []verdict.Step
	passed := make(map[verdict.Step]bool)
	r.held = make(map[string]bool)
	for _, c := range report.Checks() {
		switch {
		case c.Result == verdict.OK:
			passed[c.Step] = true
			if c.Step == verdict.Statement {
				r.held[c.Subject] = true
			}
		case c.Result != verdict.Unchecked:
			failed = append(failed, c.Step)
		}
	}
	for _, step := range k.config.required {
		if !passed[step] {
			failed = append(failed, step)
		}
	}
	failed = slices.DeleteFunc(failed, func(s verdict.Step) bool {
		return s == verdict.Freshness || s == verdict.Allowed || s == verdict.Update
	})
	switch {
	case len(failed) == 0:
		return ""
	case !slices.ContainsFunc(failed, func(s verdict.Step) bool { return s != verdict.Rebuilders }):
		return NotRebuilt
	}
	return NotProved
}

// named returns the name of the release that explains a digest, or "".
func (k *known) named(digest string) string {
	if e, ok := k.digests[digest]; ok {
		return k.releases[e.release].Name
	}
	return ""
}

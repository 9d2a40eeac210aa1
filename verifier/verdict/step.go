// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package verdict

// Step names what a check looked at. The names are part of the JSON format.
type Step string

// The steps, in the order in which they run.
const (
	Input      Step = "input"
	Manifest   Step = "manifest"
	Pin        Step = "pin"
	Listing    Step = "listing"
	Content    Step = "content"
	Name       Step = "name"
	Chain      Step = "chain"
	SRI        Step = "sri"
	Checksums  Step = "checksums"
	Provenance Step = "provenance"
	SBOM       Step = "sbom"
	Policy     Step = "policy"
	Hosting    Step = "hosting"
	Fetch      Step = "fetch"
	Deployment Step = "deployment"
	MediaType  Step = "media-type"
	Headers    Step = "headers"
	Entry      Step = "entry"
	Unknown    Step = "unknown-path"
	Signature  Step = "signature"

	Form        Step = "form"
	LogKey      Step = "log-key"
	Order       Step = "order"
	Signer      Step = "signer"
	Certificate Step = "certificate"
	Checkpoint  Step = "checkpoint"
	Since       Step = "since"

	WAICT      Step = "waict"
	WEBCAT     Step = "webcat"
	WellKnown  Step = "well-known"
	Same       Step = "equivocation"
	Rules      Step = "rules"
	TrustRoot  Step = "trust-root"
	Bundle     Step = "bundle"
	Timestamp  Step = "timestamp"
	Logged     Step = "log"
	Witness    Step = "witness"
	Statement  Step = "statement"
	Builder    Step = "builder"
	BuiltFrom  Step = "source"
	Required   Step = "required"
	Rebuilders Step = "rebuilders"
	Freshness  Step = "freshness"
	Allowed    Step = "allowed"
	Update     Step = "update"

	Clone      Step = "clone"
	Build      Step = "build"
	Reproduced Step = "reproduced"

	Consistency Step = "consistency"
	LogEntry    Step = "log-entry"
)

// Steps returns every step in order, each with one line that says what it
// means if the step is ok.
func Steps() []StepInfo {
	return []StepInfo{
		{Input, "only plain files with plain names, within the size limits"},
		{Manifest, "release.json is a valid manifest in its canonical bytes"},
		{Pin, "the release digest is the one given with --expect"},
		{Fetch, "each file is served at its own address without redirects"},
		{Deployment, "deployment.json names the origins that may embed the enclave"},
		{Listing, "every listed file is there and no other file is"},
		{Content, "size, SHA-256 and SRI of each file are as listed"},
		{Name, "content-addressed names fit the contents"},
		{Chain, "the page pins the frame, the frame the worker, the worker the WASM"},
		{SRI, "sri.json holds exactly the integrity values of the manifest"},
		{Checksums, "SHA256SUMS holds exactly the digests of the files"},
		{Provenance, "the SLSA provenance is about exactly these files"},
		{SBOM, "the CycloneDX list of components is complete and consistent"},
		{Policy, "the promised headers are at least as strict as the built-in minimum"},
		{Hosting, "the host configurations carry every promised header"},
		{MediaType, "files are served with the media types of the manifest"},
		{Headers, "promised headers are served exactly, unsafe ones are not"},
		{Entry, "the address / serves the same as the entry document"},
		{Unknown, "an address that is not part of the release answers 404, inert"},
		{Signature, "who signed the release"},
		{Form, "the exported log is in its form, from header to checkpoint"},
		{LogKey, "the log key is the one given with --key"},
		{Order, "no entry is missing, comes twice, is of another user or dated back"},
		{Signer, "each entry is signed by the key it names, over the log up to it"},
		{Certificate, "delegated keys signed only what, and when, they were allowed to"},
		{Checkpoint, "the checkpoint is over these entries, and signed"},
		{Since, "the log goes on from the checkpoint given with --since"},
		{WAICT, "the WAICT manifests list exactly the active files of the release"},
		{WEBCAT, "the WEBCAT manifest lists exactly the served files of the release"},
		{WellKnown, "what lies under /.well-known/ belongs to this release"},
		{Same, "every round, every way of asking and every vantage got the same"},
		{Rules, "the policy is one that can be held"},
		{TrustRoot, "the trust root is the one that the policy names"},
		{Bundle, "each signature is a Sigstore bundle in its form"},
		{Timestamp, "a timestamp authority says when, within every key's validity"},
		{Logged, "the entry for this very signature is in a log of the trust root"},
		{Witness, "enough witnesses have cosigned the log's checkpoint"},
		{Statement, "each attestation is of its type and about exactly these files"},
		{Builder, "the builder is the one that this signer may speak for"},
		{BuiltFrom, "repository, ref, commit and parameters are as the policy says"},
		{Required, "no attestation that the policy asks for is missing"},
		{Rebuilders, "enough independent rebuilders got the same bytes"},
		{Freshness, "the release was signed recently enough"},
		{Allowed, "protocol and version are allowed, the release is not revoked"},
		{Update, "the update proof is in the log, for this release, by an update key of the policy"},
		{Clone, "the source is at the commit that the release names"},
		{Build, "the build ended well, from nothing that others can write"},
		{Reproduced, "the rebuilt file equals the published one"},
		{Consistency, "the log only grew since the last look"},
		{LogEntry, "each new entry of the signers is a release that is known"},
	}
}

// StepInfo is a step with its meaning in plain words.
type StepInfo struct {
	Step    Step
	Meaning string
}

// Result is the outcome of one check. The names are part of the JSON format.
type Result string

// The results.
const (
	OK          Result = "ok"          // as it must be
	Refuted     Result = "refuted"     // seen, and not as it must be
	Unavailable Result = "unavailable" // could not be seen: I/O, network, time
	Unchecked   Result = "unchecked"   // seen, and left alone on purpose
)

// Conclusion is the outcome of all checks together.
type Conclusion string

// The conclusions; ExitCode maps each to the exit code of a program.
const (
	ConcludeVerified  Conclusion = "verified"
	ConcludeRefuted   Conclusion = "refuted"
	ConcludeUnchecked Conclusion = "unchecked"
)

// ExitCode returns 0 for verified, 1 for refuted and 2 for unchecked.
func (c Conclusion) ExitCode() int {
	switch c {
	case ConcludeVerified:
		return 0
	case ConcludeRefuted:
		return 1
	default:
		return 2
	}
}

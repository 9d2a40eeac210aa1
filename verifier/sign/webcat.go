// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"context"

	"ats.run/kms-enclave/kmslib/release"
	"ats.run/kms-enclave/kmslib/webcat"
	"ats.run/kms-enclave/verifier/artifact"
	"ats.run/kms-enclave/verifier/verdict"
)

// PlanWebcat returns the manifest for the WEBCAT extension, expanded for one
// deployment: what an operator signs.
func PlanWebcat(set *artifact.Set, deployment []byte) (*Plan, error) {
	template, ok := set.Content(release.WebcatManifestPath)
	if !ok {
		return nil, refused(release.WebcatManifestPath, "the file", "none", "Build a release of format "+release.Format)
	}
	manifest, err := webcat.ParseManifest(template)
	if err != nil {
		return nil, refused(release.WebcatManifestPath, "a WEBCAT manifest", verdict.Plain(err.Error()), "Build the release again")
	}
	if manifest.IsTemplate() {
		if deployment == nil {
			return nil, misused("--deployment", "deployment.json, since the policies name the embedders", "none", "Name the file that the host serves")
		}
		parsed, err := release.ParseDeployment(deployment)
		if err != nil {
			return nil, misused("deployment.json", "the origins that may embed", verdict.Plain(err.Error()), "Correct it, then sign")
		}
		manifest = manifest.Expand(parsed.Expand)
	}
	data, err := manifest.Marshal()
	if err != nil {
		return nil, refused(release.WebcatManifestPath, "a manifest that can be expanded", verdict.Plain(err.Error()), "Correct deployment.json, then sign")
	}
	return &Plan{Jobs: []Job{{Subject: release.WebcatManifestPath, File: release.WebcatBundlePath, Payload: data}}}, nil
}

// Webcat signs what PlanWebcat returned, keyless, and returns enrollment.json and
// bundle.json by their paths. The enrollment allows exactly this signer.
func (s *Signer) Webcat(ctx context.Context, plan *Plan, maxAge int64) (map[string][]byte, error) {
	if s.Key != nil {
		return nil, misused("signing for WEBCAT", "an identity token", "a key", "The extension knows signers by their certificates alone")
	}
	signed, err := s.Sign(ctx, plan.Jobs[0])
	if err != nil {
		return nil, err
	}
	enrollment, err := webcat.Enrollment{
		TrustedRoot: s.Trust.JSON, MaxAge: maxAge,
		Claims: map[string]string{webcat.ClaimSubject: signed.Proof.Subject, webcat.ClaimIssuer: signed.Proof.Issuer},
	}.Marshal()
	if err != nil {
		return nil, refused(release.WebcatEnrollmentPath, "an enrollment that the extension takes", verdict.Plain(err.Error()), "Check --webcat-max-age and the trust root")
	}
	bundle, err := webcat.Bundle(enrollment, plan.Jobs[0].Payload, [][]byte{signed.Data})
	if err != nil {
		return nil, refused(release.WebcatBundlePath, "a bundle that the extension takes", verdict.Plain(err.Error()), adviceInstance)
	}
	return map[string][]byte{release.WebcatEnrollmentPath: enrollment, release.WebcatBundlePath: bundle}, nil
}

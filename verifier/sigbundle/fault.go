// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigbundle

import "ats.run/kms-enclave/verifier/verdict"

// Fault is the first thing in a bundle that is not as demanded. Its texts
// are plain: what a stranger chose is quoted and cut.
type Fault struct {
	Step                    verdict.Step
	Expected, Found, Advice string
}

// Error returns "step: expected …, found …. Advice".
func (f *Fault) Error() string {
	return string(f.Step) + ": expected " + f.Expected + ", found " + f.Found + ". " + f.Advice
}

// What to do about faults; each is used in several places.
const (
	adviceBundle   = "Get the bundle anew from where the release was published."
	adviceRefuse   = "Do not use what it signs; ask the publisher, and keep the bundle as evidence."
	adviceIdentity = "Use it only if you mean to trust this signer, and then say so in the policy."
	adviceLog      = "Do not use what it signs until it is in the log; a publisher can sign again."
	adviceRoot     = "Compare the trust root with the one that the policy names; authorities that changed need a new one."
	adviceDemands  = "Correct the policy."
)

func fault(step verdict.Step, expected, found, advice string) *Fault {
	return &Fault{step, expected, found, advice}
}

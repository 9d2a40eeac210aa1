// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Format is the first member of the line that "sigstack up" prints and of its sigstack.json.
const Format = "sigstack/1"

// Info is what a client needs to know of a running stack.
type Info struct {
	Format string `json:"format"`
	PID    int    `json:"pid"`
	Dir    string `json:"dir"`

	OIDC    string `json:"oidc"`      // GET /token
	Issuers Issuer `json:"issuers"`   // as tokens and certificates name them
	Fulcio  string `json:"fulcio"`    // base of /api/v2/signingCert
	CT      string `json:"ct"`        // base of /ct/v1/…
	TSA     string `json:"tsa"`       // takes RFC 3161 requests
	Rekor   string `json:"rekor"`     // base of /api/v2/log/entries
	Read    string `json:"rekorRead"` // base of /checkpoint and /tile/…: C2SP tlog-tiles
	Control string `json:"control"`   // GET; POST /PART {"up":bool,"delay":"2s","name":"w1"}; POST /stop

	Origin        string    `json:"origin"`  // of the log's checkpoints
	LogKey        string    `json:"logVkey"` // vkey of the log
	Witnesses     []Witness `json:"witnesses"`
	Quorum        int       `json:"quorum"` // of witnesses, that the log waits for
	TrustedRoot   string    `json:"trustedRoot"`
	SigningConfig string    `json:"signingConfig"`
	WitnessFile   string    `json:"witnessFile"`
	Hints         string    `json:"policyHints"`
}

// Issuer has the issuers of the three kinds of identity.
type Issuer struct {
	CI    string `json:"ci"`
	Email string `json:"email"`
	URI   string `json:"uri"`
}

// Witness is one witness.
type Witness struct {
	Name string `json:"name"`
	VKey string `json:"vkey"`
	URL  string `json:"url"` // base of /add-checkpoint
}

// Load reads DIR/sigstack.json.
func Load(dir string) (*Info, error) {
	data, err := os.ReadFile(filepath.Join(dir, infoFile))
	if err != nil {
		return nil, fmt.Errorf("expected the folder of a running stack: %w", err)
	}
	var info Info
	if err := json.Unmarshal(data, &info); err != nil || info.Format != Format {
		return nil, fmt.Errorf("%s: expected format %q, found %q", infoFile, Format, info.Format)
	}
	return &info, nil
}

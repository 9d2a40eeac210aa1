// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package release

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/internal/label"
	"ats.run/kms-enclave/kmslib/origin"
	"ats.run/kms-enclave/kmslib/wire"
)

// DeploymentFormat is the format of deployment.json.
const DeploymentFormat = label.Deployment

const maxEmbedders = 64

// Deployment is the content of deployment.json: what the operator decides.
type Deployment struct {
	Embedders []string // origins that may embed the enclave, in the file's order
}

// ParseDeployment reads the bytes of deployment.json. It returns a
// *wire.SyntaxError, *wire.FieldError or *FormatError, wrapped.
func ParseDeployment(data []byte) (Deployment, error) {
	d, err := parseDeployment(data)
	if err != nil {
		return Deployment{}, &readError{DeploymentPath, err}
	}
	return d, nil
}

func parseDeployment(data []byte) (Deployment, error) {
	v, err := wire.Parse(data)
	if err != nil {
		return Deployment{}, err
	}
	r := wire.NewObjectReader(v)
	if r.String("format") != DeploymentFormat {
		r.Refuse("format", "expected "+DeploymentFormat)
	}
	d := Deployment{Embedders: r.Strings("embedders")}
	if err := r.Done(); err != nil {
		return Deployment{}, err
	}
	return d, d.validate()
}

// Marshal returns the canonical bytes of deployment.json, the inverse of
// ParseDeployment. The error is a *FormatError, wrapped.
func (d Deployment) Marshal() ([]byte, error) {
	if err := d.validate(); err != nil {
		return nil, &writeError{DeploymentPath, err}
	}
	var embedders []wire.Value
	for _, e := range d.Embedders {
		embedders = append(embedders, wire.String(e))
	}
	return wire.Object(
		text("format", DeploymentFormat),
		wire.Member{Name: "embedders", Value: wire.Array(embedders...)},
	).Append(nil), nil
}

func (d Deployment) validate() error {
	if len(d.Embedders) == 0 || len(d.Embedders) > maxEmbedders {
		return &FormatError{Reason: "embedders: expected 1 to " + strconv.Itoa(maxEmbedders) + " origins"}
	}
	for i, e := range d.Embedders {
		if _, err := origin.Parse(e); err != nil {
			return &FormatError{Reason: "embedders: number " + strconv.Itoa(i+1) + ": " + err.Error()}
		}
		if slices.Contains(d.Embedders[:i], e) {
			return &FormatError{Reason: "embedders: number " + strconv.Itoa(i+1) + " is there twice"}
		}
	}
	return nil
}

// Expand returns a header value with every EmbeddersPlaceholder replaced by the
// origins, joined by spaces as in a frame-ancestors directive.
func (d Deployment) Expand(value string) string {
	return strings.ReplaceAll(value, EmbeddersPlaceholder, strings.Join(d.Embedders, " "))
}

// Checksum is one line of SHA256SUMS.
type Checksum struct {
	Path   string
	SHA256 string // 64 lower-case hexadecimal digits
}

// MarshalChecksums returns the bytes of SHA256SUMS, sorted by path, so that
// "sha256sum --check" takes them. Its inverse is ParseChecksums.
func MarshalChecksums(sums []Checksum) []byte {
	sorted := slices.Clone(sums)
	slices.SortFunc(sorted, func(a, b Checksum) int { return strings.Compare(a.Path, b.Path) })
	var out []byte
	for _, s := range sorted {
		out = append(out, s.SHA256+"  "+s.Path+"\n"...)
	}
	return out
}

// ParseChecksums reads the bytes of SHA256SUMS: lines of a digest, two spaces,
// a path and a newline, sorted by path, none twice. The error is a
// *FormatError, wrapped.
func ParseChecksums(data []byte) ([]Checksum, error) {
	if len(data) > wire.MaxBytes {
		return nil, &readError{ChecksumsPath, errors.New("longer than 1 MiB")}
	}
	var sums []Checksum
	rest := string(data)
	for number := 1; rest != ""; number++ {
		line, after, ended := strings.Cut(rest, "\n")
		sum, path, ok := strings.Cut(line, "  ")
		ok = ok && ended && len(sum) == 64 && isLowerHex(sum) && checkPath(path) == nil
		if !ok || len(sums) > 0 && sums[len(sums)-1].Path >= path {
			reason := "line " + strconv.Itoa(number) + ": expected a SHA-256, two spaces, a path and a newline, sorted by path"
			return nil, &readError{ChecksumsPath, &FormatError{Reason: reason}}
		}
		sums = append(sums, Checksum{Path: path, SHA256: sum})
		rest = after
	}
	return sums, nil
}

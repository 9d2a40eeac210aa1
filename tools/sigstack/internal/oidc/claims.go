// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package oidc

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"strings"
)

// Defaults of a ci token, for what the query leaves out.
const (
	DefaultRef      = "refs/heads/main"
	DefaultSHA      = "0000000000000000000000000000000000000001"
	DefaultWorkflow = "release.yml"
)

// Subject is the name in the certificate that Fulcio issues for a ci token.
func Subject(repository, workflow, ref string) string {
	return "https://github.com/" + repository + "/.github/workflows/" + workflow + "@" + ref
}

// claims makes the claims that a query asks for. A parameter that is none of those below is refused, so that a
// misspelt one does not go unnoticed.
func (i *Issuer) claims(q url.Values) (map[string]any, error) {
	get := func(name, fallback string) string {
		if v := q.Get(name); v != "" {
			return v
		}
		return fallback
	}
	known := map[string]bool{"subject": true, "kind": true, "audience": true, "repository": true, "ref": true,
		"sha": true, "workflow": true, "event": true, "environment": true, "run": true, "runner": true, "signer": true}
	for name := range q {
		if !known[name] {
			return nil, fmt.Errorf("unknown parameter %q; known: subject, kind (ci, email, uri), audience, "+
				"repository, ref, sha, workflow, signer, event, environment, run, runner", name)
		}
	}
	subject, repository := q.Get("subject"), q.Get("repository")
	claims := map[string]any{}
	if v := q.Get("audience"); v != "" {
		claims["aud"] = v
	}
	kind := q.Get("kind")
	if kind == "" {
		switch {
		case repository != "":
			kind = "ci"
		case strings.Contains(subject, "@") && !strings.Contains(subject, ":"):
			kind = "email"
		default:
			kind = "uri"
		}
	}
	switch {
	case kind == "ci" && strings.Count(repository, "/") == 1:
		i.addWorkflow(claims, repository, get)
	case kind == "ci":
		return nil, errors.New("a ci token needs repository=OWNER/NAME")
	case subject == "":
		return nil, errors.New("expected subject=EMAIL_OR_URI, or repository=OWNER/NAME for a token of a workflow")
	case kind == "email":
		claims["iss"], claims["sub"], claims["email"], claims["email_verified"] = i.Email(), subject, subject, true
	case kind == "uri":
		if u, err := url.Parse(subject); err != nil || u.Scheme == "" {
			return nil, errors.New("subject: expected an email address or a URI with a scheme")
		}
		claims["iss"], claims["sub"] = i.URI(), subject
	default:
		return nil, fmt.Errorf("unknown kind %q: expected ci, email or uri", kind)
	}
	return claims, nil
}

// addWorkflow sets the claims that GitHub documents for a workflow's token and that Fulcio reads.
func (i *Issuer) addWorkflow(claims map[string]any, repository string, get func(name, fallback string) string) {
	ref, sha, file := get("ref", DefaultRef), get("sha", DefaultSHA), get("workflow", DefaultWorkflow)
	owner, _, _ := strings.Cut(repository, "/")
	workflowRef := repository + "/.github/workflows/" + file + "@" + ref
	refType := "branch"
	if strings.HasPrefix(ref, "refs/tags/") {
		refType = "tag"
	}
	for name, value := range map[string]string{
		"iss": i.CI(),
		"sub": "repo:" + repository + ":ref:" + ref,
		// signer is a reusable workflow, OWNER/NAME/.github/workflows/FILE@REF: another one than runs.
		"job_workflow_ref":      get("signer", workflowRef),
		"job_workflow_sha":      sha,
		"workflow":              strings.TrimSuffix(file, ".yml"),
		"workflow_ref":          workflowRef,
		"workflow_sha":          sha,
		"event_name":            get("event", "push"),
		"sha":                   sha,
		"ref":                   ref,
		"ref_type":              refType,
		"repository":            repository,
		"repository_id":         number(repository),
		"repository_owner":      owner,
		"repository_owner_id":   number(owner),
		"repository_visibility": "public",
		"run_id":                get("run", "1"),
		"run_number":            "1",
		"run_attempt":           "1",
		"runner_environment":    get("runner", "github-hosted"),
		"environment":           get("environment", ""),
	} {
		claims[name] = value
	}
}

// number is a stable id of a name.
func number(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return fmt.Sprint(h.Sum32())
}

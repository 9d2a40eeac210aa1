// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"ats.run/kms-enclave/verifier/policy"
)

// key returns a key that a policy can name; n is 1, 2, …
func key(t testing.TB, curve elliptic.Curve, n int64) string {
	t.Helper()
	k := ecdsa.PrivateKey{D: big.NewInt(n)}
	k.Curve = curve
	k.X, k.Y = curve.ScalarBaseMult(k.D.Bytes())
	return spki(t, &k.PublicKey)
}

func spki(t testing.TB, public any) string {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

// witness returns a verifier key of the given type.
func witness(name string, kind, fill byte) string {
	typed := append([]byte{kind}, make([]byte, 32)...)
	typed[1] = fill
	sum := sha256.Sum256(append([]byte(name+"\n"), typed...))
	return name + "+" + hex.EncodeToString(sum[:4]) + "+" + base64.StdEncoding.EncodeToString(typed)
}

type object = map[string]any

// good returns a policy with every member.
func good(t testing.TB) object {
	person := func(name string) object {
		return object{"name": name, "verifier": "https://rebuild.example/" + name,
			"identity": object{"issuer": "https://accounts.example", "subject": name + "@rebuild.example"}}
	}
	return object{
		"format": policy.Format, "name": "KMS of Acme", "trustRoot": "public-good",
		"source": object{"repository": "https://forge.example/acme/kms", "refs": []any{"refs/tags/*", "refs/heads/main"},
			"target": "//enclave:release", "buildType": "https://forge.example/acme/kms/build/v1"},
		"publishers": []any{
			object{"name": "ci", "builder": "https://forge.example/hosted", "identity": object{
				"issuer": "https://token.forge.example", "subjectPattern": `^https://forge\.example/acme/kms/.+$`}},
			object{"name": "key", "builder": "https://forge.example/offline", "identity": object{"key": key(t, elliptic.P256(), 1)}},
		},
		"require":    []any{policy.ProvenanceType},
		"log":        object{"threshold": 1, "origins": []any{"log2025-1.rekor.sigstore.dev"}},
		"witnesses":  object{"threshold": 1, "keys": []any{witness("w1.example", 4, 1), witness("w2.example", 4, 2)}},
		"timestamps": 1,
		"rebuilders": object{"threshold": 2, "members": []any{person("ann"), person("bob"),
			object{"name": "eve", "verifier": "https://rebuild.example/eve", "identity": object{"key": key(t, elliptic.P384(), 2)}}}},
		"maxAge": "90d", "protocols": []any{1, 2}, "minimum": "0.5.0-rc.1",
		"revoked": []any{object{"digest": strings.Repeat("5f", 32), "reason": "leaks keys"}},
		"update":  object{"keys": []any{key(t, elliptic.P256(), 3)}, "delay": "7d"},
	}
}

func marshal(t testing.TB, p object) []byte {
	t.Helper()
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPolicyIsReadWhole(t *testing.T) {
	p, err := policy.Parse(marshal(t, good(t)))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "KMS of Acme" || p.MaxAge != 90*24*time.Hour || len(p.Publishers) != 2 || p.Publishers[0].Builder != "https://forge.example/hosted" ||
		p.Rebuilders.Threshold != 2 || len(p.Rebuilders.Members) != 3 || p.Witnesses.Threshold != 1 || len(p.Witnesses.Keys) != 2 ||
		p.Log.Origins[0] != "log2025-1.rekor.sigstore.dev" || p.Timestamps != 1 || p.Minimum != "0.5.0-rc.1" || len(p.Protocols) != 2 ||
		p.Revoked[0].Reason != "leaks keys" || p.Update == nil || p.Update.Delay != 7*24*time.Hour || len(p.Identities()) != 2 {
		t.Errorf("read %+v", p)
	}
	without := good(t)
	delete(without, "update")
	if p, err := policy.Parse(marshal(t, without)); err != nil || p.Update != nil {
		t.Errorf("without update: %+v, %v", p, err)
	}
}

// TestExampleIsAPolicy also sees that the one in the specification is the same.
func TestExampleIsAPolicy(t *testing.T) {
	example, err := os.ReadFile("testdata/example.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := policy.Parse(example); err != nil {
		t.Error(err)
	}
	source, err := os.ReadFile("doc.go")
	if err != nil {
		t.Skip("the source is not here")
	}
	_, shown, _ := strings.Cut(string(source), "# Example\n//\n")
	shown, _, _ = strings.Cut(shown, "package policy")
	if strings.ReplaceAll(shown, "//\t", "") != string(example) {
		t.Error("the example in doc.go is not testdata/example.json")
	}
}

// at returns what is at a path, for altering it.
func at(p object, path ...string) object {
	for _, name := range path {
		p = p[name].(object)
	}
	return p
}

func publisher(p object, i int) object { return p["publishers"].([]any)[i].(object) }
func identity(p object, i int) object  { return publisher(p, i)["identity"].(object) }
func member(p object, i int) object    { return at(p, "rebuilders")["members"].([]any)[i].(object) }
func memberIdentity(p object, i int) object {
	return member(p, i)["identity"].(object)
}

func TestEveryMemberIsRequiredAndNoOtherIsAllowed(t *testing.T) {
	for name := range good(t) {
		if name == "update" {
			continue
		}
		p := good(t)
		delete(p, name)
		if _, err := policy.Parse(marshal(t, p)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v", name, err)
		}
	}
	places := map[string]func(object) object{
		"policy":             func(p object) object { return p },
		"source":             func(p object) object { return at(p, "source") },
		"log":                func(p object) object { return at(p, "log") },
		"witnesses":          func(p object) object { return at(p, "witnesses") },
		"rebuilders":         func(p object) object { return at(p, "rebuilders") },
		"update":             func(p object) object { return at(p, "update") },
		"publisher":          func(p object) object { return publisher(p, 0) },
		"identity":           func(p object) object { return identity(p, 0) },
		"member":             func(p object) object { return member(p, 0) },
		"identity of member": func(p object) object { return memberIdentity(p, 0) },
		"revocation":         func(p object) object { return p["revoked"].([]any)[0].(object) },
	}
	for name, place := range places {
		p := good(t)
		place(p)["treshold"] = 1
		if _, err := policy.Parse(marshal(t, p)); err == nil || !strings.Contains(err.Error(), "unknown field") {
			t.Errorf("%s with another member: %v", name, err)
		}
		for key := range place(good(t)) {
			p := good(t)
			place(p)[key] = nil
			if _, err := policy.Parse(marshal(t, p)); err == nil {
				t.Errorf("%s: null as %s is accepted", name, key)
			}
		}
	}
}

func TestDangersAreRefused(t *testing.T) {
	set := func(path ...string) func(value any) func(object) {
		return func(value any) func(object) {
			return func(p object) { at(p, path[:len(path)-1]...)[path[len(path)-1]] = value }
		}
	}
	refs := func(ref string) func(object) { return set("source", "refs")([]any{ref}) }
	pattern := func(s string) func(object) { return func(p object) { identity(p, 0)["subjectPattern"] = s } }
	issuer := func(s string) func(object) { return func(p object) { identity(p, 0)["issuer"] = s } }
	exact := func(s string) func(object) {
		return func(p object) { memberIdentity(p, 0)["subject"] = s }
	}
	p256 := func(n int64) string { return key(t, elliptic.P256(), n) }
	for _, c := range []struct {
		name  string
		alter func(object)
		field string
	}{
		{"other format", set("format")("kms-enclave-policy/2"), `"format"`},
		{"no name", set("name")(""), "name"},
		{"name with a line break", set("name")("a\nb"), "name"},
		{"trust root that is a path", set("trustRoot")("./root.json"), "trustRoot"},
		{"trust root empty", set("trustRoot")(""), "trustRoot"},
		{"repository over http", set("source", "repository")("http://forge.example/a"), "source.repository"},
		{"repository with a password", set("source", "repository")("https://a:b@forge.example/a"), "source.repository"},
		{"target that is no label", set("source", "target")("release"), "source.target"},
		{"build type that is no URI", set("source", "buildType")("v1"), "source.buildType"},
		{"no refs", set("source", "refs")([]any{}), "source.refs"},
		{"ref twice", set("source", "refs")([]any{"refs/tags/*", "refs/tags/*"}), "source.refs[1]"},
		{"every ref", refs("*"), "source.refs[0]"},
		{"every kind of ref", refs("refs/*"), "source.refs[0]"},
		{"every branch", refs("refs/heads/*"), "source.refs[0]"},
		{"short ref", refs("main"), "source.refs[0]"},
		{"wildcard inside", refs("refs/tags/v*"), "source.refs[0]"},
		{"wildcard in the middle", refs("refs/*/v1"), "source.refs[0]"},
		{"proposed changes", refs("refs/pull/*"), "source.refs[0]"},
		{"a proposed change", refs("refs/pull/7/merge"), "source.refs[0]"},
		{"a merge request", refs("refs/merge-requests/7/head"), "source.refs[0]"},
		{"ref with dots", refs("refs/tags/../heads/x"), "source.refs[0]"},

		{"no publishers", set("publishers")([]any{}), "publishers"},
		{"publisher twice", func(p object) { p["publishers"] = append(p["publishers"].([]any), publisher(p, 0)) }, "publishers[2]"},
		{"publisher with another's identity", func(p object) {
			p["publishers"] = append(p["publishers"].([]any), object{"name": "x", "builder": "https://x.example", "identity": identity(p, 0)})
		}, "publishers[2]"},
		{"publisher without name", func(p object) { publisher(p, 0)["name"] = "" }, "publishers[0].name"},
		{"publisher without builder", func(p object) { publisher(p, 0)["builder"] = "" }, "publishers[0].builder"},
		{"issuer over http", issuer("http://token.example"), "publishers[0].identity.issuer"},
		{"no issuer", issuer(""), "publishers[0].identity.issuer"},
		{"subject and pattern", func(p object) { identity(p, 0)["subject"] = "a" }, "publishers[0].identity"},
		{"neither subject nor pattern", func(p object) { delete(identity(p, 0), "subjectPattern") }, "publishers[0].identity"},
		{"key and issuer", func(p object) { identity(p, 1)["issuer"] = "https://a.example" }, "publishers[1].identity"},
		{"key that is none", func(p object) { identity(p, 1)["key"] = "AAAA" }, "publishers[1].identity.key"},
		{"key with a line break", func(p object) { identity(p, 1)["key"] = p256(1) + "\n" }, "publishers[1].identity.key"},
		{"key that logs do not take", func(p object) {
			identity(p, 1)["key"] = spki(t, ed25519.NewKeyFromSeed(make([]byte, 32)).Public())
		}, "publishers[1].identity.key"},
		{"key that signs no file", func(p object) { identity(p, 1)["key"] = key(t, elliptic.P384(), 1) }, "publishers[1].identity.key"},
		{"pattern without end", pattern(`^https://forge\.example/acme/kms/.+`), "subjectPattern"},
		{"pattern without beginning", pattern(`https://forge\.example/acme/kms/.+$`), "subjectPattern"},
		{"alternatives that are not anchored", pattern(`^https://forge\.example/acme/a|https://forge\.example/acme/b$`), "subjectPattern"},
		{"pattern with every account", pattern(`^https://forge\.example/.+/kms$`), "subjectPattern"},
		{"pattern with an open account", pattern(`^https://forge\.example/acme.*$`), "subjectPattern"},
		{"pattern with a dot for any character", pattern(`^https://forge.example/acme/kms/.+$`), "subjectPattern"},
		{"pattern of anything", pattern(`^.*$`), "subjectPattern"},
		{"pattern of a mail domain", pattern(`^.+@acme\.example$`), "subjectPattern"},
		{"pattern without regard to case", pattern(`(?i)^https://forge\.example/acme/.+$`), "subjectPattern"},
		{"pattern of lines", pattern(`(?m)^https://forge\.example/acme/.+$`), "subjectPattern"},
		{"pattern that is none", pattern(`^https://forge\.example/acme/(.+$`), "subjectPattern"},

		{"nothing required", set("require")([]any{}), "require"},
		{"no provenance required", set("require")([]any{"https://a.example/v1"}), "require"},
		{"predicate that is no URI", set("require")([]any{policy.ProvenanceType, "sbom"}), "require[1]"},
		{"summaries required of publishers", set("require")([]any{policy.ProvenanceType, policy.SummaryType}), "require[1]"},
		{"no log", set("log", "threshold")(0), "log.threshold"},
		{"more logs than there are", set("log", "threshold")(2), "log.threshold"},
		{"no origins", set("log", "origins")([]any{}), "log.origins"},
		{"origin with a port", set("log", "origins")([]any{"log.example:3000"}), "log.origins[0]"},
		{"log twice", func(p object) { at(p, "log")["origins"] = []any{"a.example", "a.example"} }, "log.origins[1]"},
		{"more witnesses than there are", set("witnesses", "threshold")(3), "witnesses.threshold"},
		{"witnesses that nobody asks", set("witnesses", "threshold")(0), "witnesses.threshold"},
		{"witnesses without keys", set("witnesses", "keys")([]any{}), "witnesses.keys"},
		{"witness that is a log", set("witnesses", "keys")([]any{witness("w.example", 1, 1)}), "witnesses.keys[0]"},
		{"witness with another's hash", set("witnesses", "keys")([]any{strings.Replace(witness("w.example", 4, 1), "w.", "x.", 1)}), "witnesses.keys[0]"},
		{"witness with two names", set("witnesses", "keys")([]any{witness("a.example", 4, 1), witness("b.example", 4, 1)}), "witnesses.keys[1]"},
		{"witness with two keys", set("witnesses", "keys")([]any{witness("a.example", 4, 1), witness("a.example", 4, 2)}), "witnesses.keys[1]"},
		{"no timestamp", set("timestamps")(0), "timestamps"},
		{"timestamps without end", set("timestamps")(9), "timestamps"},

		{"more rebuilders than there are", set("rebuilders", "threshold")(4), "rebuilders.threshold"},
		{"rebuilders that nobody asks", set("rebuilders", "threshold")(0), "rebuilders.threshold"},
		{"rebuilders without members", set("rebuilders", "members")([]any{}), "rebuilders.threshold"},
		{"negative threshold", set("rebuilders", "threshold")(-1), "threshold"},
		{"two members with one name", func(p object) { member(p, 1)["name"] = "ann" }, "rebuilders.members[1]"},
		{"two members with one verifier", func(p object) { member(p, 1)["verifier"] = member(p, 0)["verifier"] }, "rebuilders.members[1]"},
		{"two members with one subject", func(p object) { memberIdentity(p, 1)["subject"] = "ann@rebuild.example" }, "rebuilders.members[1].identity"},
		{"two members with one subject of two issuers", func(p object) {
			memberIdentity(p, 1)["subject"], memberIdentity(p, 1)["issuer"] = "ANN@rebuild.example", "https://other.example"
		}, "rebuilders.members[1].identity"},
		{"two members with one account", func(p object) {
			memberIdentity(p, 0)["subject"], memberIdentity(p, 1)["subject"] = "https://forge.example/x/a", "https://forge.example/x/b"
		}, "rebuilders.members[1].identity"},
		{"two members with one key", func(p object) {
			member(p, 1)["identity"] = memberIdentity(p, 2)
		}, "rebuilders.members[2].identity"},
		{"member by a pattern", func(p object) {
			member(p, 0)["identity"] = object{"issuer": "https://a.example", "subjectPattern": `^https://a\.example/b/.+$`}
		}, "rebuilders.members[0].identity"},
		{"member without verifier", func(p object) { member(p, 0)["verifier"] = "ann" }, "rebuilders.members[0].verifier"},
		{"member without name", func(p object) { member(p, 0)["name"] = "Ann" }, "rebuilders.members[0].name"},
		{"member with an unsafe issuer", func(p object) { memberIdentity(p, 0)["issuer"] = "a" }, "rebuilders.members[0].identity.issuer"},
		{"publisher who is a rebuilder, by pattern", exact("https://forge.example/acme/kms/rebuild"), "rebuilders.members[0].identity"},
		{"publisher who is a rebuilder, by account", exact("https://forge.example/acme/other"), "rebuilders.members[0].identity"},
		{"publisher who is a rebuilder, by key", func(p object) {
			member(p, 0)["identity"] = object{"key": p256(1)}
		}, "rebuilders.members[0].identity"},
		{"publisher who is a rebuilder, by mail", func(p object) {
			publisher(p, 0)["identity"] = object{"issuer": "https://a.example", "subject": "ann@rebuild.example"}
		}, "rebuilders.members[0].identity"},

		{"no age", set("maxAge")("0d"), "maxAge"},
		{"age without unit", set("maxAge")("90"), "maxAge"},
		{"age with a zero", set("maxAge")("090d"), "maxAge"},
		{"age with a sign", set("maxAge")("+9d"), "maxAge"},
		{"age in two units", set("maxAge")("1d12h"), "maxAge"},
		{"age without end", set("maxAge")("3651d"), "maxAge"},
		{"age beyond numbers", set("maxAge")("99999999999d"), "maxAge"},
		{"no protocols", set("protocols")([]any{}), "protocols"},
		{"protocol twice", set("protocols")([]any{1, 1}), "protocols"},
		{"protocols out of order", set("protocols")([]any{2, 1}), "protocols"},
		{"protocol zero", set("protocols")([]any{0}), "protocols[0]"},
		{"no minimum", set("minimum")(""), "minimum"},
		{"minimum with a v", set("minimum")("v1.0.0"), "minimum"},
		{"minimum with two numbers", set("minimum")("1.0"), "minimum"},
		{"minimum with build metadata", set("minimum")("1.0.0+a"), "minimum"},
		{"revoked by a prefix", set("revoked")([]any{object{"digest": "5f1c", "reason": "a"}}), "revoked[0]"},
		{"revoked without reason", set("revoked")([]any{object{"digest": strings.Repeat("5f", 32), "reason": ""}}), "revoked[0]"},
		{"revoked twice", func(p object) { p["revoked"] = append(p["revoked"].([]any), p["revoked"].([]any)[0]) }, "revoked[1]"},
		{"update without keys", set("update", "keys")([]any{}), "update.keys"},
		{"seventeen update keys", func(p object) {
			var keys []any
			for i := range 17 {
				keys = append(keys, key(t, elliptic.P256(), int64(100+i)))
			}
			set("update", "keys")(keys)(p)
		}, "update.keys"},
		{"updates without witnesses", set("witnesses")(object{"threshold": 0, "keys": []any{}}), "update: "},
		{"update key on another curve", set("update", "keys")([]any{key(t, elliptic.P384(), 1)}), "update.keys[0]"},
		{"update key of a publisher", set("update", "keys")([]any{p256(1)}), "update.keys[0]"},
		{"update key of a rebuilder", func(p object) {
			memberIdentity(p, 2)["key"] = p256(3)
		}, "update.keys[0]"},
		{"update with a strange delay", set("update", "delay")("a while"), "delay"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := good(t)
			c.alter(p)
			_, err := policy.Parse(marshal(t, p))
			var refused *policy.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), c.field) {
				t.Fatalf("error %v, want one about %s", err, c.field)
			}
			if refused.Reason == "" || strings.ContainsAny(err.Error(), "\n%") {
				t.Errorf("error %q", err)
			}
		})
	}
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package importpolicy

// own is the prefix of this repository's import paths.
const own = "ats.run/kms-enclave/"

// A layer says what the packages under one path may import of ours. The first layer that matches decides.
type layer struct {
	prefix string   // below own; matches itself and what lies under it
	may    []string // prefixes below own
	why    string
}

// layers hold DESIGN's rule that imports run one way. A package of ours that matches none is refused, so
// that a new folder takes its place here first.
var layers = []layer{
	{"kmslib/secret", nil, "a leaf: it must be readable alone"},
	{"kmslib/wire", nil, "a leaf: every format stands on it"},
	{"kmslib/origin", nil, "a leaf: the one reading of web origins"},
	{"kmslib/internal/label", nil, "a leaf: one table of labels"},
	{"kmslib/keys", []string{"kmslib/keys", "kmslib/secret"}, "a leaf: what a platform does with keys"},
	{"kmslib/vapid", leaves, "features do not import each other"},
	{"kmslib/unlock", leaves, "features do not import each other"},
	{"kmslib/webauthn", leaves, "features do not import each other"},
	{"kmslib/auditlog/merkle", nil, "a leaf: RFC 6962 trees know nothing of entries"},
	{"kmslib/auditlog", append([]string{"kmslib/auditlog"}, leaves...), "features do not import each other"},
	{"kmslib/release", leaves, "features do not import each other"},
	{"kmslib/waict", append([]string{"kmslib/release"}, leaves...), "a manifest for browsers lists the files of a release"},
	{"kmslib/webcat", append([]string{"kmslib/release"}, leaves...), "a manifest for browsers lists the files of a release"},
	{"kmslib/updateproof", append([]string{"kmslib/auditlog"}, leaves...), "both speak of checkpoints and RFC 6962 trees"},
	{"kmslib/signal/internal/proto", nil, "a leaf: it reads bytes and knows no message"},
	{"kmslib/signal/internal/shortmac", nil, "a leaf: one function"},
	{"kmslib/signal/curve", []string{"kmslib/secret"}, "a leaf: keys and agreement"},
	{"kmslib/signal/kyber", []string{"kmslib/secret"}, "a leaf: keys and encapsulation"},
	{"kmslib/signal/xeddsa", []string{"kmslib/signal/curve", "kmslib/secret"}, "signatures know keys alone"},
	{"kmslib/signal/spqr", []string{"kmslib/signal/spqr", "kmslib/signal/internal", "kmslib/secret"}, "the post-quantum ratchet knows no other"},
	{"kmslib/signal/attachment", []string{"kmslib/keys", "kmslib/secret"}, "attachments know no messages"},
	{"kmslib/signal", []string{"kmslib/signal", "kmslib/secret"}, "the protocol imports its children, and nothing else of ours"},
	{"kmslib/vault", []string{
		"kmslib/vault", "kmslib/unlock", "kmslib/auditlog", "kmslib/vapid", "kmslib/signal",
		"kmslib/keys", "kmslib/secret", "kmslib/wire", "kmslib/origin", "kmslib/internal",
	}, "the vault composes the features, and asks nobody"},
	{"kmslib/ceremony", []string{"kmslib"}, "ceremonies ask the person and call the vault"},
	{"kmslib", []string{"kmslib"}, "kmslib stands alone"},
	{"enclave/rpc", []string{
		"enclave/rpc", "kmslib/ceremony", "kmslib/vault", "kmslib/unlock", "kmslib/vapid", "kmslib/signal", "kmslib/auditlog", "kmslib/wire", "kmslib/origin",
	}, "the method table knows the vault and no browser"},
	{"enclave/internal/jsbridge", nil, "the one way to JavaScript depends on nothing of ours"},
	{"enclave/internal", []string{"enclave/internal", "enclave/rpc", "kmslib"}, "adapters of the browser serve the vault's interfaces"},
	{"enclave/cmd", []string{"enclave/internal", "enclave/rpc", "kmslib"}, "main wires"},
	{"enclave/demo/cmd", []string{"kmslib/release"}, "the demo's server reads a release like any host"},
	{"enclave/browsertest", []string{"kmslib"}, "tests stand outside the enclave"},
	{"enclave/signaltest", []string{"kmslib/signal"}, "tests stand outside the enclave"},
	{"verifier", []string{
		"verifier", "kmslib/release", "kmslib/waict", "kmslib/webcat", "kmslib/updateproof", "kmslib/auditlog", "kmslib/wire", "kmslib/origin",
	}, "a verifier knows formats; it must not share code with what it judges"},
	{"tools", []string{"tools", "kmslib/release", "kmslib/waict", "kmslib/webcat", "kmslib/wire"}, "build tools know the release's formats and no more"},
}

var leaves = []string{"kmslib/keys", "kmslib/secret", "kmslib/wire", "kmslib/origin", "kmslib/internal/label"}

// A ban names a package that some of ours never import, tests excepted.
type ban struct {
	where   []string // prefixes below own
	except  []string // prefixes below own
	imports []string // import paths; "net" also bans "net/http"
	why     string
}

// inWASM are the packages that are linked into the enclave.
var inWASM = []string{"kmslib", "enclave/rpc", "enclave/internal", "enclave/cmd/enclave"}

// natively are packages under those that are never linked into it.
var natively = []string{"kmslib/keys/keystest", "kmslib/auditlog/auditlogtest", "kmslib/vault/vaulttest", "kmslib/ceremony/ceremonytest", "kmslib/signal/session/sessiontest", "enclave/rpc/rpcgen", "enclave/rpc/cmd"}

// judging are the packages that decide whether a release is the published one.
var judging = []string{
	"verifier/attest", "verifier/evidence", "verifier/policy", "verifier/releasecheck", "verifier/sigbundle", "verifier/trust", "verifier/vsa",
}

var bans = []ban{
	{inWASM, natively, []string{"fmt", "encoding/json", "reflect"}, "reflection adds 130 kB of compressed WebAssembly; use strconv and package wire"},
	{inWASM, natively, []string{"os", "net", "log"}, "the enclave does no I/O of its own: the world enters through the vault's interfaces"},
	{inWASM, natively, []string{"math/rand"}, "keys and nonces come from crypto/rand alone"},
	{[]string{"kmslib", "enclave", "verifier", "tools"}, []string{"enclave/internal/jsbridge"}, []string{"syscall/js"}, "jsbridge is the one way to JavaScript"},
	{[]string{"kmslib", "enclave", "tools"}, nil, []string{"github.com/sigstore"}, "sigstore lives in the verifier's module alone"},
	{judging, nil, []string{"net/http", "net/rpc", "os/exec"}, "what judges a signature opens no connection and runs nothing"},
	{[]string{"kmslib", "enclave", "verifier", "tools"}, nil, []string{"unsafe"}, "nothing here needs it"},
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"encoding/base64"
	"slices"
	"strconv"
	"unicode/utf8"
)

// maxField is the longest text or secret of an Input, in bytes.
const maxField = 64 << 10

// Action is one way to answer a screen.
type Action struct {
	Name    string
	Fields  []string // all must be there, no others
	Secrets []int    // how many there may be
}

var (
	noSecrets  = []int{0}
	oneSecret  = []int{1}
	prfResults = []int{0, 2}
)

func plain(name string, fields ...string) Action { return Action{name, fields, noSecrets} }

var (
	back     = plain("back")
	failed   = plain("failed", "name")
	asserted = Action{
		"asserted",
		[]string{"credentialId", "clientDataJSON", "authenticatorData", "signature", "userHandle"},
		prfResults,
	}
	created = Action{
		"created",
		[]string{"credentialId", "clientDataJSON", "authenticatorData", "publicKey", "alg", "transports", "prf"},
		prfResults,
	}
	typedPassphrase = Action{"passphrase", nil, oneSecret}
	typedRecovery   = Action{"recovery", nil, oneSecret}
)

// Actions returns what the screen takes, in the order of the package comment;
// nothing for an unknown screen.
func Actions(screen string) []Action {
	switch screen {
	case ScreenWelcome:
		return []Action{plain("start", "name", "method")}
	case ScreenNewPassphrase:
		return []Action{{"continue", nil, oneSecret}, back}
	case ScreenCreatePasskey:
		return []Action{created, failed, back}
	case ScreenUsePasskey:
		return []Action{asserted, failed, back}
	case ScreenGateNotice:
		return []Action{plain("continue"), back}
	case ScreenRecoveryKey:
		return []Action{plain("continue"), plain("skip"), back}
	case ScreenConfirmRecovery:
		return []Action{{"continue", nil, oneSecret}, back}
	case ScreenChooseUser:
		return []Action{plain("pick", "user"), plain("add")}
	case ScreenUnlock:
		return []Action{typedPassphrase, asserted, failed, typedRecovery, plain("other"), plain("reset")}
	case ScreenProve:
		return []Action{typedPassphrase, asserted, failed, typedRecovery, back}
	case ScreenGrant, ScreenConfirm:
		return []Action{plain("approve"), plain("deny")}
	case ScreenManage:
		return manageActions()
	case ScreenLog:
		return []Action{plain("more", "from"), plain("export"), back}
	case ScreenLogExport:
		return []Action{back}
	case ScreenReset:
		return []Action{plain("reset", "typed"), back}
	case ScreenDone:
		return []Action{plain("close")}
	case ScreenError:
		return []Action{plain("close"), plain("retry")}
	}
	return nil
}

func manageActions() []Action {
	return []Action{
		plain("add", "method"), plain("remove", "id"), plain("rename", "id", "label"), plain("change", "id"),
		plain("rotate"), plain("policy", "origin", "method", "class"), plain("log"), plain("reset"),
		plain("lock"), plain("close"),
	}
}

// checkInput returns a *ProtocolError unless the input is one that the screen
// takes.
func checkInput(screen string, in Input, notOffered []string) error {
	actions := Actions(screen)
	i := slices.IndexFunc(actions, func(a Action) bool { return a.Name == in.Action })
	switch {
	case i < 0:
		return &ProtocolError{screen, "it has no such action"}
	case slices.Contains(notOffered, in.Action):
		return &ProtocolError{screen, "the action was not offered"}
	case !slices.Contains(actions[i].Secrets, len(in.Secrets)):
		return &ProtocolError{screen, "another number of secrets"}
	case len(in.Fields) != len(actions[i].Fields):
		return &ProtocolError{screen, "another number of fields"}
	}
	for _, name := range actions[i].Fields {
		value, found := in.Fields[name]
		if !found || len(value) > maxField || !utf8.ValidString(value) {
			return &ProtocolError{screen, "the field " + name + " is missing, too long or not UTF-8"}
		}
	}
	for _, secret := range in.Secrets {
		if len(secret) > maxField {
			return &ProtocolError{screen, "a secret is too long"}
		}
	}
	return nil
}

// reader decodes fields and keeps the first failure.
type reader struct {
	screen string
	in     Input
	err    error
}

func (r *reader) bytes(name string) []byte {
	value, err := base64.RawURLEncoding.Strict().DecodeString(r.in.Fields[name])
	if err != nil && r.err == nil {
		r.err = &ProtocolError{r.screen, "the field " + name + " is not base64url without padding"}
	}
	return value
}

func (r *reader) number(name string) int64 {
	value, err := strconv.ParseInt(r.in.Fields[name], 10, 64)
	if err != nil && r.err == nil {
		r.err = &ProtocolError{r.screen, "the field " + name + " is not a decimal number"}
	}
	return value
}

func (r *reader) oneOf(name string, values ...string) string {
	value := r.in.Fields[name]
	if !slices.Contains(values, value) && r.err == nil {
		r.err = &ProtocolError{r.screen, "the field " + name + " has a value that it cannot have"}
	}
	return value
}

func encode(value []byte) string { return base64.RawURLEncoding.EncodeToString(value) }

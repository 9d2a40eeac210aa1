// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"ats.run/kms-enclave/kmslib/wire"
)

// SignerFormat is the version of the protocol with signer programs.
const SignerFormat = "kms-enclave-signer/1"

// The limits of one call of a signer program.
const (
	signerTimeout = 2 * time.Minute // there may be a person who has to touch something
	maxReply      = 16 << 10        // bytes
)

const signerName = "signer program"

// program is a Key in another process.
type program struct {
	command []string
	stderr  io.Writer
	public  *ecdsa.PublicKey
	spki    string
}

// OpenProgram asks a signer program for its public key. The command line is split
// at spaces, nothing else in it is special; what the program writes to stderr goes
// to stderr.
func OpenProgram(ctx context.Context, commandLine string, stderr io.Writer) (Key, error) {
	p := &program{command: strings.Fields(commandLine), stderr: stderr}
	if len(p.command) == 0 {
		return nil, misused("--signer", "a program and its arguments", "nothing", "")
	}
	answer, err := p.call(ctx, wire.Object(requestOf("public-key")...))
	if err != nil {
		return nil, err
	}
	if p.public, err = parsePublicKey(answer); err != nil {
		return nil, err
	}
	p.spki, err = SPKI(p.public)
	return p, err
}

func (p *program) Public() *ecdsa.PublicKey { return p.public }

func (p *program) Sign(ctx context.Context, digest []byte) ([]byte, error) {
	answer, err := p.call(ctx, wire.Object(append(requestOf("sign"),
		wire.Member{Name: "digest", Value: wire.String(base64.StdEncoding.EncodeToString(digest))},
		wire.Member{Name: "hash", Value: wire.String("sha256")},
		wire.Member{Name: "publicKey", Value: wire.String(p.spki)},
	)...))
	if err != nil {
		return nil, err
	}
	return parseSignature(answer)
}

func requestOf(name string) []wire.Member {
	return []wire.Member{
		{Name: "format", Value: wire.String(SignerFormat)},
		{Name: "request", Value: wire.String(name)},
	}
}

// call runs the program once.
func (p *program) call(ctx context.Context, request wire.Value) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, signerTimeout)
	defer cancel()
	command := exec.CommandContext(ctx, p.command[0], p.command[1:]...)
	command.Env = withoutTokens(os.Environ())
	command.Stdin = bytes.NewReader(append(request.Append(nil), '\n'))
	command.Stderr = p.stderr
	command.WaitDelay = time.Second // a child of it may keep the pipe open
	output := &limited{max: maxReply}
	command.Stdout = output
	err := command.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, unavailable(signerName, "no answer within "+signerTimeout.String()+", or it was interrupted", "")
	case output.full:
		return nil, refused(signerName, "an answer of at most "+strconv.Itoa(maxReply)+" bytes", "a longer one", adviceSigner)
	case errors.As(err, &exit):
		return nil, unavailable(signerName, "it ended with exit code "+strconv.Itoa(exit.ExitCode()), "Its own message, if any, is above")
	case err != nil:
		return nil, unavailable(signerName, "it cannot be started", "Check its path, and that it may be run")
	}
	return output.data, nil
}

// withoutTokens returns the environment without what proves an identity.
func withoutTokens(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return name == TokenVariable || strings.HasPrefix(name, "ACTIONS_ID_TOKEN_")
	})
}

// limited keeps up to max bytes and remembers if there were more. It never
// fails, so that the program can end by itself.
type limited struct {
	data []byte
	max  int
	full bool
}

func (l *limited) Write(p []byte) (int, error) {
	room := min(l.max-len(l.data), len(p))
	l.data = append(l.data, p[:room]...)
	l.full = l.full || room < len(p)
	return len(p), nil
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

//go:build js && wasm

// Command enclavetest is a program for a worker in a browser under test, in no
// release. It tries what only a browser can show: that packages keys, vault and
// auditlog keep their promises over WebCrypto, IndexedDB, Web Locks and a
// BroadcastChannel, also when the worker is killed in the middle.
//
// # How to drive it
//
// What a worker does is the name that it is started with:
//
//	new Worker("/wasmworker.js", {name: '{"do":"prepare","database":"d"}'})
//
// It is a JSON object with the member "do"; without a name it is "cases". The
// program posts JSON texts. The last one has the member "done" with the value
// true, except where it says that the worker must be killed; "error" says why a
// command failed.
//
//	do       other members                      posts
//	cases    only?                              for each case {"name","ok","error"?}, then
//	                                            {"done","passed","failed"}
//	prepare  database                           {"done"}
//	run      database, method, stop?, when?     {"stopped":n} and must be killed, or
//	                                            {"done","commits","outcome"}
//	check    database                           {"done","state","log","verified","findings"}
//	mixed    database, operations, seed         {"ready"}, then {"done","made","failed","sessions"}
//	methods                                     {"done","methods"}
//	hold     lock                               {"holds":true} and must be killed
//	share                                       {"shares":true} and must be killed
//
// only is a text that the names of the cases to run contain.
//
// # Crashes
//
// prepare deletes the database and sets up the user Ada, with a passphrase, a
// recovery key, one VAPID key and one rule. run opens that, calls one of the
// methods that "methods" lists, and stops at its commit number stop, counted
// from 1, and at none if that is 0: "before" the commit, "after" it is durable
// but before the vault knows, or "during", when the browser has been asked and
// has not answered. It posts {"stopped"}; whoever drives kills the worker, or
// the browser. If the method has fewer commits, it ends, and tells how many.
// With "instead" it opens the vault, as for the method, and does not call it.
//
// check then opens the database as after a restart, and tells what it is:
// state is a text that is equal for equal users, enrolments, keys and rules;
// log is the methods and outcomes of all entries up to this check, one for each
// line; verified says whether the exported bundle of every user verifies, and
// if not findings says why. So for each method and each n and when:
//
//	prepare; run instead; check      the state and log before
//	prepare; run; check              the state and log after
//	prepare; run stop; kill; check   one of the two, state and log alike
//
// and verified is true each time.
//
// # Two workers
//
// mixed opens the vault like a tab, shares the session with the others, and
// makes operations of many sorts, all different for another seed. Start two
// after one prepare; each waits after {"ready":true} for any message, so that
// they begin together. made counts operations that ended as they should. Then
// check, which also finds gaps and forks of the log.
package main

import (
	"context"

	"ats.run/kms-enclave/enclave/internal/jsbridge"
	"ats.run/kms-enclave/enclave/internal/webcrypto"
	"ats.run/kms-enclave/kmslib/wire"
)

func main() {
	ctx := context.Background()
	c, err := readCommand(jsbridge.Global().Get("name").String())
	if err == nil {
		err = c.run(ctx)
	}
	if err != nil {
		post(flag("done"), wire.Member{Name: "error", Value: wire.String(err.Error())})
	}
}

// command is what the worker is to do.
type command struct {
	do, database, method, when, lock, only string
	stop, operations, seed                 int64
}

func readCommand(text string) (c command, err error) {
	if text == "" {
		return command{do: "cases"}, nil
	}
	value, err := wire.Parse([]byte(text))
	if err != nil {
		return command{}, err
	}
	in := wire.NewObjectReader(value)
	c.do = in.String("do")
	for name, to := range map[string]*string{"database": &c.database, "method": &c.method, "when": &c.when, "lock": &c.lock, "only": &c.only} {
		*to, _ = in.OptionalString(name)
	}
	for name, to := range map[string]*int64{"stop": &c.stop, "operations": &c.operations, "seed": &c.seed} {
		*to, _ = in.OptionalInt(name)
	}
	return c, in.Done()
}

func (c command) run(ctx context.Context) error {
	ops := webcrypto.New()
	switch c.do {
	case "prepare":
		return prepare(ctx, c.database)
	case "run":
		return runMethod(ctx, c)
	case "check":
		return check(ctx, c.database)
	case "mixed":
		return mixed(ctx, c)
	case "methods":
		return postMethods()
	case "hold":
		return hold(ctx, c.lock)
	case "share":
		return share(ctx, ops)
	}
	runCases(ctx, allCases(ops), c.only)
	return nil
}

// flag is a member that is true.
func flag(name string) wire.Member { return wire.Member{Name: name, Value: wire.Bool(true)} }

func post(members ...wire.Member) {
	jsbridge.Global().Call("postMessage", string(wire.Object(members...).Append(nil)))
}

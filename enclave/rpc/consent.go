// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/ceremony"
	"ats.run/kms-enclave/kmslib/vault"
)

// Consent lets a request run if the vault is open for the caller and, where
// the table or the person's own rule demands it, the person approved this very
// request. What the person is shown is made of the decoded request, which is
// the one that then runs; nothing can take its place meanwhile. Refusals go
// into the audit log.
func (s *Service) Consent(ctx context.Context, caller Caller, m Method, request Message) error {
	if !m.Ruled() {
		return nil
	}
	if err := s.consent(ctx, caller.asker(), vault.Consent(m.Consent), request); err != nil {
		return s.refuse(ctx, caller, err)
	}
	return nil
}

// refuse translates why a request may not run, or why a ceremony did not end
// well, and puts that into the audit log.
func (s *Service) refuse(ctx context.Context, caller Caller, err error) error {
	refusal := refusalOf(err)
	known, ok := errors.AsType[*Error](refusal)
	switch {
	case !ok || known.Code == NotSetUp: // a fault, or no log yet
	case errors.Is(err, vault.ErrNotGranted):
		s.vault.Refused(ctx, caller.asker(), outcomeNotGranted)
	default:
		s.vault.Refused(ctx, caller.asker(), string(known.Code))
	}
	return refusal
}

// outcomeNotGranted is the log's word for an origin that was not let in. The
// app is told "locked", as it would be if nobody were.
const outcomeNotGranted = "not_granted"

func (s *Service) consent(ctx context.Context, asker vault.Asker, class vault.Consent, request Message) error {
	before, _ := s.vault.Session()
	ask, err := s.vault.Authorize(ctx, asker, class)
	if err != nil || !ask {
		return err
	}
	known, err := s.explain(ctx, asker, request)
	if err != nil {
		return err
	}
	if err := s.ceremonies.Confirm(ctx, asker, append(Details(request), known...)); err != nil {
		return err
	}
	// The person took a while: it must still be the same open vault.
	if after, open := s.vault.Session(); !open || after.ID != before.ID {
		return vault.ErrLocked
	}
	_, err = s.vault.Authorize(ctx, asker, class)
	return err
}

// Details returns what a person who is to approve a request is shown of it:
// every member that is there, by its name, those of an object as object.member,
// and of the bodies their sizes.
func Details(m Message) []ceremony.Detail {
	details := memberDetails("", m)
	if b, ok := BodiesOf(m); ok && len(b.list()) > 0 {
		sizes := make([]string, len(b.list()))
		for i, one := range b.list() {
			sizes[i] = strconv.Itoa(len(one))
		}
		details = append(details, ceremony.Detail{Name: b.Name(), Value: strings.Join(sizes, ", ")})
	}
	return details
}

func memberDetails(path string, m Message) []ceremony.Detail {
	var details []ceremony.Detail
	for _, f := range m.fields() {
		switch {
		case f.Optional && f.absent():
		case f.Kind == KindObject:
			details = append(details, memberDetails(path+f.Name+".", f.object.get())...)
		default:
			details = append(details, ceremony.Detail{Name: path + f.Name, Value: f.words()})
		}
	}
	return details
}

// words returns the value of a member as text.
func (f *Field) words() string {
	switch f.Kind {
	case KindString:
		return *f.str
	case KindInteger:
		return strconv.FormatInt(*f.number, 10)
	case KindBool:
		return strconv.FormatBool(*f.flag)
	case KindStrings:
		return strings.Join(*f.strings, ", ")
	}
	elements := make([]string, f.objects.len())
	for i := range elements {
		var words []string
		for _, d := range memberDetails("", f.objects.at(i)) {
			words = append(words, d.Value)
		}
		elements[i] = strings.Join(words, " ")
	}
	return strings.Join(elements, ", ")
}

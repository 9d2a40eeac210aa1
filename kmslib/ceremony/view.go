// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ceremony

import (
	"context"
	"slices"
	"strings"

	"ats.run/kms-enclave/kmslib/vault"
	"ats.run/kms-enclave/kmslib/wire"
)

// Limits of the log's screens.
const (
	logPage    = 50       // entries on one screen
	exportPart = 1 << 20  // bytes that are read at once
	maxExport  = 24 << 20 // bytes of a bundle that one screen can show
)

// data returns what the screen "manage" shows.
func (m *manager) data(ctx context.Context) ([]wire.Member, error) {
	enrolments, err := m.vault.Enrolments(ctx, m.session.User)
	if err != nil {
		return nil, err
	}
	status, err := m.vault.Status(ctx)
	if err != nil {
		return nil, err
	}
	head, err := m.vault.AuditCheckpoint(ctx, m.self())
	if err != nil {
		return nil, err
	}
	policies, err := m.vault.Policies(ctx)
	if err != nil {
		m.why, _ = problemOf(err) // shown without rules, so that they can be set again
	}
	data := []wire.Member{
		userMember(m.session.User, m.session.Label),
		list("enrolments", enrolments, m.enrolmentValue),
		list("addable", m.addable(enrolments), wire.String),
		list("methods", m.about.Methods, func(method Method) wire.Value {
			return wire.Object(text("name", method.Name), text("class", string(method.Class)))
		}),
		list("policies", policies, func(p vault.Policy) wire.Value {
			return wire.Object(text("origin", p.Origin), text("method", p.Method), text("class", string(p.Class)))
		}),
		{Name: "session", Value: wire.Object(
			text("method", string(m.session.Method)), number("started", m.session.Started),
			number("idleEnds", m.session.IdleEnds), number("ends", m.session.Ends),
		)},
		{Name: "log", Value: wire.Object(number("size", head.Size), text("root", head.Root), text("key", head.Key))},
		text("storage", m.about.Storage),
		list("damaged", status.Damaged, func(r vault.RecordReport) wire.Value {
			return wire.Object(text("collection", r.Ref.Collection), text("reason", r.Reason))
		}),
	}
	if m.message != "" {
		data = append(data, text("message", m.message))
	}
	return data, nil
}

func (m *manager) enrolmentValue(e vault.EnrolmentInfo) wire.Value {
	return wire.Object(
		text("id", e.ID), text("method", string(e.Method)), text("label", e.Label), number("created", e.Created),
		number("used", e.Used), flag("current", e.ID == m.session.Enrolment), text("damaged", e.Damaged),
	)
}

// log shows the log, newest entries first, until the person goes back.
func (m *manager) log(ctx context.Context) error {
	var why notice
	before := int64(-1) // the newest
	for {
		page, err := m.page(ctx, before)
		if err != nil {
			return err
		}
		in, err := m.ask(ctx, ScreenLog, why, pageMembers(page))
		if err != nil {
			return err
		}
		why = notice{}
		switch in.Action {
		case "back":
			return nil
		case "more":
			r := &reader{screen: ScreenLog, in: in}
			if before = r.number("from"); r.err != nil || before < 0 {
				return &ProtocolError{ScreenLog, "the field from is not a sequence number"}
			}
		case "export":
			if err := m.export(ctx); err != nil {
				var known bool
				if why, known = problemOf(err); !known {
					return err
				}
			}
		}
	}
}

// page reads the entries before a sequence number, or the newest if it is -1.
func (m *manager) page(ctx context.Context, before int64) (vault.AuditPage, error) {
	if before < 0 {
		head, err := m.vault.AuditCheckpoint(ctx, m.self())
		if err != nil {
			return vault.AuditPage{}, err
		}
		before = head.Size
	}
	from := max(0, before-logPage)
	page, err := m.vault.AuditList(ctx, m.self(), from, min(logPage, before))
	if err != nil {
		return vault.AuditPage{}, err
	}
	page.Entries = slices.DeleteFunc(page.Entries, func(e vault.AuditEntry) bool { return e.Seq >= before })
	slices.Reverse(page.Entries)
	return page, nil
}

func pageMembers(page vault.AuditPage) []wire.Member {
	data := []wire.Member{
		number("first", page.First), number("size", page.Size),
		list("entries", page.Entries, func(e vault.AuditEntry) wire.Value {
			return wire.Object(
				number("seq", e.Seq), number("time", e.Time), text("origin", e.Origin), text("method", e.Method),
				text("key", e.Key), text("outcome", e.Outcome), number("repeats", e.Repeats), text("detail", e.Detail),
			)
		}),
	}
	if n := len(page.Entries); n > 0 && page.Entries[n-1].Seq > page.First {
		data = append(data, number("next", page.Entries[n-1].Seq))
	}
	return data
}

// export shows the whole log as a bundle.
func (m *manager) export(ctx context.Context) error {
	m.dialog.Busy(BusyReading)
	var bundle strings.Builder
	var part vault.AuditBundle
	for part.Next != -1 {
		var err error
		if part, err = m.vault.AuditExport(ctx, m.self(), part.Next, part.Size, exportPart); err != nil {
			return err
		}
		if bundle.WriteString(part.Text); bundle.Len() > maxExport {
			return errLogTooLong
		}
	}
	name := "audit-" + m.session.User + ".jsonl"
	_, err := m.ask(ctx, ScreenLogExport, notice{}, []wire.Member{text("name", name), text("text", bundle.String())})
	return err
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"context"
	"sync"

	"ats.run/kms-enclave/kmslib/auditlog"
	"ats.run/kms-enclave/kmslib/signal/attachment"
)

// MaxStreams is how many attachments an origin can have open at once: each holds
// a segment in memory.
const MaxStreams = 4

// stream is an attachment that is being sealed or opened. It needs nothing that
// is stored, so it goes on over a rotation.
type stream struct {
	session string // id
	origin  string

	mutex sync.Mutex // held while a piece is worked on
	coder coder
}

// coder is an attachment.Sealer or an attachment.Opener.
type coder interface {
	Write(ctx context.Context, data []byte) ([]byte, error)
	Close(ctx context.Context) ([]byte, error)
}

// AttachmentBegin begins to seal an attachment, or to open one, for the asking
// origin. Without a key a new one is made and returned, which is for sealing
// only. The stream lasts as long as the session. A *LimitError says that the
// origin has MaxStreams open.
func (v *Vault) AttachmentBegin(ctx context.Context, a Asker, seal bool, key []byte) (id string, newKey []byte, err error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return "", nil, err
	}
	switch {
	case key != nil && len(key) != attachment.KeySize:
		return "", nil, &InputError{"key", "expected 32 bytes"}
	case key == nil && !seal:
		return "", nil, &InputError{"key", "expected the key of the attachment to open"}
	case key == nil:
		if newKey, err = v.random(attachment.KeySize); err != nil {
			return "", nil, err
		}
		key = newKey
	}
	if id, err = v.newID(); err != nil {
		return "", nil, err
	}
	opened := &stream{session: s.id, origin: a.Origin}
	detail := "open"
	if seal {
		detail = "seal"
		opened.coder, err = attachment.NewSealer(ctx, v.config.Keys, key, nil, v.config.Random)
	} else {
		opened.coder, err = attachment.NewOpener(ctx, v.config.Keys, key, nil)
	}
	if err == nil {
		err = v.addStream(id, opened)
	}
	if err != nil {
		clear(newKey)
		return "", nil, err
	}
	if err := v.logStream(ctx, s, a, "signal.attachment.begin", detail); err != nil {
		v.removeStream(id)
		clear(newKey)
		return "", nil, err
	}
	return id, newKey, nil
}

// AttachmentUpdate works on the next piece of an attachment and returns what is
// ready of the result; with last all of it is. Nothing is returned of what was
// opened unless it is authentic. After an error the stream is gone. Errors are
// ErrUnknownStream, and those of package attachment.
func (v *Vault) AttachmentUpdate(ctx context.Context, a Asker, id string, data []byte, last bool) ([]byte, error) {
	s, err := v.require(ctx, a)
	if err != nil {
		return nil, err
	}
	opened := v.findStream(s, a, id)
	if opened == nil {
		return nil, ErrUnknownStream
	}
	opened.mutex.Lock()
	defer opened.mutex.Unlock()
	if v.findStream(s, a, id) != opened {
		return nil, ErrUnknownStream // another call ended it
	}
	done, err := opened.update(ctx, data, last)
	if err == nil && last {
		v.removeStream(id)
		err = v.logStream(ctx, s, a, "signal.attachment.finish", "")
	} else if err == nil {
		err = v.reading(ctx, s, func(*transaction) error { return nil }) // it may be locked elsewhere
	}
	if err != nil {
		v.removeStream(id)
		clear(done)
		return nil, err
	}
	return done, nil
}

// update passes data on. The stream's mutex is held.
func (s *stream) update(ctx context.Context, data []byte, last bool) ([]byte, error) {
	done, err := s.coder.Write(ctx, data)
	if err != nil || !last {
		return done, err
	}
	rest, err := s.coder.Close(ctx)
	return bytes.Join([][]byte{done, rest}, nil), err
}

// AttachmentCancel gives an attachment up. It is gone even with an error.
func (v *Vault) AttachmentCancel(ctx context.Context, a Asker, id string) error {
	s, err := v.require(ctx, a)
	if err != nil {
		return err
	}
	if v.findStream(s, a, id) == nil || !v.removeStream(id) {
		return ErrUnknownStream
	}
	return v.logStream(ctx, s, a, "signal.attachment.cancel", "")
}

func (v *Vault) logStream(ctx context.Context, s *session, a Asker, method, detail string) error {
	return v.within(ctx, s, func(t *transaction) error {
		t.log(a, auditlog.Entry{Method: method, Detail: detail})
		return nil
	})
}

// addStream adds a stream if the origin may have one more.
func (v *Vault) addStream(id string, opened *stream) error {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if v.session == nil || v.session.id != opened.session {
		return ErrLocked
	}
	n := 0
	for _, other := range v.streams {
		if other.origin == opened.origin {
			n++
		}
	}
	if n >= MaxStreams {
		return &LimitError{"attachments open at once", MaxStreams}
	}
	if v.streams == nil {
		v.streams = make(map[string]*stream)
	}
	v.streams[id] = opened
	return nil
}

// findStream returns the asking origin's stream in a session, or nil.
func (v *Vault) findStream(s *session, a Asker, id string) *stream {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	found := v.streams[id]
	if found == nil || found.session != s.id || found.origin != a.Origin {
		return nil
	}
	return found
}

// removeStream says whether there was one.
func (v *Vault) removeStream(id string) bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	_, there := v.streams[id]
	delete(v.streams, id)
	return there
}

// endStreams removes the streams that are not of the open session. The caller
// holds the mutex.
func (v *Vault) endStreams() {
	for id, other := range v.streams {
		if v.session == nil || other.session != v.session.id {
			delete(v.streams, id)
		}
	}
}

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"bytes"
	"maps"
	"strings"
	"sync"

	"ats.run/kms-enclave/kmslib/secret"
)

// The limits of what is remembered of Signal accounts while a vault is open. A
// batch of 64 messages from as many devices, which is the largest there is,
// touches about 200 records of a few KiB.
const (
	maxSignalCached = 256
	maxSignalBytes  = 4 << 20
)

// signalCache is opened Signal records by their keys, which tell the origin.
// It is a part of userState, so it holds as long as that does. A cache that is
// remembered is never changed: transactions change a clone.
type signalCache struct {
	entries map[string]signalEntry
	bytes   int
	clock   uint64 // counts uses
}

// signalEntry is a record, or that there is none.
type signalEntry struct {
	version uint64 // 0: there is none
	value   *guarded
	size    int
	used    uint64
}

// guarded is bytes that clones of a cache share, and that are cleared once none
// is remembered any more.
type guarded struct {
	mutex sync.Mutex
	bytes secret.Box[[]byte] // empty once cleared
}

func guard(value []byte) *guarded {
	kept := bytes.Clone(value)
	if kept == nil {
		kept = []byte{}
	}
	return &guarded{bytes: secret.NewBox(&kept)}
}

// copy returns a copy of the bytes, or false if they were cleared.
func (g *guarded) copy() ([]byte, bool) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	b := g.bytes.Expose()
	if b == nil {
		return nil, false
	}
	return append([]byte{}, *b...), true
}

// wipe clears the bytes.
func (g *guarded) wipe() {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if b := g.bytes.Expose(); b != nil {
		clear(*b)
	}
	g.bytes = secret.Box[[]byte]{}
}

func (c *signalCache) clone() signalCache {
	copied := *c
	copied.entries = maps.Clone(c.entries)
	return copied
}

// look returns what is remembered of the record at key, without its value.
func (c *signalCache) look(key string) (signalEntry, bool) {
	e, ok := c.entries[key]
	return e, ok
}

// get is look with a copy of the value, which is nil if there is no record.
func (c *signalCache) get(key string) (e signalEntry, value []byte, ok bool) {
	e, ok = c.entries[key]
	if !ok {
		return e, nil, false
	}
	if e.version > 0 {
		if value, ok = e.value.copy(); !ok {
			return e, nil, false
		}
	}
	c.clock++
	e.used = c.clock
	c.entries[key] = e
	return e, value, true
}

// put remembers a record, of which it copies the value. Version 0: there is
// none.
func (c *signalCache) put(key string, version uint64, value []byte) {
	c.drop(key)
	if c.entries == nil {
		c.entries = make(map[string]signalEntry)
	}
	e := signalEntry{version: version, size: len(key) + len(value)}
	if e.size > maxSignalBytes {
		return
	}
	if version > 0 {
		e.value = guard(value)
	}
	c.clock++
	e.used = c.clock
	c.entries[key] = e
	c.bytes += e.size
	for len(c.entries) > maxSignalCached || c.bytes > maxSignalBytes {
		c.drop(c.oldest())
	}
}

// drop forgets a record.
func (c *signalCache) drop(key string) {
	if e, ok := c.entries[key]; ok {
		c.bytes -= e.size
		delete(c.entries, key)
	}
}

// dropPrefix forgets the records whose keys begin with prefix.
func (c *signalCache) dropPrefix(prefix string) {
	for key := range c.entries {
		if strings.HasPrefix(key, prefix) {
			c.drop(key)
		}
	}
}

// oldest returns the key of the record whose last use is the longest ago.
func (c *signalCache) oldest() string {
	key, used := "", c.clock+1
	for k, e := range c.entries {
		if e.used < used {
			key, used = k, e.used
		}
	}
	return key
}

// wipeExcept clears the values that next does not have.
func (c *signalCache) wipeExcept(next *signalCache) {
	for key, e := range c.entries {
		if e.value == nil || next.entries[key].value == e.value {
			continue
		}
		e.value.wipe()
	}
}

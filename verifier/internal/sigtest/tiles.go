// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sigtest

import (
	"encoding/binary"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Log returns the read interface of the first log (C2SP tlog-tiles) as Rekor v2
// serves it: /checkpoint, /tile/<level>/<n>, /tile/entries/<n>, with and without
// the prefix /api/v2.
func (s *Stack) Log() http.Handler { return s.LogNumber(0) }

// LogNumber returns the read interface of the log with a number from 0.
func (s *Stack) LogNumber(number int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/api/v2")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "only GET", http.StatusMethodNotAllowed)
			return
		}
		if path == "/checkpoint" {
			w.Header().Set("content-type", "text/plain; charset=utf-8")
			_, _ = w.Write([]byte(s.checkpointOf(s.logs[number])))
			return
		}
		content, ok := s.logs[number].tile(path)
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("content-type", "application/octet-stream")
		_, _ = w.Write(content)
	})
}

// Checkpoint returns what the first log serves as its checkpoint.
func (s *Stack) Checkpoint() string { return s.checkpointOf(s.logs[0]) }

func (s *Stack) checkpointOf(l *treeLog) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	origin := l.origin
	if s.faults.Origin != "" {
		origin = s.faults.Origin
	}
	return l.checkpoint(origin, int64(l.tree.Size()), l.tree.Hash(), s.cosigners(), l.latest.Add(s.cosignDelay()))
}

// Size returns the number of entries of the first log.
func (s *Stack) Size() int64 {
	s.logs[0].mu.Lock()
	defer s.logs[0].mu.Unlock()
	return int64(len(s.logs[0].entries))
}

// Append adds entries to the first log as they are, for example entries that
// are none of Rekor's.
func (s *Stack) Append(bodies ...[]byte) {
	for _, body := range bodies {
		s.logs[0].add(s.t, body, time.Time{})
	}
}

// Entry returns an entry of the first log.
func (s *Stack) Entry(index int64) []byte {
	s.logs[0].mu.Lock()
	defer s.logs[0].mu.Unlock()
	return s.logs[0].entries[index]
}

// Alter changes an entry that the first log serves without any change to its
// tree: a log that lies.
func (s *Stack) Alter(index int64, body []byte) {
	s.logs[0].mu.Lock()
	defer s.logs[0].mu.Unlock()
	s.logs[0].entries[index] = body
}

// tilePath is <level or "entries">, the groups of three digits, and the width
// of a partial tile.
var tilePath = regexp.MustCompile(`^/tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?$`)

// tileWidth is the number of hashes or entries of a full tile.
const tileWidth = 256

func (l *treeLog) tile(path string) ([]byte, bool) {
	match := tilePath.FindStringSubmatch(path)
	if match == nil {
		return nil, false
	}
	n, err := strconv.ParseUint(strings.NewReplacer("x", "", "/", "").Replace(match[2]), 10, 40)
	if err != nil {
		return nil, false
	}
	width := uint64(tileWidth)
	if match[3] != "" {
		if width, err = strconv.ParseUint(match[3], 10, 16); err != nil || width >= tileWidth {
			return nil, false
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if match[1] == "entries" {
		return l.entryBundle(n*tileWidth, width)
	}
	level, err := strconv.ParseUint(match[1], 10, 6)
	if err != nil {
		return nil, false
	}
	return l.hashTile(uint(level), n*tileWidth, width)
}

// entryBundle returns entries, each after its length in two bytes.
func (l *treeLog) entryBundle(first, width uint64) ([]byte, bool) {
	if first+width > uint64(len(l.entries)) {
		return nil, false
	}
	var bundle []byte
	for _, entry := range l.entries[first : first+width] {
		bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
		bundle = append(bundle, entry...)
	}
	return bundle, true
}

// hashTile returns the hashes of complete subtrees of 256^level leaves.
func (l *treeLog) hashTile(level uint, first, width uint64) ([]byte, bool) {
	if level > 4 {
		return nil, false
	}
	span := uint64(1) << (8 * level)
	if (first+width)*span > l.tree.Size() {
		return nil, false
	}
	var tile []byte
	for i := first; i < first+width; i++ {
		tile = append(tile, l.subtree(i*span, span)...)
	}
	return tile, true
}

func (l *treeLog) subtree(first, span uint64) []byte {
	if span == 1 {
		return l.tree.LeafHash(first)
	}
	half := span / 2
	return hasher.HashChildren(l.subtree(first, half), l.subtree(first+half, half))
}

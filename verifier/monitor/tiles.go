// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package monitor

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"
)

// The shape of tiles and entry bundles (C2SP tlog-tiles).
const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight // hashes in a full tile, entries in a full bundle
	maxBundle  = tileWidth * (2 + 1<<16)
)

// tilePath returns the path of a tile, or of an entry bundle for level
// "entries"; width is how many of its items are asked for.
func tilePath(level string, n int64, width int) string {
	index := fmt.Sprintf("%03d", n%1000)
	for n >= 1000 {
		n /= 1000
		index = fmt.Sprintf("x%03d/%s", n%1000, index)
	}
	path := "tile/" + level + "/" + index
	if width < tileWidth {
		path += ".p/" + strconv.Itoa(width)
	}
	return path
}

// readTile returns at least the first width items of a tile or bundle. A log
// may delete a partial one as soon as there is the full one.
func readTile(ctx context.Context, source Source, level string, n int64, width int, limit int64) ([]byte, error) {
	data, err := source.Read(ctx, tilePath(level, n, width), limit)
	if err != nil && isAbsent(err) && width < tileWidth {
		if full, fullErr := source.Read(ctx, tilePath(level, n, tileWidth), limit); fullErr == nil {
			return full, nil
		}
	}
	return data, err
}

// tiles reads the tiles of one tree. It implements tlog.TileReader, whose
// users authenticate what it returns.
type tiles struct {
	ctx    context.Context
	source Source
	kept   map[tlog.Tile][]byte // authenticated tiles above the lowest level
}

// hashes returns a reader of the tree's hashes: whatever it returns leads to
// the tree's root. Its errors are *ReadError, or say that the tiles do not.
func hashes(ctx context.Context, source Source, tree tlog.Tree) tlog.HashReader {
	return tlog.TileHashReader(tree, &tiles{ctx, source, make(map[tlog.Tile][]byte)})
}

// Height returns the height of the tiles.
func (t *tiles) Height() int { return tileHeight }

// ReadTiles reads tiles.
func (t *tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range wanted {
		if data, ok := t.kept[tile]; ok {
			all = append(all, data)
			continue
		}
		data, err := readTile(t.ctx, t.source, strconv.Itoa(tile.L), tile.N, tile.W, tileWidth*tlog.HashSize)
		if err != nil {
			return nil, err
		}
		if len(data) < tile.W*tlog.HashSize {
			return nil, &ReadError{Path: tilePath(strconv.Itoa(tile.L), tile.N, tile.W), Reason: "fewer hashes than its name says"}
		}
		all = append(all, data[:tile.W*tlog.HashSize])
	}
	return all, nil
}

// SaveTiles keeps tiles that lead to the root.
func (t *tiles) SaveTiles(saved []tlog.Tile, data [][]byte) {
	for i, tile := range saved {
		if tile.L > 0 {
			t.kept[tile] = data[i]
		}
	}
}

// errBundle says that an entry bundle has not the form of one.
var errBundle = errors.New("expected entries, each after its length in two bytes")

// parseBundle returns the first count entries of a bundle, which may have
// more. They alias data.
func parseBundle(data []byte, count int) ([][]byte, error) {
	var entries [][]byte
	for len(entries) < count {
		if len(data) < 2 {
			return nil, errBundle
		}
		size := int(binary.BigEndian.Uint16(data))
		if data = data[2:]; len(data) < size {
			return nil, errBundle
		}
		entries = append(entries, data[:size:size])
		data = data[size:]
	}
	return entries, nil
}

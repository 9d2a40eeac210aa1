// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// order is what POST /control/PART takes.
type order struct {
	Up    *bool   `json:"up"`
	Delay *string `json:"delay"`
	Name  string  `json:"name"` // of one witness, with the part "witness"
}

// control serves the switches with which tests make faults.
func (s *Stack) control(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control", func(w http.ResponseWriter, _ *http.Request) {
		state := map[string]any{}
		for name, g := range s.gates {
			state[name] = map[string]any{"up": g.IsUp(), "delay": g.Delayed().String()}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(state)
	})
	mux.HandleFunc("POST /control/stop", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		select {
		case s.stop <- struct{}{}:
		default:
		}
	})
	mux.HandleFunc("POST /control/{part}", func(w http.ResponseWriter, r *http.Request) {
		if err := s.obey(r); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	url, err := s.serve(ctx, controlPart, mux)
	s.Info.Control = url + "/control"
	return err
}

const controlPart = "control"

func (s *Stack) obey(r *http.Request) error {
	var o order
	decoder := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 4096))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&o); err != nil {
		return fmt.Errorf(`expected {"up": bool, "delay": "2s", "name": "w1"}: %w`, err)
	}
	part := r.PathValue("part")
	if o.Name != "" {
		if part != "witness" {
			return errors.New(`"name" goes with /control/witness only`)
		}
		part = o.Name
	}
	if o.Up != nil {
		if err := s.set(part, *o.Up); err != nil {
			return err
		}
	}
	if o.Delay != nil {
		d, err := time.ParseDuration(*o.Delay)
		if err != nil || d < 0 {
			return errors.New(`"delay": expected a duration like "2s"`)
		}
		names, err := s.named(part)
		if err != nil {
			return err
		}
		for _, name := range names {
			s.gates[name].Delay(d)
		}
	}
	return nil
}

// set switches a part, or every witness for "witness".
func (s *Stack) set(part string, up bool) error {
	names, err := s.named(part)
	for _, name := range names {
		s.gates[name].Up(up)
	}
	return err
}

func (s *Stack) named(part string) ([]string, error) {
	if part == "witness" && len(s.Info.Witnesses) > 0 {
		var names []string
		for _, w := range s.Info.Witnesses {
			names = append(names, w.Name)
		}
		return names, nil
	}
	if _, ok := s.gates[part]; !ok || part == controlPart {
		return nil, fmt.Errorf("unknown part %q: expected one of %s", part, s.parts())
	}
	return []string{part}, nil
}

func (s *Stack) parts() string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(s.gates)), func(n string) bool { return n == controlPart })
	return strings.Join(append(names, "witness"), ", ")
}

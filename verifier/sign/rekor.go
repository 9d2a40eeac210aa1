// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package sign

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// logClient adds entries to one Rekor v2 log. sigstore-go makes the entry; the
// request is ours so that a failure can be told apart and told plainly.
type logClient struct {
	address string
	service *remote
}

// entriesPath is where Rekor v2 takes entries.
const entriesPath = "/api/v2/log/entries"

// Add sends a hashedrekord 0.0.2 and waits until a checkpoint covers it.
func (c *logClient) Add(ctx context.Context, entry any) (*protorekor.TransparencyLogEntry, error) {
	message, ok := entry.(proto.Message)
	if !ok {
		return nil, refused(c.service.name, "an entry", "something else", "")
	}
	inner, err := protojson.Marshal(message)
	if err != nil {
		return nil, refused(c.service.name, "an entry", "something that is no JSON", "")
	}
	body := "{\"hashedRekordRequestV002\":" + string(inner) + "}"
	address := strings.TrimRight(c.address, "/") + entriesPath
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, misused(c.service.name, "an address", "something else", adviceConfig)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.service.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusConflict {
		return nil, errConflict
	}
	answer, _ := io.ReadAll(response.Body) // in memory already
	logged := new(protorekor.TransparencyLogEntry)
	if (protojson.UnmarshalOptions{DiscardUnknown: true}).Unmarshal(answer, logged) != nil {
		return nil, refused(c.service.name, "an entry with a proof of inclusion", "something else", adviceInstance)
	}
	return logged, nil
}

// errConflict says that the log has this very entry already.
var errConflict = &Fault{
	Kind: Refused, Subject: "transparency log", Expected: "a new entry",
	Found:  "that it has this entry already (status 409), after signing again",
	Advice: "The key gives equal signatures each time; use one that does not, or sign a later release",
}

// logPasses lets the client see 409, on which it signs again.
func logPasses(status int) bool { return isSuccess(status) || status == http.StatusConflict }

// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package ctlog

import (
	"context"

	"github.com/google/trillian"
	"google.golang.org/grpc"
)

// local calls Trillian's server in the same process, where CTFE expects a gRPC connection.
type local struct{ s trillian.TrillianLogServer }

func (l local) QueueLeaf(ctx context.Context, in *trillian.QueueLeafRequest, _ ...grpc.CallOption) (*trillian.QueueLeafResponse, error) {
	return l.s.QueueLeaf(ctx, in)
}

func (l local) GetInclusionProof(ctx context.Context, in *trillian.GetInclusionProofRequest, _ ...grpc.CallOption) (*trillian.GetInclusionProofResponse, error) {
	return l.s.GetInclusionProof(ctx, in)
}

func (l local) GetInclusionProofByHash(ctx context.Context, in *trillian.GetInclusionProofByHashRequest, _ ...grpc.CallOption) (*trillian.GetInclusionProofByHashResponse, error) {
	return l.s.GetInclusionProofByHash(ctx, in)
}

func (l local) GetConsistencyProof(ctx context.Context, in *trillian.GetConsistencyProofRequest, _ ...grpc.CallOption) (*trillian.GetConsistencyProofResponse, error) {
	return l.s.GetConsistencyProof(ctx, in)
}

func (l local) GetLatestSignedLogRoot(ctx context.Context, in *trillian.GetLatestSignedLogRootRequest, _ ...grpc.CallOption) (*trillian.GetLatestSignedLogRootResponse, error) {
	return l.s.GetLatestSignedLogRoot(ctx, in)
}

func (l local) GetEntryAndProof(ctx context.Context, in *trillian.GetEntryAndProofRequest, _ ...grpc.CallOption) (*trillian.GetEntryAndProofResponse, error) {
	return l.s.GetEntryAndProof(ctx, in)
}

func (l local) InitLog(ctx context.Context, in *trillian.InitLogRequest, _ ...grpc.CallOption) (*trillian.InitLogResponse, error) {
	return l.s.InitLog(ctx, in)
}

func (l local) AddSequencedLeaves(ctx context.Context, in *trillian.AddSequencedLeavesRequest, _ ...grpc.CallOption) (*trillian.AddSequencedLeavesResponse, error) {
	return l.s.AddSequencedLeaves(ctx, in)
}

func (l local) GetLeavesByRange(ctx context.Context, in *trillian.GetLeavesByRangeRequest, _ ...grpc.CallOption) (*trillian.GetLeavesByRangeResponse, error) {
	return l.s.GetLeavesByRange(ctx, in)
}

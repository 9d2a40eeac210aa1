// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package ctlog is a Certificate Transparency log of RFC 6962: Google's CTFE over Trillian, with Trillian's
// storage in memory. Nothing of it goes over a network but the log's own HTTP.
package ctlog

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/certificate-transparency-go/trillian/ctfe"
	"github.com/google/certificate-transparency-go/trillian/ctfe/configpb"
	"github.com/google/trillian"
	"github.com/google/trillian/crypto/keys"
	"github.com/google/trillian/crypto/keys/der"
	"github.com/google/trillian/crypto/keyspb"
	"github.com/google/trillian/extension"
	trillianlog "github.com/google/trillian/log"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/storage"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"github.com/google/trillian/util/election2"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

// Prefix is the path of the log.
const Prefix = "ct"

// CTFE is given its key as a message, and a process says once how such a message is read.
var registerKeys = sync.OnceFunc(func() {
	keys.RegisterHandler(&keyspb.PrivateKey{}, der.FromProto)
})

// Log is a running CT log.
type Log struct {
	Key     crypto.PublicKey
	Handler http.Handler
}

// Start runs a log that accepts what chains up to a root in rootsFile (PEM).
func Start(ctx context.Context, rootsFile string) (*Log, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	registry := registry()
	tree, err := storage.CreateTree(ctx, registry.AdminStorage, &trillian.Tree{
		TreeState:       trillian.TreeState_ACTIVE,
		TreeType:        trillian.TreeType_LOG,
		MaxRootDuration: durationpb.New(0),
	})
	if err != nil {
		return nil, fmt.Errorf("trillian tree: %w", err)
	}
	rpc := server.NewTrillianLogRPCServer(registry, clock.System)
	if _, err := rpc.InitLog(ctx, &trillian.InitLogRequest{LogId: tree.TreeId}); err != nil {
		return nil, fmt.Errorf("trillian log: %w", err)
	}
	go trillianlog.NewOperationManager(trillianlog.OperationInfo{
		Registry:    registry,
		BatchSize:   100,
		NumWorkers:  1,
		RunInterval: 100 * time.Millisecond,
		TimeSource:  clock.System,
	}, trillianlog.NewSequencerManager(registry, 0)).OperationLoop(ctx)

	registerKeys()
	instance, err := frontend(ctx, key, tree.TreeId, rootsFile, local{rpc})
	if err != nil {
		return nil, fmt.Errorf("ctfe: %w", err)
	}
	mux := http.NewServeMux()
	for path, handler := range instance.Handlers {
		mux.Handle(path, handler)
	}
	return &Log{Key: key.Public(), Handler: mux}, nil
}

func registry() extension.Registry {
	trees := memory.NewTreeStorage()
	metrics := monitoring.InertMetricFactory{}
	return extension.Registry{
		AdminStorage:    memory.NewAdminStorage(trees),
		LogStorage:      memory.NewLogStorage(trees, metrics),
		ElectionFactory: election2.NoopFactory{},
		QuotaManager:    quota.Noop(),
		MetricFactory:   metrics,
	}
}

func frontend(ctx context.Context, key *ecdsa.PrivateKey, tree int64, rootsFile string, client trillian.TrillianLogClient) (*ctfe.Instance, error) {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	private, err := anypb.New(&keyspb.PrivateKey{Der: der})
	if err != nil {
		return nil, err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	valid, err := ctfe.ValidateLogConfig(&configpb.LogConfig{
		LogId:        tree,
		Prefix:       Prefix,
		RootsPemFile: []string{rootsFile},
		PrivateKey:   private,
		PublicKey:    &keyspb.PublicKey{Der: public},
		ExtKeyUsages: []string{"CodeSigning"},
	})
	if err != nil {
		return nil, err
	}
	return ctfe.SetUpInstance(ctx, ctfe.InstanceOptions{
		Validated:     valid,
		Client:        client,
		Deadline:      10 * time.Second,
		MetricFactory: monitoring.InertMetricFactory{},
		RequestLog:    new(ctfe.DefaultRequestLog),
	})
}

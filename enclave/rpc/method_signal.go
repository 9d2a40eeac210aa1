// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import "context"

// SignalHandler is the part of a Handler that speaks Signal's protocol.
type SignalHandler interface {
	SignalIdentityCreate(context.Context, Caller, *SignalIdentityCreateRequest) (*SignalIdentity, error)
	SignalIdentityPublic(context.Context, Caller, *SignalNothing) (*SignalIdentity, error)
	SignalIdentityDelete(context.Context, Caller, *SignalNothing) (*SignalNothing, error)
	SignalPreKeysPublish(context.Context, Caller, *SignalPreKeysPublishRequest) (*SignalPreKeys, error)
	SignalPreKeysCount(context.Context, Caller, *SignalNothing) (*SignalPreKeyCount, error)
	SignalPreKeysRotate(context.Context, Caller, *SignalNothing) (*SignalPreKeys, error)
	SignalSessionStart(context.Context, Caller, *SignalSessionStartRequest) (*SignalSession, error)
	SignalSessionList(context.Context, Caller, *SignalNothing) (*SignalSessionList, error)
	SignalSessionClose(context.Context, Caller, *SignalPeerRequest) (*SignalNothing, error)
	SignalSessionArchive(context.Context, Caller, *SignalPeerRequest) (*SignalNothing, error)
	SignalEncrypt(context.Context, Caller, *SignalEncryptRequest) (*SignalSealed, error)
	SignalEncryptBatch(context.Context, Caller, *SignalEncryptBatchRequest) (*SignalSealedBatch, error)
	SignalDecrypt(context.Context, Caller, *SignalDecryptRequest) (*SignalOpened, error)
	SignalDecryptBatch(context.Context, Caller, *SignalDecryptBatchRequest) (*SignalOpenedBatch, error)
	SignalRetry(context.Context, Caller, *SignalRetryRequest) (*SignalSealed, error)
	SignalGroupCreate(context.Context, Caller, *SignalGroupRequest) (*SignalDistribution, error)
	SignalGroupRotate(context.Context, Caller, *SignalGroupRequest) (*SignalDistribution, error)
	SignalGroupLeave(context.Context, Caller, *SignalGroupRequest) (*SignalNothing, error)
	SignalGroupList(context.Context, Caller, *SignalNothing) (*SignalGroupList, error)
	SignalGroupProcess(context.Context, Caller, *SignalGroupProcessRequest) (*SignalGroupRequest, error)
	SignalGroupEncrypt(context.Context, Caller, *SignalGroupEncryptRequest) (*SignalGroupSealed, error)
	SignalGroupDecrypt(context.Context, Caller, *SignalGroupDecryptRequest) (*SignalGroupOpened, error)
	SignalSafetyNumber(context.Context, Caller, *SignalSafetyNumberRequest) (*SignalSafetyNumber, error)
	SignalTrustGet(context.Context, Caller, *SignalNameRequest) (*SignalContact, error)
	SignalTrustList(context.Context, Caller, *SignalNothing) (*SignalContactList, error)
	SignalTrustAccept(context.Context, Caller, *SignalTrustAcceptRequest) (*SignalContact, error)
	SignalTrustVerify(context.Context, Caller, *SignalTrustVerifyRequest) (*SignalContact, error)
	SignalAttachmentBegin(context.Context, Caller, *SignalAttachmentBeginRequest) (*SignalAttachmentBeginResponse, error)
	SignalAttachmentUpdate(context.Context, Caller, *SignalAttachmentUpdateRequest) (*SignalAttachmentPiece, error)
	SignalAttachmentFinish(context.Context, Caller, *SignalAttachmentFinishRequest) (*SignalAttachmentPiece, error)
	SignalAttachmentCancel(context.Context, Caller, *SignalStreamRequest) (*SignalNothing, error)
}

module ats.run/kms-enclave/verifier

go 1.26.4

require (
	ats.run/kms-enclave/kmslib v0.0.0
	github.com/andybalholm/brotli v1.2.8
	github.com/klauspost/compress v1.20.3
)

// Test dependencies.
require (
	github.com/rogpeppe/go-internal v1.16.0
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.52.0 // indirect
)

replace ats.run/kms-enclave/kmslib => ../kmslib

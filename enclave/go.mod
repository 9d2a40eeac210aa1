module ats.run/kms-enclave/enclave

go 1.26.4

require ats.run/kms-enclave/kmslib v0.0.0

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/cloudflare/circl v1.6.5 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/sys v0.49.0 // indirect
)

// Test dependencies.
require github.com/golang-jwt/jwt/v5 v5.3.1

replace ats.run/kms-enclave/kmslib => ../kmslib

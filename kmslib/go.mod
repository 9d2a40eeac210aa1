module ats.run/kms-enclave/kmslib

go 1.26.0

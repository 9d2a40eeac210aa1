# Copyright 2026 The KMS Enclave Authors
# SPDX-License-Identifier: Apache-2.0

"""node_test: tests with node's own runner. node_binary: a script run with node. folder: files laid side by side."""

load("//tools/rules/private:node.bzl", _folder = "folder", _node_binary = "node_binary", _node_test = "node_test")

folder = _folder
node_binary = _node_binary
node_test = _node_test

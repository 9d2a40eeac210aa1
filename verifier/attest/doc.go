// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

// Package attest reads a release's SLSA provenance and holds it against the
// files: provenance.intoto.json, the part that is the same for everybody who
// builds it, and the completed statement that a publisher signs. It looks at no
// signature.
//
// # provenance.intoto.json
//
// The file is JSON as package wire reads it, canonical or not: an in-toto
// Statement v1 around an SLSA Provenance v1 predicate. Stricter than those two
// specifications, so that nothing in it is beside the point:
//
//	_type          "https://in-toto.io/Statement/v1"
//	predicateType  "https://slsa.dev/provenance/v1"
//	subject        release.json and every file that it lists, sorted by name:
//	  name         path of the file
//	  digest       {"sha256": …} or {"sha256": …, "sha384": …}, lower-case hex
//	predicate
//	  buildDefinition
//	    buildType             https URI
//	    externalParameters    exactly
//	      target              Bazel label of the release, such as "//enclave:release"
//	      repository, commit  as "source" in release.json
//	      config              optional: name of the build configuration
//	    internalParameters    optional object
//	    resolvedDependencies  1 or more resource descriptors, no two equal, each with
//	                          a name or uri, and a digest set that is not empty; if
//	                          the commit is known, one has the uri "git+" and the
//	                          repository (optionally "@…") and the digest gitCommit
//	  runDetails
//	    builder               id (a URI), optional version and builderDependencies
//	    byproducts            optional array
//
// No other member is allowed at these places. In particular there is no
// "metadata": who built and when is said by the signed copy.
//
// # The completed statement
//
// Complete makes it of the template, all other values kept:
//
//	externalParameters.ref    optional: the full ref, such as "refs/tags/v0.5.0"
//	runDetails.builder.id     the builder that ran, a URI
//	runDetails.metadata       exactly
//	  invocationId              of the run: 1 to 1000 characters of visible ASCII
//	  startedOn, finishedOn     RFC 3339 in UTC, whole seconds, not before startedOn
//
// ParseSigned is as strict as Parse: a parameter that is not known is refused,
// since it may have changed what was built.
//
// # Example
//
// Of the first, shortened and with line breaks for reading only:
//
//	{"_type":"https://in-toto.io/Statement/v1",
//	 "predicate":{"buildDefinition":{
//	   "buildType":"https://kms.example/build/bazel/v1",
//	   "externalParameters":{"commit":"unreleased",
//	     "repository":"https://git.example/kms-enclave","target":"//enclave:release"},
//	   "resolvedDependencies":[{"digest":{"sha256":"9f3a…"},"name":"MODULE.bazel.lock"}]},
//	  "runDetails":{"builder":{"id":"https://kms.example/builder/unsigned"}}},
//	 "predicateType":"https://slsa.dev/provenance/v1",
//	 "subject":[{"digest":{"sha256":"5f1c…"},"name":"release.json"}]}
package attest

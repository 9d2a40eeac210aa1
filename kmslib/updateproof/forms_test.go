// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package updateproof_test

import (
	"bytes"
	"crypto/elliptic"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"strconv"
	"strings"

	"ats.run/kms-enclave/kmslib/updateproof"
)

// otherSignature returns the other signature, r and n−s, that verifies wherever
// this one does.
func otherSignature(der []byte) []byte {
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &rs); err != nil {
		panic(err)
	}
	rs.S.Sub(elliptic.P256().Params().N, rs.S)
	other, err := asn1.Marshal(rs)
	if err != nil {
		panic(err)
	}
	return other
}

// refusedForms are texts that Parse refuses.
func refusedForms() []vectorCase {
	e := logged(manifest, 5, 7).signed(witness1, witness2)
	file := e.file()
	lines := strings.SplitAfter(file, "\n")
	var all []vectorCase
	add := func(name, text string) {
		all = append(all, vectorCase{name: name, expect: string(updateproof.CodeFormat), manifest: manifest, rule: rule(), file: text})
	}
	replace := func(name, from, to string) {
		if !strings.Contains(file, from) {
			panic(name)
		}
		add(name, strings.Replace(file, from, to, 1))
	}
	extra := func(name string, der []byte) {
		replace(name, lines[1], "extra "+base64.StdEncoding.EncodeToString(der)+"\n")
	}
	add("empty", "")
	add("the first line alone", lines[0])
	add("no newline at the end", strings.TrimSuffix(file, "\n"))
	add("an empty line at the end", file+"\n")
	add("an empty line at the beginning", "\n"+file)
	add("lines ended as on Windows", strings.ReplaceAll(file, "\n", "\r\n"))
	add("a byte order mark", "\ufeff"+file)
	replace("another version", "@v1", "@v2")
	replace("no extra line", lines[1], "")
	replace("two extra lines", lines[1], lines[1]+lines[1])
	replace("extra after index", lines[1]+lines[2], lines[2]+lines[1])
	replace("no index line", lines[2], "")
	replace("a carriage return in the signature", lines[1], lines[1][:20]+"\r"+lines[1][20:])
	replace("the signature without padding", lines[1], strings.TrimRight(lines[1], "=\n")+"\n")
	replace("a space after the signature", lines[1], strings.TrimSuffix(lines[1], "\n")+" \n")
	replace("the signature in base64url", lines[1], "extra "+base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 70))+"\n")
	replace("index with a leading zero", "index 5", "index 05")
	replace("index with a sign", "index 5", "index +5")
	replace("negative index", "index 5", "index -5")
	replace("index of 2^53-1", "index 5", "index 9007199254740991")
	replace("index that is no number", "index 5", "index five")
	replace("a hash of 31 bytes", lines[3], base64.StdEncoding.EncodeToString(make([]byte, 31))+"\n")
	replace("a hash with stray bits in base64", lines[3], lines[3][:42]+"B=\n")
	replace("54 hashes", lines[3], strings.Repeat(lines[3], 54-2))
	replace("no empty line before the checkpoint", "\n\n"+logName, "\n"+logName)
	replace("two empty lines before the checkpoint", "\n\n"+logName, "\n\n\n"+logName)
	replace("an empty origin", "\n\n"+logName+"\n7", "\n\n\n7")
	replace("tree size with a leading zero", logName+"\n7", logName+"\n07")
	replace("a tree beyond 2^53-1", logName+"\n7", logName+"\n9007199254740992")
	replace("an extension line", "\n\n— ", "\nextension\n\n— ")
	replace("a hyphen for the dash", "— ", "- ")
	replace("a name with a plus", "— "+logName, "— log+example")
	replace("a name that ends in a no-break space", "— "+logName, "— "+logName+"\u00a0")
	replace("a signature line of no name", "— "+logName, "— ")
	replace("bytes that are not UTF-8", "— "+witness2.name, "— \xff")
	replace("a tab in a name", "— "+witness2.name, "— a\tb")
	add("a signature line twice", file+e.signatures[2])
	add("a second signature of a witness", file+witness2.cosign(e.body, firstDay+5))
	add("no signatures", file[:strings.Index(file, "— ")])
	many := file
	for i := range 65 - len(e.signatures) {
		many += "— x" + strconv.Itoa(i) + ".example AAAAAAA=\n"
	}
	add("65 signatures", many)
	refusedSignatures(extra)
	return all
}

// refusedSignatures are encodings of signatures that DER does not allow.
func refusedSignatures(add func(name string, der []byte)) {
	add("a signature of nothing", nil)
	add("a signature that is no SEQUENCE", []byte{0x31, 6, 2, 1, 1, 2, 1, 1})
	add("a signature with a byte after it", []byte{0x30, 6, 2, 1, 1, 2, 1, 1, 0})
	add("a signature with a byte in it", []byte{0x30, 7, 2, 1, 1, 2, 1, 1, 0})
	add("a signature with another length than it says", []byte{0x30, 7, 2, 1, 1, 2, 1, 1})
	add("a signature that is cut", []byte{0x30, 7, 2, 1, 1, 2, 2, 1})
	add("a signature of one number", []byte{0x30, 3, 2, 1, 1})
	add("a signature with its length in two bytes", []byte{0x30, 0x81, 6, 2, 1, 1, 2, 1, 1})
	add("a signature with a needless zero", []byte{0x30, 7, 2, 2, 0, 1, 2, 1, 1})
	add("a signature with a negative number", []byte{0x30, 6, 2, 1, 0x81, 2, 1, 1})
	add("a signature with a number of zero", []byte{0x30, 6, 2, 1, 0, 2, 1, 1})
	add("a signature with an empty number", []byte{0x30, 5, 2, 0, 2, 1, 1})
	add("a signature with a number of 33 bytes", append(append([]byte{0x30, 38, 2, 33, 1}, make([]byte, 32)...), 2, 1, 1))
	add("a signature with a number of 34 bytes", append(append([]byte{0x30, 39, 2, 34, 0, 0x80}, make([]byte, 32)...), 2, 1, 1))
}

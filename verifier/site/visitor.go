// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package site

import (
	"net/http"

	"ats.run/kms-enclave/kmslib/release"
)

// visitor is somebody as whom files are asked for: a host that means to serve
// one person something else has to tell people apart by something.
type visitor struct {
	name   string
	coding string // content codings, as that browser lists them
	header [][2]string
}

// What browsers ask for: Safari takes no zstd.
const (
	codingsOfMost   = "gzip, deflate, br, zstd"
	codingsOfSafari = "gzip, deflate, br"
)

// visitors are those who ask in each round and from each vantage. "EMBEDDER" in
// a value is the first origin that may embed the enclave.
var visitors = []visitor{
	{"Chrome on Windows", codingsOfMost, [][2]string{
		{"User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36"},
		{"Accept-Language", "en-US,en;q=0.9"},
		{"Sec-CH-UA", `"Chromium";v="150", "Google Chrome";v="150", "Not/A)Brand";v="24"`},
		{"Sec-CH-UA-Mobile", "?0"},
		{"Sec-CH-UA-Platform", `"Windows"`},
	}},
	{"Chrome on Android", codingsOfMost, [][2]string{
		{"User-Agent", "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36"},
		{"Accept-Language", "pt-BR,pt;q=0.9"},
		{"Sec-CH-UA", `"Chromium";v="150", "Google Chrome";v="150", "Not/A)Brand";v="24"`},
		{"Sec-CH-UA-Mobile", "?1"},
		{"Sec-CH-UA-Platform", `"Android"`},
		{"Save-Data", "on"},
	}},
	{"Safari on an iPhone", codingsOfSafari, [][2]string{
		{"User-Agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1"},
		{"Accept-Language", "de-DE,de;q=0.9"},
	}},
	{"Firefox with WAICT", codingsOfMost, [][2]string{
		{"User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"},
		{"Accept-Language", "fr,fr-FR;q=0.8,en;q=0.5"},
		{"Sec-CH-WAICT", "1"},
		{"DNT", "1"},
		{"Sec-GPC", "1"},
	}},
	{"a visitor who comes back", codingsOfSafari, [][2]string{
		{"User-Agent", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15"},
		{"Accept-Language", "ja-JP"},
		{"Cookie", "session=8f14e45fceea167a5a36dedd4bea2543; visitor=returning"},
		{"Cache-Control", "max-age=0"},
	}},
	{"an app that embeds it", codingsOfMost, [][2]string{
		{"User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"},
		{"Accept-Language", "en-GB,en;q=0.7"},
		{"Origin", "EMBEDDER"},
		{"Referer", "EMBEDDER/"},
		{"Sec-Fetch-Site", "cross-site"},
	}},
}

// head sets the header fields of a visitor's request for a destination.
func (v *visitor) head(header http.Header, dest, embedder string) {
	header.Set("Accept-Encoding", v.coding)
	mode, from := "same-origin", "same-origin"
	switch dest {
	case "iframe":
		mode, from = "navigate", "cross-site"
	case "script", "style", "font":
		mode = "cors"
	case "image":
		mode = "no-cors"
	}
	header.Set("Sec-Fetch-Dest", dest)
	header.Set("Sec-Fetch-Mode", mode)
	header.Set("Sec-Fetch-Site", from)
	for _, field := range v.header {
		value := field[1]
		switch value {
		case "EMBEDDER":
			value = embedder
		case "EMBEDDER/":
			value = embedder + "/"
		}
		header.Set(field[0], value)
	}
}

// destinationOf returns what browsers ask for a file of a role for.
func destinationOf(role release.Role) string {
	switch role {
	case release.RoleDocument:
		return "iframe"
	case release.RoleScript:
		return "script"
	case release.RoleWorker:
		return "worker"
	case release.RoleStyle:
		return "style"
	case release.RoleIcon:
		return "image"
	}
	return "empty"
}

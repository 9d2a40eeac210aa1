// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"ats.run/kms-enclave/kmslib/secret"
)

type recordRole struct{}

func (recordRole) KeySize() int { return 32 }

type shortRole struct{}

func (shortRole) KeySize() int { return 16 }

// pattern is bytes that are easy to find in any output.
func pattern(n int) []byte { return bytes.Repeat([]byte("Kz9!"), n/4) }

func take(t *testing.T) secret.Key[recordRole] {
	t.Helper()
	key, err := secret.Take[recordRole](pattern(32))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// holder has a Key where formatters cannot call its methods.
type holder struct {
	key    secret.Key[recordRole]
	copies []secret.Key[recordRole]
	named  map[string]any
	Shown  secret.Key[recordRole]
}

// shows says whether text has the pattern in any usual notation.
func shows(text string) bool {
	raw := pattern(4)
	decimal := strings.Trim(fmt.Sprint(raw), "[]")
	for _, form := range []string{
		string(raw), hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)),
		decimal, strings.ReplaceAll(decimal, " ", ", "), strings.ReplaceAll(decimal, " ", ","),
		fmt.Sprintf("%#v", raw)[len("[]byte{"):16], fmt.Sprintf("% x", raw), fmt.Sprintf("%b", raw)[1:10], fmt.Sprintf("%o", raw)[1:10],
		base64.StdEncoding.EncodeToString(pattern(12))[:12],
	} {
		if strings.Contains(text, form) {
			return true
		}
	}
	return false
}

func TestNoVerbPrintsAKey(t *testing.T) {
	key := take(t)
	values := map[string]any{
		"key":     key,
		"pointer": &key,
		"slice":   []secret.Key[recordRole]{key},
		"map":     map[string]secret.Key[recordRole]{"a": key},
		"holder":  holder{key, []secret.Key[recordRole]{key}, map[string]any{"a": key}, key},
		"deep":    &holder{named: map[string]any{"a": &holder{key: key}}},
	}
	for name, value := range values {
		for _, verb := range "vTtbcdoOqxXUeEfFgGspw" {
			for _, flags := range []string{"", "+", "#", " ", "# ", "-64", "064", ".64"} {
				format := "%" + flags + string(verb)
				if text := fmt.Sprintf(format, value); shows(text) {
					t.Errorf("%s with %s: %s", name, format, text)
				}
			}
		}
	}
	if !shows(fmt.Sprint(pattern(32))) || !shows(fmt.Sprintf("%x", pattern(32))) || !shows(fmt.Sprintf("%#v", pattern(32))) {
		t.Error("the test does not notice bytes that are printed")
	}
}

func TestNoEncoderWritesAKey(t *testing.T) {
	key := take(t)
	for name, value := range map[string]any{"key": key, "holder": holder{key: key, Shown: key}} {
		var stream bytes.Buffer
		_, jsonError := json.Marshal(value)
		_, xmlError := xml.Marshal(value)
		gobError := gob.NewEncoder(&stream).Encode(value)
		for _, err := range []error{jsonError, xmlError, gobError} {
			if err == nil || shows(err.Error()) || shows(stream.String()) {
				t.Errorf("%s: error = %v, want one without the key", name, err)
			}
		}
	}
}

func TestNoLogHandlerWritesAKey(t *testing.T) {
	key := take(t)
	var out bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(handler).Info("test", "key", key, "holder", holder{key: key, Shown: key}, slog.Group("g", "k", &key))
	}
	if out.Len() == 0 || shows(out.String()) {
		t.Errorf("logged %s", out.String())
	}
}

func TestKeysCannotBeComparedByOperator(t *testing.T) {
	if reflect.TypeFor[secret.Key[recordRole]]().Comparable() {
		t.Error("keys are comparable")
	}
}

func TestEqualComparesBytes(t *testing.T) {
	key, same := take(t), take(t)
	differing := pattern(32)
	differing[31] ^= 1
	other, err := secret.Take[recordRole](differing)
	if err != nil {
		t.Fatal(err)
	}
	var none secret.Key[recordRole]
	if !key.Equal(key) || !key.Equal(same) || key.Equal(other) || other.Equal(key) {
		t.Error("Equal is not equality of bytes")
	}
	if none.Equal(none) || none.Equal(key) || key.Equal(none) {
		t.Error("a key without bytes equals one")
	}
}

func TestTakeMovesTheBytes(t *testing.T) {
	raw := pattern(32)
	key, err := secret.Take[recordRole](raw)
	if err != nil || !bytes.Equal(key.Expose(), pattern(32)) || !bytes.Equal(raw, make([]byte, 32)) {
		t.Errorf("Take = %x, %v; raw is %x", key.Expose(), err, raw)
	}
}

func TestTakeRefusesAnotherLengthAndStillClears(t *testing.T) {
	for _, n := range []int{0, 4, 12, 20, 32} {
		raw := pattern(n)
		key, err := secret.Take[shortRole](raw)
		if err == nil || key.Expose() != nil || !bytes.Equal(raw, make([]byte, n)) {
			t.Errorf("%d bytes: %v, raw is %x", n, err, raw)
		}
	}
}

func TestWipeReachesEveryCopy(t *testing.T) {
	key := take(t)
	copied, exposed := key, key.Expose()
	key.Wipe()
	if !bytes.Equal(exposed, make([]byte, 32)) || key.Expose() != nil || copied.Expose() != nil {
		t.Error("bytes are left after Wipe")
	}
	if key.Equal(copied) {
		t.Error("wiped keys are equal")
	}
	key.Wipe()
	secret.Key[recordRole]{}.Wipe()
}

func TestGenerateReadsTheRolesSize(t *testing.T) {
	random := bytes.NewReader(pattern(64))
	long, err1 := secret.Generate[recordRole](random)
	short, err2 := secret.Generate[shortRole](random)
	if err1 != nil || err2 != nil || len(long.Expose()) != 32 || len(short.Expose()) != 16 || random.Len() != 16 {
		t.Errorf("%v, %v; %d bytes are left", err1, err2, random.Len())
	}
}

func TestGenerateFailsWithItsSource(t *testing.T) {
	broken := errors.New("broken")
	for _, source := range []*bytes.Reader{bytes.NewReader(nil), bytes.NewReader(pattern(12))} {
		if key, err := secret.Generate[recordRole](source); err == nil || key.Expose() != nil {
			t.Error("a key was made of too little randomness")
		}
	}
	if _, err := secret.Generate[recordRole](iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("error = %v, want that of the source", err)
	}
}

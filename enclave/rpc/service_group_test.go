// Copyright 2026 The KMS Enclave Authors
// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"bytes"
	"testing"
)

const groupParams = `{"group":"MDEyMzQ1Njc4OWFiY2RlZg"}`

func TestGroupTalksByRequests(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	distribution := ada.call("signal.group.create", groupParams).bodies[0]
	if got := bob.call("signal.group.process", `{`+ada.peer()+`}`, distribution); got.text("group") != testGroup {
		t.Errorf("the distribution is of the group %s", got.value.Append(nil))
	}
	first := ada.call("signal.group.encrypt", groupParams, []byte("to all")).bodies[0]
	second := ada.call("signal.group.encrypt", groupParams, []byte("and more")).bodies[0]
	for text, body := range map[string][]byte{"and more": second, "to all": first} {
		opened := bob.call("signal.group.decrypt", `{`+ada.peer()+`}`, body)
		if string(opened.bodies[0]) != text || opened.text("group") != testGroup {
			t.Errorf("bob reads %q, %s", opened.bodies[0], opened.value.Append(nil))
		}
	}
	bob.refused(DuplicateMessage, "signal.group.decrypt", `{`+ada.peer()+`}`, first)
	list := bob.call("signal.group.list", "{}")
	if list.text("groups.0.own") != "false" || list.text("groups.0.senders.0.name") != "ada" || list.text("groups.1") != "" {
		t.Errorf("bob's groups are %s", list.value.Append(nil))
	}
	ada.call("signal.group.rotate", groupParams)
	third := ada.call("signal.group.encrypt", groupParams, []byte("without bob")).bodies[0]
	bob.refused(UnknownGroup, "signal.group.decrypt", `{`+ada.peer()+`}`, third)
	bob.call("signal.group.leave", groupParams)
	bob.refused(UnknownGroup, "signal.group.leave", groupParams)
}

func TestDeviceThatLostItsSessionAsksAgain(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	bob.send(ada, "hello")
	bob.call("signal.session.close", `{`+ada.peer()+`}`)
	lost := ada.encrypt(bob, "lost")
	bob.refused(NoSession, "signal.decrypt", `{"type":`+lost.kind+`,`+ada.peer()+`}`, lost.body)
	request := bob.call("signal.retry", `{"timestamp":1790000000123,"type":`+lost.kind+`,`+ada.peer()+`}`, lost.body)
	opened := ada.decrypt(bob, envelope{request.text("type"), request.bodies[0]})
	if opened.text("retry.timestamp") != "1790000000123" || opened.text("retry.stale") != "true" || len(opened.bodies[0]) != 0 {
		t.Errorf("ada learns %s", opened.value.Append(nil))
	}
	ada.refused(NoSession, "signal.encrypt", `{`+bob.peer()+`}`, []byte("x"))
	ada.start(bob)
	ada.send(bob, "lost")
}

func TestTimestampThatIsNoneIsLeftOut(t *testing.T) {
	ada, bob := newPair(t)
	ada.send(bob, "hello")
	// What a device can send: 0xC0, a message with field 8, 0x80; in it field 2, all bits set.
	huge := append([]byte{0x10}, append(bytes.Repeat([]byte{0xff}, 9), 0x01)...)
	body := append([]byte{0xc0, 0x42, byte(len(huge) + 2)}, append(append(huge, 0x18, 0x01), 0x80)...)
	opened := bob.decrypt(ada, envelope{"8", body})
	if opened.text("retry") != `{"stale":false}` {
		t.Errorf("bob learns %s", opened.value.Append(nil))
	}
}

func TestFilesGoThroughInPieces(t *testing.T) {
	ada, bob := newParty(t, "ada", ""), newParty(t, "bob", "")
	file := bytes.Repeat([]byte("a file in pieces "), 200_000) // 3.4 MB
	begun := ada.call("signal.attachment.begin", `{"mode":"encrypt"}`)
	key := begun.bodies[0]
	sealed := pieces(ada, begun.text("stream"), file)
	opened := pieces(bob, bob.call("signal.attachment.begin", `{"mode":"decrypt"}`, key).text("stream"), sealed)
	if !bytes.Equal(opened, file) {
		t.Errorf("%d bytes come back of %d", len(opened), len(file))
	}
	if got := ada.call("signal.attachment.begin", `{"mode":"encrypt"}`, key); len(got.bodies) != 0 {
		t.Error("a key that was given is returned")
	}

	stream := `"stream":"` + bob.call("signal.attachment.begin", `{"mode":"decrypt"}`, key).text("stream") + `"`
	sealed[len(sealed)/2] ^= 1
	bob.call("signal.attachment.update", `{`+stream+`}`, sealed[:1<<20])
	bob.refused(MessageNotAuthentic, "signal.attachment.finish", `{`+stream+`}`, sealed[1<<20:2<<20])
	bob.refused(UnknownStream, "signal.attachment.cancel", `{`+stream+`}`)

	stream = `"stream":"` + bob.call("signal.attachment.begin", `{"mode":"decrypt"}`, key).text("stream") + `"`
	bob.call("signal.attachment.cancel", `{`+stream+`}`)
	bob.refused(UnknownStream, "signal.attachment.update", `{`+stream+`}`, nil)
	for range 4 {
		bob.call("signal.attachment.begin", `{"mode":"encrypt"}`)
	}
	bob.refused(TooLarge, "signal.attachment.begin", `{"mode":"encrypt"}`)
}

// pieces passes bytes through a stream.
func pieces(p *party, stream string, in []byte) (out []byte) {
	params := `{"stream":"` + stream + `"}`
	for len(in) > 1<<20 {
		out = append(out, p.call("signal.attachment.update", params, in[:1<<20]).bodies[0]...)
		in = in[1<<20:]
	}
	return append(out, p.call("signal.attachment.finish", params, in).bodies[0]...)
}

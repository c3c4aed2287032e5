// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"testing"
	"time"
)

// reply is what a kernel makes of a request: an IP header before it, and the
// type changed.
func reply(request []byte) []byte {
	b := append([]byte{0x45, headerIP - 1: 0}, request...)
	b[headerIP] = echoReply
	return b
}

func TestAnswersIsAboutTheLastRequest(t *testing.T) {
	p := prober{id: 7, number: 41}
	old := reply(p.request())
	p.number++
	if p.answers(old) {
		t.Error("the answer to the request before is taken")
	}
	if good := reply(p.request()); !p.answers(good) {
		t.Error("the answer is not taken")
	}
	other := prober{id: 8, number: 42}
	if p.answers(reply(other.request())) {
		t.Error("another prober's answer is taken")
	}
	if p.answers(append([]byte{0x45, headerIP - 1: 0}, p.request()...)) {
		t.Error("our own request is taken for an answer")
	}
	for n := range headerIP + headerICMP {
		if p.answers(reply(p.request())[:n]) {
			t.Errorf("%d bytes are an answer", n)
		}
	}
}

func TestChecksum(t *testing.T) {
	p := prober{id: 0xffff, number: 0xfffe}
	b := p.request()
	if checksum(b) != 0 { // over everything, its own field included
		t.Errorf("the checksum %#x of a request is wrong", binary.BigEndian.Uint16(b[2:]))
	}
}

func TestQuantile(t *testing.T) {
	times := []time.Duration{5, 1, 4, 2, 3}
	if got := quantile(times, 0.5); got != 3 {
		t.Errorf("the middle is %d, want 3", got)
	}
	if got := quantile(times, 0.99); got != 5 {
		t.Errorf("the 99th percentile is %d, want 5", got)
	}
	if got := quantile(nil, 0.5); got != 0 {
		t.Errorf("of nothing there is %d", got)
	}
}

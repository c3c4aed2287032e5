// SPDX-License-Identifier: Apache-2.0

package names_test

import (
	"bytes"
	"testing"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/linkspan/linkspan/cnm/names"
)

// FuzzResolve gives messages of any kind to a resolver; what it answers is an
// answer to just that, of no more than the size that was asked for.
func FuzzResolve(f *testing.F) {
	f.Add(ask(f, "c1", dnsmessage.TypeA), false)
	f.Add(ask(f, "db.web", dnsmessage.TypeALL, edns(1232, 0)), false)
	f.Add(ask(f, "2.0.7.10.in-addr.arpa", dnsmessage.TypePTR, edns(512, 3)), true)
	f.Add(ask(f, "3.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa", dnsmessage.TypePTR), false)
	f.Add([]byte{0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1}, false) // a name that points at itself
	f.Add([]byte{}, false)
	scopes := []names.Scope{web, back, twin}
	f.Fuzz(func(t *testing.T, message []byte, stream bool) {
		given := bytes.Clone(message)
		reply := names.NewResolver(town()).Resolve(t.Context(), scopes, message, stream)
		if !bytes.Equal(given, message) {
			t.Fatal("the message was changed")
		}
		if reply == nil {
			return
		}
		m := read(t, reply)
		if !bytes.Equal(reply[:2], message[:2]) || !m.Response || len(m.Questions) != 1 {
			t.Fatalf("header %+v", m.Header)
		}
		if !stream && len(reply) > 4096 {
			t.Fatalf("%d bytes by UDP", len(reply))
		}
	})
}

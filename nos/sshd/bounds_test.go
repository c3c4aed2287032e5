// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"fmt"
	"net"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan/nos/access/crowd"
	"github.com/linkspan/linkspan/trust/audit"
)

// Whoever tries names and passwords without end fills no audit log.
func TestRefusalsFillNoLog(t *testing.T) {
	p := newPlace(t)
	for i := range 3 * crowd.RefusalsOf {
		if _, err := p.dial(fmt.Sprint(i, strings.Repeat("y", 1000)), ssh.Password("guess")); err == nil {
			t.Fatal("a guess is let in")
		}
	}
	p.end()
	var told []string
	written := 0
	for _, e := range p.Audit.Entries() {
		switch {
		case e.Kind != audit.Denied:
		case e.From == "":
			told = append(told, e.Text)
		default:
			written++
			if len(e.Who) > crowd.MaxName || len(e.Error) > crowd.MaxReason {
				t.Errorf("written down as it was sent: %+v", e)
			}
		}
	}
	if written != crowd.RefusalsOf || len(told) != 1 || !strings.HasSuffix(told[0], " more logins were refused") {
		t.Errorf("%d are written down, and %q", written, told)
	}
}

// occupy opens connections from an address of this host and says nothing.
func (p *place) occupy(t *testing.T, from string, n int) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	for range n {
		c, err := d.DialContext(t.Context(), "tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
	}
}

// Neither one host that says nothing, nor several, keep others out.
func TestSilenceKeepsNobodyOut(t *testing.T) {
	p := newPlace(t)
	p.occupy(t, "127.0.0.2", 2*crowd.MaxStrangers)
	p.login(t, "viewer", ssh.PublicKeys(p.key))
	for i := range 2 * crowd.MaxStrangers / crowd.MaxOfSource {
		p.occupy(t, fmt.Sprintf("127.0.0.%d", i+3), crowd.MaxOfSource)
	}
	p.login(t, "viewer", ssh.PublicKeys(p.key))
}

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
	p := newPlace(t) // whose time stands still: none come back
	for i := range 3 * crowd.RefusalsOf {
		p.guess(t, fmt.Sprint(i, strings.Repeat("y", 1000)))
	}
	p.end()
	written, told := 0, 0
	for _, e := range p.Audit.Entries() {
		switch {
		case e.Kind != audit.Denied:
		case e.From == "": // told now and then, also while guesses come
			var more int
			if _, err := fmt.Sscanf(e.Text, "%d more logins were refused", &more); err != nil {
				t.Errorf("%q: %v", e.Text, err)
			}
			told += more
		default:
			written++
			if len(e.Who) > crowd.MaxName || len(e.Error) > crowd.MaxReason {
				t.Errorf("written down as it was sent: %+v", e)
			}
		}
	}
	if written != crowd.RefusalsOf || told < 2*crowd.RefusalsOf {
		t.Errorf("%d are written down, and %d are told", written, told)
	}
}

// guess has a password refused. A connection that comes before enough of the earlier ones have
// gone is closed before it can say anything.
func (p *place) guess(t *testing.T, user string) {
	t.Helper()
	wait(t, "a guess is refused", func() bool {
		c, err := p.dial(user, ssh.Password("guess"))
		if err == nil {
			c.Close()
			t.Fatal("a guess is let in")
		}
		return strings.Contains(err.Error(), "unable to authenticate")
	})
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

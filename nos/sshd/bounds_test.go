// SPDX-License-Identifier: Apache-2.0

package sshd

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/linkspan/linkspan/trust/audit"
)

// Whoever tries names and passwords without end fills no audit log.
func TestRefusalsFillNoLog(t *testing.T) {
	p := newPlace(t) // whose time stands still: none come back
	for i := range 3 * refusalsOf {
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
			if len(e.Who) > maxName || len(e.Error) > maxReason {
				t.Errorf("written down as it was sent: %+v", e)
			}
		}
	}
	if written != refusalsOf || told < 2*refusalsOf {
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

func TestRefusalsComeBackWithTime(t *testing.T) {
	now := time.Now()
	r := newRefusals(func() time.Time { return now })
	take := func(source, n int) (written int) {
		for range n {
			if r.take(netip.AddrFrom4([4]byte{192, 0, 2, byte(source)})) { //nolint:gosec // less than 256
				written++
			}
		}
		return written
	}
	if got := take(0, 10); got != refusalsOf {
		t.Errorf("%d of one source", got)
	}
	all := refusalsOf
	for source := range 20 {
		all += take(source+1, 10)
	}
	if all != refusalsWhole || r.told() != fmt.Sprintf("%d more logins were refused", 210-refusalsWhole) || r.told() != "" {
		t.Errorf("%d of all sources", all)
	}
	now = now.Add(2 * refusalsReturn)
	if got := take(0, 10) + take(99, 10); got != 2 {
		t.Errorf("%d more after two intervals", got)
	}
	now = now.Add(1000 * refusalsReturn)
	if got := take(0, 10); got != refusalsOf || len(r.sources) != 1 {
		t.Errorf("%d of one source after a long time, %d sources", got, len(r.sources))
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
	p.occupy(t, "127.0.0.2", 2*maxStrangers)
	p.login(t, "viewer", ssh.PublicKeys(p.key))
	for i := range 2 * maxStrangers / maxOfSource {
		p.occupy(t, fmt.Sprintf("127.0.0.%d", i+3), maxOfSource)
	}
	p.login(t, "viewer", ssh.PublicKeys(p.key))
}

func TestPlaces(t *testing.T) {
	p := newPlaces()
	ended := 0
	come := func(a string) *stranger { return p.come(netip.MustParseAddr(a), func() { ended++ }) }
	for i := range maxStrangers {
		if come(fmt.Sprintf("2001:db8:0:%x::1", i)) == nil {
			t.Fatal("no place")
		}
	}
	for i := range maxOfSource {
		if come(fmt.Sprintf("2001:db8:1:1::%x", i)) == nil {
			t.Error("no place of the oldest")
		}
	}
	if come("2001:db8:1:1::ffff") != nil || ended != maxOfSource || len(p.strangers) != maxStrangers {
		t.Errorf("%d have ended, %d are there", ended, len(p.strangers))
	}
	for _, s := range p.strangers {
		defer p.gone(s)
	}
	entered := 0
	for i := range 100 {
		for range 100 {
			if p.enter(fmt.Sprint("user", i)) {
				entered++
			}
		}
	}
	if want := maxUsers + 100 - maxUsers/maxOfUser; entered != want || p.users["user0"] != maxOfUser || p.users["user99"] != 1 {
		t.Errorf("%d have entered, not %d", entered, want)
	}
	p.leave("user99")
	if !p.enter("user99") || p.enter("user99") {
		t.Error("a user has not one place")
	}
}

// SPDX-License-Identifier: Apache-2.0

package harness

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Snapshot is everything of a lab that comes and goes with containers, in a
// form that can be compared.
type Snapshot struct {
	Networks  []string
	Endpoints []string
	Routes    []string
	Hosts     map[string]HostSnapshot
}

// HostSnapshot is what is on one host.
type HostSnapshot struct {
	Containers []string
	Networks   []string // of Docker's
	Links      []string // in the host's namespace, also half a veth
	Ports      []string // on br-link
	Flows      []string // without counters, and without the round in the cookie
	Meters     []string
	Overlays   []string // links of overlay networks, and whom they send to
}

// Snapshot looks at the whole lab.
func (l *Lab) Snapshot() (s Snapshot, err error) {
	if s.Networks, err = l.Lines("network", "ls", "--format", "{{.ID}} {{.Name}} {{.Subnet}} {{.Endpoints}}"); err != nil {
		return s, err
	}
	if s.Endpoints, err = l.Lines("endpoint", "ls", "--format", "{{.Network}} {{.Chassis}} {{.Container}} {{.Address}} {{.State}} {{.MAC}}"); err != nil {
		return s, err
	}
	if s.Routes, err = l.Lines("route", "ls", "--format", "{{.Network}} {{.A}} {{.B}}"); err != nil {
		return s, err
	}
	s.Hosts = make(map[string]HostSnapshot)
	for _, host := range l.Hosts() {
		if s.Hosts[host], err = l.hostSnapshot(host); err != nil {
			return s, err
		}
	}
	return s, nil
}

func (l *Lab) hostSnapshot(host string) (s HostSnapshot, err error) {
	for _, part := range []struct {
		into *[]string
		argv []string
	}{
		{&s.Containers, []string{"docker", "ps", "-a", "--format", "{{.Names}} {{.State}}"}},
		{&s.Networks, []string{"docker", "network", "ls", "--format", "{{.Name}} {{.Driver}}"}},
		{&s.Links, []string{"ls", "/sys/class/net"}},
		{&s.Ports, []string{"ovs-vsctl", "list-ports", "br-link"}},
		{&s.Flows, []string{"ovs-ofctl", "-O", "OpenFlow13", "--no-stats", "dump-flows", "br-link"}},
		{&s.Overlays, []string{"sh", "-c", overlays}},
		{&s.Meters, []string{"ovs-ofctl", "-O", "OpenFlow13", "dump-meters", "br-link"}},
	} {
		r := l.Try(host, part.argv...)
		if r.Exit != 0 {
			return s, fmt.Errorf("on %s: %s: %v", host, strings.Join(part.argv, " "), r)
		}
		*part.into = lines(unnumbered(r.Out))
	}
	return s, nil
}

// overlays tells what is in the namespace of the overlay networks, if it is there.
const overlays = `test ! -e /run/linkspan/overlay || nsenter --net=/run/linkspan/overlay sh -c 'ls /proc/sys/net/ipv4/conf; ip neigh; bridge fdb'`

// A cookie is kind (8 bits), round (16 bits) and object (40 bits); the round
// counts sessions, and an xid counts questions.
var (
	round = regexp.MustCompile(`cookie=0x([0-9a-f]{2})[0-9a-f]{4}([0-9a-f]{10})`)
	punt  = regexp.MustCompile(`NXM_NX_CT_ZONE\[1[45]\]`) // the mark of flows to the controller, for even rounds or odd ones
	xid   = regexp.MustCompile(` \(xid=0x[0-9a-f]+\)`)
)

func unnumbered(text string) string {
	text = round.ReplaceAllString(text, "cookie=0x$1....$2")
	return xid.ReplaceAllString(punt.ReplaceAllString(text, "NXM_NX_CT_ZONE[1.]"), "")
}

// Flows returns the flows of a host, as in a Snapshot.
func (l *Lab) Flows(t *testing.T, host string) []string {
	t.Helper()
	return lines(unnumbered(l.On(t, host, "ovs-ofctl", "-O", "OpenFlow13", "--no-stats", "dump-flows", "br-link")))
}

// Settled returns a Snapshot without routes and denials that no change follows
// any more: two looks at it find the same.
func (l *Lab) Settled(t *testing.T) Snapshot {
	t.Helper()
	var last Snapshot
	Eventually(t, "the lab comes to rest", func() error {
		s, err := l.Snapshot()
		if err != nil {
			return err
		}
		diff := cmp.Diff(last, s)
		last = s
		switch {
		case len(s.Routes) > 0:
			return fmt.Errorf("routes are plugged: %q", s.Routes)
		case diff != "":
			return errors.New(diff)
		}
		return undecided(s)
	})
	return last
}

// undecided returns an error while a flow of a decision is there: a route's or a
// denial's, which go by themselves. Their kinds begin with 2.
func undecided(s Snapshot) error {
	for host, h := range s.Hosts {
		for _, f := range h.Flows {
			if strings.Contains(f, "cookie=0x2") {
				return fmt.Errorf("%s has the flow %s", host, f)
			}
		}
	}
	return nil
}

// Back waits until everything is as it was in the snapshot.
func (l *Lab) Back(t *testing.T, was Snapshot) {
	t.Helper()
	Eventually(t, "everything is back where it began", func() error {
		s, err := l.Snapshot()
		if err != nil {
			return err
		}
		if diff := cmp.Diff(was, s); diff != "" {
			return errors.New("(-was +is):\n" + diff)
		}
		return nil
	})
}

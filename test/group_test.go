// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan/test/harness"
)

// district is two networks with a container of each on both hosts.
type district struct {
	lab                    *harness.Lab
	left, right            string
	left1, left2           *harness.Container
	right1, right2         *harness.Container
	addressOf1, addressOf2 string // of right1, right2
}

func newDistrict(t *testing.T, l *harness.Lab, name, left, right string) *district {
	t.Helper()
	d := &district{lab: l, left: name + "left", right: name + "right"}
	l.Network(t, d.left, left)
	l.Network(t, d.right, right)
	run := func(host, network string) *harness.Container {
		return l.Run(t, host, network+host, "--network", network)
	}
	d.left1, d.left2 = run("h1", d.left), run("h2", d.left)
	d.right1, d.right2 = run("h1", d.right), run("h2", d.right)
	d.addressOf1, d.addressOf2 = d.right1.Address(t, d.right), d.right2.Address(t, d.right)
	return d
}

// apart checks that nobody of the one network reaches anybody of the other: never did, or
// does no more.
func (d *district) apart(t *testing.T, check func(*harness.Container, *testing.T, string)) {
	t.Helper()
	for _, from := range []*harness.Container{d.left1, d.left2} {
		check(from, t, d.addressOf1)
		check(from, t, d.addressOf2)
	}
	check(d.right2, t, d.left1.Address(t, d.left))
}

// together checks that everybody reaches everybody.
func (d *district) together(t *testing.T) {
	t.Helper()
	for _, from := range []*harness.Container{d.left1, d.left2} {
		from.Reaches(t, d.right1, d.right)
		from.Reaches(t, d.right2, d.right)
	}
	d.right2.Reaches(t, d.left1, d.left)
	d.right1.Reaches(t, d.left1, d.left)
}

// still waits until a conversation has stopped: nothing of it comes back in a while.
func still(t *testing.T, k *harness.Talk) {
	t.Helper()
	harness.Eventually(t, "the conversation stops", func() error {
		was, err := k.Progress()
		if err != nil {
			return err
		}
		time.Sleep(time.Second) // what would go on does so in far less
		if now, err := k.Progress(); err != nil || now.TCP != was.TCP || now.UDP != was.UDP {
			return errors.Join(err, fmt.Errorf("it was at %+v and is at %+v", was, now))
		}
		return nil
	})
}

// TestGroups: networks are apart, talk in a group, on one host and across hosts, and
// are apart again, at once also for what runs; what they have of their own goes on.
func TestGroups(t *testing.T) {
	l := shared(t)
	d := newDistrict(t, l, "g", "10.120.0.0/24", "10.121.0.0/24")
	d.apart(t, (*harness.Container).Isolated)
	own := l.Converse(t, "h1", "gown", d.left, d.left2)
	l.CLI(t, "group", "create", "gpair", d.left)
	t.Cleanup(func() { l.TryCLI("group", "rm", "gpair") })
	l.CLI(t, "group", "add", "gpair", d.right)
	if got := strings.TrimSpace(l.CLI(t, "group", "ls", "--format", "{{.Name}}: {{join .Networks \" \"}}")); got != "gpair: "+d.left+" "+d.right {
		t.Errorf("group ls prints %q", got)
	}
	d.together(t)
	across := l.ConverseAt(t, "h1", "gacross", d.left, d.addressOf2)
	local := l.ConverseAt(t, "h2", "glocal", d.left, d.addressOf2)
	routes := l.CLI(t, "route", "ls", "--network", d.right, "--format", "{{.Network}} {{.BNetwork}} {{.Transport}}")
	if !strings.Contains(routes, d.left+" "+d.right) {
		t.Errorf("route ls shows\n%s", routes)
	}
	l.CLI(t, "group", "remove", "gpair", d.right)
	still(t, across)
	still(t, local)
	own.GoesOn(t)
	d.apart(t, (*harness.Container).CutOff)
	l.CLI(t, "group", "add", "gpair", d.right)
	d.together(t)
	l.CLI(t, "group", "rm", "gpair")
	d.apart(t, (*harness.Container).CutOff)
	own.Undisturbed(t, func() { // what the network has of its own
		l.CLI(t, "group", "create", "gpair", d.left)
		l.CLI(t, "group", "add", "gpair", d.right)
		l.CLI(t, "group", "remove", "gpair", d.right)
		l.CLI(t, "group", "add", "gpair", d.right)
		l.CLI(t, "group", "rm", "gpair")
	})
}

// TestGroupRefusals: each says what to do instead, and changes nothing.
func TestGroupRefusals(t *testing.T) {
	l := shared(t)
	l.Network(t, "grone", "10.122.0.0/24")
	l.Network(t, "grsame", "10.122.0.0/25")
	l.Network(t, "grtwo", "10.123.0.0/24")
	for _, name := range []string{"gra", "grb"} {
		l.CLI(t, "group", "create", name)
		t.Cleanup(func() { l.TryCLI("group", "rm", name) })
	}
	l.CLI(t, "group", "add", "gra", "grone", "grtwo")
	l.CLI(t, "group", "add", "grb", "grsame")
	for what, c := range map[string]struct {
		args []string
		says []string
		exit int
	}{
		"overlap":            {[]string{"group", "add", "gra", "grsame"}, []string{"grone", "grsame", "overlap"}, 1},
		"by another group":   {[]string{"group", "add", "grb", "grtwo"}, []string{"grone", "grsame", "gra"}, 1},
		"no such group":      {[]string{"group", "add", "grc", "grtwo"}, []string{"grc"}, 1},
		"no such network":    {[]string{"group", "add", "gra", "grnone"}, []string{"grnone"}, 1},
		"a name twice":       {[]string{"group", "create", "gra"}, []string{"already exists"}, 1},
		"wrong usage":        {[]string{"group", "add", "gra"}, nil, 2},
		"no such container":  {[]string{"connect", "grx", "gry"}, []string{"grx"}, 1},
		"one name":           {[]string{"connect", "grx"}, nil, 2},
		"a link there isn't": {[]string{"link", "clear", "h1/grx", "h1/gry"}, []string{"no link"}, 1},
	} {
		r := l.TryCLI(c.args...)
		if r.Exit != c.exit {
			t.Errorf("%s: %v", what, r)
		}
		for _, part := range c.says {
			if !strings.Contains(r.Err, part) {
				t.Errorf("%s: %q does not say %q", what, r.Err, part)
			}
		}
	}
	if got := strings.Fields(l.CLI(t, "group", "inspect", "-f", "{{range .Members}}{{.Name}} {{end}}", "grb")); len(got) != 1 {
		t.Errorf("the group has %v", got)
	}
	l.CLI(t, "network", "rm", "grsame")
	if got := strings.TrimSpace(l.CLI(t, "group", "inspect", "-f", "{{len .Members}}", "grb")); got != "0" {
		t.Errorf("a network that is gone is still in its group: %s", got)
	}
}

// TestLinks: two containers of two networks are connected, and nobody else; two of
// one network are disconnected, and nobody else; over a restart too.
func TestLinks(t *testing.T) {
	l := shared(t)
	d := newDistrict(t, l, "l", "10.124.0.0/24", "10.125.0.0/24")
	clear := func(a, b *harness.Container) {
		l.CLI(t, "link", "clear", a.Host+"/"+a.Name, b.Host+"/"+b.Name)
	}
	l.CLI(t, "connect", d.left1.Name, "h2/"+d.right2.Name)
	d.left1.Reaches(t, d.right2, d.right)
	d.right2.Reaches(t, d.left1, d.left)
	d.left1.Isolated(t, d.addressOf1)
	d.left2.Isolated(t, d.addressOf2)
	if got := l.CLI(t, "link", "ls", "--format", "{{.A}} {{.B}} {{.Verdict}}"); !strings.Contains(got, "h1/"+d.left1.Name+" h2/"+d.right2.Name+" allow") {
		t.Errorf("link ls prints\n%s", got)
	}

	// The name stands for whoever bears it on that host.
	d.right2.Remove(t)
	again := l.Run(t, "h2", d.right2.Name, "--network", d.right)
	d.left1.Reaches(t, again, d.right)
	talk := l.ConverseAt(t, "h1", "ltalk", d.right, again.Address(t, d.right))
	l.CLI(t, "disconnect", "h1/ltalk", again.Name)
	still(t, talk)
	d.right1.Reaches(t, again, d.right)
	d.left1.Reaches(t, again, d.right)
	l.CLI(t, "link", "clear", "ltalk", again.Name)
	talk.Recovers(t)

	l.CLI(t, "disconnect", d.left1.Name, d.left2.Name)
	d.left1.CutOff(t, d.left2.Address(t, d.left))
	clear(d.left1, d.left2)
	d.left1.Reaches(t, d.left2, d.left)
	l.CLI(t, "disconnect", d.left1.Name, again.Name) // the later word
	d.left1.CutOff(t, again.Address(t, d.right))
	clear(d.left1, again)
}

// TestLinkNames: who may be several is refused with the candidates; what cannot be
// reached, with the reason.
func TestLinkNames(t *testing.T) {
	l := shared(t)
	l.Network(t, "lnone", "10.126.0.0/24")
	l.Network(t, "lnsame", "10.126.0.0/24")
	l.Run(t, "h1", "lntwin", "--network", "lnone")
	l.Run(t, "h2", "lntwin", "--network", "lnone")
	l.Run(t, "h1", "lnother", "--network", "lnsame")
	r := l.TryCLI("connect", "lntwin", "lnother")
	if r.Exit != 1 || !strings.Contains(r.Err, "h1/lntwin") || !strings.Contains(r.Err, "h2/lntwin") {
		t.Errorf("an ambiguous name: %v", r)
	}
	r = l.TryCLI("connect", "h2/lntwin", "lnother")
	if r.Exit != 1 || !strings.Contains(r.Err, "overlap") {
		t.Errorf("addresses that overlap: %v", r)
	}
	if got := l.CLI(t, "link", "ls", "-q"); strings.Contains(got, "lntwin") {
		t.Errorf("what was refused is there:\n%s", got)
	}
}

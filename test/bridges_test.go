// SPDX-License-Identifier: Apache-2.0

package test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// quarter is a lab with networks that hosts have alone beside one of the fabric: two on
// the first host, one on the second, and there one with addresses of the first's.
type quarter struct {
	*harness.Lab
	near, next, far, same *harness.Container
	hot1, hot2            *harness.Container
}

// The networks of a quarter: on which host, and with which subnet.
var quarterNetworks = [...]struct{ host, name, subnet string }{
	{"h1", "near", "10.96.0.0/24"}, {"h1", "next", "10.97.0.0/24"}, {"h2", "far", "10.98.0.0/24"}, {"h2", "same", "10.96.0.0/24"},
}

func newQuarter(t *testing.T) *quarter {
	q := &quarter{Lab: own(t, lab.Config{Hosts: 2})}
	for _, n := range quarterNetworks {
		q.On(t, n.host, "docker", "network", "create", "-d", "linkspan-bridge", "--subnet", n.subnet, n.name)
	}
	q.Network(t, "hot", "10.95.0.0/24")
	q.near, q.next = q.Run(t, "h1", "near1", "--network", "near"), q.Run(t, "h1", "next1", "--network", "next")
	q.far, q.same = q.Run(t, "h2", "far1", "--network", "far"), q.Run(t, "h2", "same1", "--network", "same")
	q.hot1, q.hot2 = q.Run(t, "h1", "hot1", "--network", "hot"), q.Run(t, "h2", "hot2", "--network", "hot")
	q.known(t, "near1", "next1", "far1", "same1")
	return q
}

// known waits until the controller knows containers by their names.
func (q *quarter) known(t *testing.T, containers ...string) {
	t.Helper()
	harness.Eventually(t, "the controller knows the containers", func() error {
		names, err := q.Lines("endpoint", "ls", "--format", "{{.Container}}")
		for _, c := range containers {
			if err == nil && !slices.Contains(names, c) {
				err = fmt.Errorf("%s is not in %q", c, names)
			}
		}
		return err
	})
}

// meet waits until one reaches the other, as its host hears a moment later where its
// network leads, and then checks both ways, and that each sees the other's own address.
func (q *quarter) meet(t *testing.T, a *harness.Container, networkOfA string, b *harness.Container, networkOfB string) {
	t.Helper()
	addressOfA, addressOfB := a.Address(t, networkOfA), b.Address(t, networkOfB)
	harness.Eventually(t, a.Name+" reaches "+b.Name, func() error {
		if r := a.Try("/probe", "ask", "-wait", "1s", "tcp", addressOfB+":"+harness.Port); r.Out != b.Name {
			return errors.New(r.String())
		}
		return nil
	})
	a.Reaches(t, b, networkOfB)
	b.Reaches(t, a, networkOfA)
	a.Echo(t, addressOfB)
	for _, network := range []string{"tcp", "udp"} {
		if r := a.Try("/probe", "from", network, addressOfB+":"+harness.Port); r.Out != addressOfA {
			t.Errorf("%s sees %v by %s, want %s, the address of %s", b.Name, r, network, addressOfA, a.Name)
		}
	}
}

// apart checks that nobody of other networks reaches anybody: never did, or does no more.
func (q *quarter) apart(t *testing.T, check func(*harness.Container, *testing.T, string)) {
	t.Helper()
	near, far := q.near.Address(t, "near"), q.far.Address(t, "far")
	for _, other := range []*harness.Container{q.hot1, q.hot2, q.next, q.far} {
		check(other, t, near)
	}
	for _, address := range []string{far, q.hot1.Address(t, "hot"), q.hot2.Address(t, "hot")} {
		check(q.near, t, address)
	}
}

// TestGroupsOfBridges: containers on bridges of hosts are apart from others, talk with
// them by a group, a link or a policy, and are apart again at once.
func TestGroupsOfBridges(t *testing.T) {
	q := newQuarter(t)
	t.Run("apart", func(t *testing.T) { q.apart(t, (*harness.Container).Isolated) })
	t.Run("a group", q.group)
	t.Run("apart again", func(t *testing.T) { q.apart(t, (*harness.Container).CutOff) })
	t.Run("a link", q.link)
	t.Run("a policy", q.policy)
	t.Run("refused", q.refused)
	t.Run("said at once", q.saidAtOnce)
	t.Run("a bridge is made anew", q.madeAnew)
	t.Run("a bridge goes", q.goes)
}

// group: of one host's bridges with each other, with one of another host, and with a
// network of the fabric.
func (q *quarter) group(t *testing.T) {
	q.CLI(t, "group", "create", "all", "h1/near", "next", "h2/far", "hot")
	t.Cleanup(func() { q.TryCLI("group", "rm", "all") })
	if got := q.CLI(t, "group", "ls", "--format", `{{join .Networks " "}}`); got != "h1/near h1/next h2/far hot" {
		t.Errorf("group ls prints %q", got)
	}
	q.meet(t, q.near, "near", q.hot1, "hot")
	q.meet(t, q.near, "near", q.hot2, "hot")
	q.meet(t, q.near, "near", q.far, "far")
	q.meet(t, q.near, "near", q.next, "next")
	q.same.Isolated(t, q.far.Address(t, "far"))
	q.far.Echo(t, q.near.Address(t, "near"), "-s", "1472") // more than the tunnel takes: the first is told of
	q.far.Prints(t, harness.Words(" 0% packet loss"), "ping", "-c", "20", "-i", "0.2", "-s", "4000", "-W", "10", q.near.Address(t, "near"))
	for _, way := range [][2]string{{"h1/near1", "h2/far1"}, {"near1.near", "next1"}, {"hot2", "near1"}} {
		if out := q.CLI(t, "trace", way[0], way[1], "--proto", "tcp", "--port", harness.Port, "--probe"); !strings.Contains(out, "ALLOWED") {
			t.Errorf("trace of %q prints %s", way, out)
		}
	}
	hops := harness.Words(" "+underlayOf(t, q.Lab, "h1")+" ", " "+underlayOf(t, q.Lab, "h2")+" ")
	q.near.Prints(t, hops, "traceroute", "-n", "-w", "5", "-q", "1", "-m", "8", q.far.Address(t, "far"))
	stays := q.ConverseAt(t, "h1", "stays", "near", q.next.Address(t, "next"))
	stops := q.ConverseAt(t, "h1", "stops", "near", q.far.Address(t, "far"))
	q.CLI(t, "group", "remove", "all", "h2/far")
	still(t, stops)
	stays.GoesOn(t)
	q.CLI(t, "group", "rm", "all")
	still(t, stays)
}

// link: of a container that no group speaks of.
func (q *quarter) link(t *testing.T) {
	q.CLI(t, "connect", "h1/near1", "h2/far1")
	if got := q.CLI(t, "link", "ls", "--format", "{{.A}} {{.B}}"); !strings.Contains(got, "h1/near1") {
		t.Errorf("link ls prints %q", got)
	}
	q.meet(t, q.near, "near", q.far, "far")
	q.next.Isolated(t, q.far.Address(t, "far"))
	q.CLI(t, "link", "clear", "near1", "far1")
	q.near.CutOff(t, q.far.Address(t, "far"))
}

const bridgePolicy = `apiVersion: linkspan/v1
kind: Policy
metadata: {name: near-to-hot}
spec:
  action: allow
  from: [{network: h1/near}]
  to: [{network: hot}]
  ports: [tcp/7000]
`

// policy: one direction, of a port, between networks that share no group.
func (q *quarter) policy(t *testing.T) {
	q.CLI(t, "group", "create", "known", "h1/near")
	t.Cleanup(func() { q.TryCLI("group", "rm", "known") })
	file := filepath.Join(t.TempDir(), "policy.yaml")
	if err := os.WriteFile(file, []byte(bridgePolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	q.CLI(t, "policy", "apply", "-f", file)
	hot := q.hot2.Address(t, "hot")
	harness.Eventually(t, "near1 reaches hot2 by TCP", func() error {
		if r := q.near.Try("/probe", "ask", "-wait", "1s", "tcp", hot+":"+harness.Port); r.Out != "hot2" {
			return errors.New(r.String())
		}
		return nil
	})
	if r := q.near.Try("/probe", "ask", "-wait", "2s", "udp", hot+":"+harness.Port); r.Exit == 0 {
		t.Errorf("by UDP, too: %v", r)
	}
	q.hot2.Isolated(t, q.near.Address(t, "near"))
	q.CLI(t, "policy", "rm", "near-to-hot")
	q.near.CutOff(t, hot)
}

// refused: what overlaps, across hosts named with its host, and what leads nowhere.
func (q *quarter) refused(t *testing.T) {
	q.On(t, "h1", "docker", "network", "create", "-d", "linkspan-bridge", "--subnet", "10.99.0.0/24", "--internal", "shut")
	q.CLI(t, "group", "create", "some", "h1/near")
	t.Cleanup(func() { q.TryCLI("group", "rm", "some") })
	harness.Eventually(t, "the controller knows the network", func() error {
		_, err := q.Lines("network", "inspect", "h1/shut")
		return err
	})
	for network, want := range map[string]string{
		"h2/same": "h1/near (10.96.0.0/24) and h2/same (10.96.0.0/24)", "h1/shut": "network h1/shut is internal", "h1/nobody": "not found",
	} {
		if r := q.TryCLI("group", "add", "some", network); r.Exit != 1 || !strings.Contains(r.Err, want) {
			t.Errorf("group add %s: %v, want %q", network, r, want)
		}
	}
	if r := q.TryCLI("connect", "h1/near1", "h2/same1"); r.Exit != 1 || !strings.Contains(r.Err, "overlap") {
		t.Errorf("connect of one address with itself: %v", r)
	}
}

// saidAtOnce: on the host where Docker has made networks their names mean them in the next
// command, be they of the fabric or the host's own.
func (q *quarter) saidAtOnce(t *testing.T) {
	for i := range 4 {
		hot, yard := fmt.Sprint("once", i), fmt.Sprint("yard", i)
		q.On(t, "h1", "sh", "-ec", fmt.Sprintf(`docker network create -d linkspan --ipam-driver linkspan --subnet 10.61.%d.0/24 %s
			docker network create -d linkspan-bridge --subnet 10.62.%d.0/24 %s
			%s route ls --network %s
			%s endpoint ls --network h1/%s`, i, hot, i, yard, q.Binary, hot, q.Binary, yard))
		q.CLI(t, "network", "rm", hot)
		q.On(t, "h1", "docker", "network", "rm", yard)
	}
}

// madeAnew: a link holds for a container that is made anew under its name with its network,
// as docker compose down and up do.
func (q *quarter) madeAnew(t *testing.T) {
	q.CLI(t, "connect", "h1/near1", "h2/hot2")
	t.Cleanup(func() { q.TryCLI("link", "clear", "h1/near1", "h2/hot2") })
	q.meet(t, q.near, "near", q.hot2, "hot")
	q.near.Remove(t)
	q.On(t, "h1", "docker", "network", "rm", "near")
	q.On(t, "h1", "docker", "network", "create", "-d", "linkspan-bridge", "--subnet", quarterNetworks[0].subnet, "near")
	q.near = q.Run(t, "h1", "near1", "--network", "near")
	q.meet(t, q.near, "near", q.hot2, "hot")
}

// goes: a network of one host that is removed leaves its groups, and its addresses are
// nobody's again.
func (q *quarter) goes(t *testing.T) {
	q.CLI(t, "group", "create", "pair", "h2/far", "hot")
	t.Cleanup(func() { q.TryCLI("group", "rm", "pair") })
	q.meet(t, q.far, "far", q.hot1, "hot")
	q.far.Remove(t)
	q.On(t, "h2", "docker", "network", "rm", "far")
	harness.Eventually(t, "the network has left its group", func() error {
		lines, err := q.Lines("group", "ls", "--format", `{{.Name}} {{join .Networks " "}}`)
		if err == nil && !slices.Contains(lines, "pair hot") {
			err = fmt.Errorf("the groups are %q", lines)
		}
		return err
	})
	harness.Eventually(t, "no route of the host's leads on", func() error {
		if rules := q.On(t, "h2", "ip", "rule"); strings.Contains(rules, "27635") {
			return errors.New(rules)
		}
		return nil
	})
}

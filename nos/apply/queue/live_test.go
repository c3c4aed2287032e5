// SPDX-License-Identifier: Apache-2.0

package queue_test

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan/nos/apply/queue"
	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/schema"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/ether"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/wire/packet"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// scene is a bridge with stations h1 and h2, and queues at eth2.
type scene struct {
	*ovstest.Instance
	t    *testing.T
	part *queue.Part
	tree *tree.Tree
	from *os.File // h1
}

func open(t *testing.T) *scene {
	t.Helper()
	s := &scene{Instance: ovstest.Start(t), t: t, part: queue.New(queue.Options{})}
	s.Vsctl("add-br", "br0", "--", "set", "bridge", "br0", "datapath-type=netdev")
	for _, n := range []string{"1", "2"} {
		ovstest.IP(t, "link", "add", "eth"+n, "type", "veth", "peer", "name", "h"+n)
		t.Cleanup(func() { ovstest.IP(t, "link", "del", "eth"+n) })
		for _, name := range []string{"eth" + n, "h" + n} {
			s.must(os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0))
			ovstest.IP(t, "link", "set", name, "up")
		}
		s.Vsctl("add-port", "br0", "eth"+n)
	}
	s.queues()
	var err error
	s.from, err = ether.Open("h1", packet.EtherTypeIPv4)
	s.must(err)
	t.Cleanup(func() { _ = s.from.Close() })
	ignore := goleak.IgnoreCurrent()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.part.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != context.Canceled { //nolint:errorlint // the very error
			t.Error(err)
		}
		goleak.VerifyNone(t, ignore)
	})
	return s
}

// queues makes queues 0 to 2 at eth2, as package bridge does.
func (s *scene) queues() {
	s.t.Helper()
	args := []string{"set", "port", "eth2", "qos=@qos", "--", "--id=@qos", "create", "qos", "type=linux-htb", "queues:0=@q0", "queues:1=@q1", "queues:2=@q2"}
	for n := range 3 {
		args = append(args, "--", fmt.Sprintf("--id=@q%d", n), "create", "queue", "other-config:min-rate=1000000")
	}
	s.Vsctl(args...)
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) commit(commands string) config.Plan {
	s.t.Helper()
	base, err := schema.Base()
	s.must(err)
	next, err := tree.New(base).Load(tree.Commands, []byte(commands))
	s.must(err)
	plan, err := s.part.Plan(s.t.Context(), s.tree, next)
	s.must(err)
	s.must(plan.Apply(s.t.Context()))
	s.must(plan.Verify(s.t.Context()))
	s.tree = next
	return plan
}

func (s *scene) drift() string {
	s.t.Helper()
	list, err := s.part.Drift(s.t.Context(), s.tree)
	s.must(err)
	text := ""
	for _, d := range list {
		text += strings.Join(d.Path, " ") + ": want " + d.Want + ", have " + d.Have + "\n"
	}
	return text
}

// sent returns how many packets each queue of eth2 has sent.
func (s *scene) sent() (n [3]int) {
	s.t.Helper()
	for q := range n {
		match := regexp.MustCompile(fmt.Sprintf(`queue %d: bytes=\d+, pkts=(\d+),`, q)).FindStringSubmatch(s.Ofctl("queue-stats", "br0", "eth2"))
		if match != nil {
			_, _ = fmt.Sscan(match[1], &n[q])
		}
	}
	return n
}

// goesTo sends a packet and waits until that queue, and no other, has sent one more.
func (s *scene) goesTo(queue int, frame []byte) {
	s.t.Helper()
	want := s.sent()
	want[queue]++
	_, err := s.from.Write(frame)
	s.must(err)
	ovstest.Eventually(s.t, fmt.Sprintf("queues sent %v", want), func() bool { return s.sent() == want })
}

func frame(code uint8, src string, vlan uint16) []byte {
	from := netip.MustParseAddr(src)
	h := &packet.Head{EthSrc: packet.MAC{2, 0, 0, 0, 0, 1}, EthDst: packet.Broadcast(), Src: from, Dst: from.Next(), VLAN: vlan, TOS: code<<2 | 1}
	return packet.AppendUDP(nil, h, 1, 2, []byte("queued"))
}

const policy = "set ports eth1\nset ports eth2 qos policy voice\nset qos voice queues 1 dscp 46\nset qos voice queues 2 dscp 10\nset qos voice queues 2 dscp 12\n"

// TestPacketsAreInTheQueueOfTheirCodePoint, of both families, with a tag and without.
func TestPacketsAreInTheQueueOfTheirCodePoint(t *testing.T) {
	s := open(t)
	s.commit(policy)
	for _, c := range []struct {
		code  uint8
		queue int
	}{{46, 1}, {10, 2}, {12, 2}, {0, 0}, {63, 0}} {
		for _, src := range []string{"192.0.2.1", "2001:db8::1"} {
			s.goesTo(c.queue, frame(c.code, src, 0))
			s.goesTo(c.queue, frame(c.code, src, 7))
		}
	}
	s.goesTo(0, append([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 0x88, 0xb5}, make([]byte, 50)...))
	undone := s.commit(policy + "set qos voice queues 1 dscp 20\n")
	s.goesTo(1, frame(20, "192.0.2.1", 0))
	s.must(undone.Undo(t.Context()))
	s.goesTo(0, frame(20, "192.0.2.1", 0))
	s.commit("set ports eth2\n")
	s.goesTo(0, frame(46, "192.0.2.1", 0))
}

// TestFiltersComeBack with queues that Open vSwitch makes anew, and are not lost with it.
func TestFiltersComeBack(t *testing.T) {
	s := open(t)
	s.commit(policy)
	s.Kill(ovstest.Daemon)
	s.Restart(ovstest.Daemon)
	s.goesTo(1, frame(46, "192.0.2.1", 0))
	s.Vsctl("clear", "port", "eth2", "qos")
	if want := "ports eth2 qos policy: want filter of eth2, have \n"; s.drift() != want {
		t.Errorf("%q", s.drift())
	}
	s.queues()
	ovstest.Eventually(t, "the filter is back", func() bool { return s.drift() == "" })
	s.goesTo(1, frame(46, "192.0.2.1", 0))
	s.Run("tc", "filter", "replace", "dev", "eth2", "parent", "1:", "prio", "1", "handle", "1", "protocol", "all", "bpf", "bytecode", "1,6 0 0 0")
	if want := "ports eth2 qos policy: want filter of eth2, have another filter\n"; s.drift() != want {
		t.Errorf("%q", s.drift())
	}
}

// TestADeviceWithoutQueues is an error of a commit, and left out at a start.
func TestADeviceWithoutQueues(t *testing.T) {
	s := open(t)
	base, err := schema.Base()
	s.must(err)
	next, err := tree.New(base).Load(tree.Commands, []byte(policy+"set ports eth9 qos policy voice\n"))
	s.must(err)
	for _, old := range []*tree.Tree{tree.New(base), nil} {
		plan, err := s.part.Plan(t.Context(), old, next)
		s.must(err)
		if err := plan.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "there is none") {
			t.Errorf("%v", err)
		}
		s.tree = next
		if missing, want := strings.Count(s.drift(), "\n"), map[bool]int{true: 1, false: 2}[old == nil]; missing != want {
			t.Errorf("%d filters are missing, not %d: %s", missing, want, s.drift())
		}
	}
}

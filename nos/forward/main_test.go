// SPDX-License-Identifier: Apache-2.0

package forward_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/nos/config"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/tree"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// scene is an Open vSwitch with br-switch, whose ports are the ends eth1 and so on of links; the
// stations' ends are h1 and so on.
type scene struct {
	*ovstest.Instance
	t    *testing.T
	ctx  context.Context
	part *forward.Part
	tree *tree.Tree
	end  func()
}

func open(t *testing.T) *scene {
	t.Helper()
	host := ovstest.Start(t)
	ignore := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	s := &scene{Instance: host, t: t, ctx: ctx}
	s.addBridge()
	s.start()
	t.Cleanup(func() {
		s.end()
		cancel()
		goleak.VerifyNone(t, ignore)
	})
	return s
}

func (s *scene) addBridge() {
	s.t.Helper()
	s.Vsctl("add-br", "br-switch", "--", "set", "bridge", "br-switch", "fail-mode=secure", "datapath-type=netdev",
		"protocols=OpenFlow13", "other-config:disable-in-band=true")
}

// start begins with a new part, as a new process does.
func (s *scene) start() {
	s.part = forward.New(forward.Options{Log: slog.New(slog.NewTextHandler(s.t.Output(), nil)), Dial: s.dial})
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.part.Run(ctx) }()
	s.end = func() { cancel(); <-ended }
}

func (s *scene) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", filepath.Join(s.RunDir, "br-switch.mgmt"))
}

// station plugs a link with the ends ethN, in the bridge, and hN.
func (s *scene) station(n string, columns ...string) {
	s.t.Helper()
	s.link("eth"+n, "h"+n)
	s.Vsctl(append([]string{"add-port", "br-switch", "eth" + n}, columns...)...)
}

func (s *scene) link(port, station string) {
	s.t.Helper()
	ovstest.IP(s.t, "link", "add", port, "type", "veth", "peer", "name", station)
	for _, name := range []string{port, station} {
		s.must(os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/disable_ipv6", []byte("1"), 0))
		ovstest.IP(s.t, "link", "set", name, "up")
	}
	s.t.Cleanup(func() { ovstest.IP(s.t, "link", "del", port) })
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// commit applies and verifies a configuration, from the last one.
func (s *scene) commit(commands string) {
	s.t.Helper()
	s.apply(s.tree, base(s.t, commands))
}

// boot applies the last configuration again, as a process does that has just started.
func (s *scene) boot() {
	s.t.Helper()
	s.apply(nil, s.tree)
}

func (s *scene) apply(old, new *tree.Tree) config.Plan {
	s.t.Helper()
	plan, err := s.part.Plan(s.ctx, old, new)
	s.must(err)
	s.must(plan.Apply(s.ctx))
	s.must(plan.Verify(s.ctx))
	s.tree = new
	return plan
}

// drift returns what is not as configured, a line each.
func (s *scene) drift() string {
	s.t.Helper()
	list, err := s.part.Drift(s.ctx, s.tree)
	s.must(err)
	var b strings.Builder
	for _, d := range list {
		b.WriteString(strings.Join(d.Path, " ") + ": want " + d.Want + ", have " + d.Have + "\n")
	}
	return b.String()
}

// socket is where a station sends and hears.
type socket struct {
	t  *testing.T
	fd int
	at int // of its link
}

func listen(t *testing.T, name string) *socket {
	t.Helper()
	link, err := net.InterfaceByName(name)
	if err != nil {
		t.Fatal(err)
	}
	all := uint16(unix.ETH_P_ALL)<<8 | uint16(unix.ETH_P_ALL)>>8
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, int(all))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: all, Ifindex: link.Index}); err != nil {
		t.Fatal(err)
	}
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, 1<<22)
	return &socket{t, fd, link.Index}
}

func (s *socket) send(frame []byte) {
	s.t.Helper()
	if _, err := unix.Write(s.fd, frame); err != nil {
		s.t.Fatal(err)
	}
}

// patience is how long what must come may take.
const patience = 30 * time.Second

// hear returns how many frames that end with mark came before those that last sends, which end with
// what it is given and must come. It sends twice: frames of one batch may change places.
func (s *socket) hear(mark string, last func(mark string)) (n int) {
	s.t.Helper()
	for _, end := range []string{mark + " and the last", mark + " and the very last"} {
		came := false
		for deadline := time.Now().Add(patience); !came; {
			if time.Now().After(deadline) {
				s.t.Fatalf("what is sent after %q does not come", mark)
			}
			last(end)
			s.read(300*time.Millisecond, func(frame string) bool { // as others of many, it may be lost
				if strings.HasSuffix(frame, mark) {
					n++
				}
				came = came || strings.HasSuffix(frame, end)
				return !came
			})
		}
	}
	return n
}

// hearOne waits for a frame that ends with mark.
func (s *socket) hearOne(mark string) (came bool) {
	s.t.Helper()
	s.read(patience, func(frame string) bool {
		came = strings.HasSuffix(frame, mark)
		return !came
	})
	return came
}

// read reads frames until one is the last that is wanted, or none has come for a while.
func (s *socket) read(while time.Duration, more func(frame string) bool) {
	s.t.Helper()
	tv := unix.NsecToTimeval(while.Nanoseconds())
	if err := unix.SetsockoptTimeval(s.fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &tv); err != nil {
		s.t.Fatal(err)
	}
	b := make([]byte, 2048)
	for {
		size, from, err := unix.Recvfrom(s.fd, b, 0)
		if errors.Is(err, unix.EINTR) { // by a signal of the runtime
			continue
		}
		if err != nil {
			return
		}
		if l, ok := from.(*unix.SockaddrLinklayer); ok && l.Pkttype != unix.PACKET_OUTGOING && !more(string(b[:size])) {
			return
		}
	}
}

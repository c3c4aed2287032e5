// SPDX-License-Identifier: Apache-2.0

package bridge_test

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/ovs/shape"
)

// A container on a bridge is held to its network's limit in one direction and to
// its own in the other, reaches others all the same, and leaves nothing.
func TestLimits(t *testing.T) {
	w := newWorld(t)
	n := w.Net(cnm.NetworkSpec{Name: "web", Options: map[string]string{linkspan.OptionEgress: "20mbit"}})
	slow, err := w.NewEndpoint(t.Context(), cnm.EndpointSpec{
		Name: "slow", Network: n.ID, Options: map[string]string{linkspan.OptionIngress: "10mbit"},
	})
	must(t, err)
	if want := (linkspan.Limits{Egress: 20 * linkspan.Megabit, Ingress: 10 * linkspan.Megabit}); slow.Limits != want {
		t.Errorf("limits are %s, want %s", slow.Limits, want)
	}
	box := w.Box("slow")
	_, err = w.Join(t.Context(), cnm.JoinRequest{Network: n.ID, Endpoint: slow.ID, SandboxKey: box.Key})
	must(t, err)
	free, err := w.NewEndpoint(t.Context(), cnm.EndpointSpec{
		Name: "free", Network: n.ID, Options: map[string]string{linkspan.OptionEgress: "none"},
	})
	must(t, err)
	other := w.Box("free")
	_, err = w.Join(t.Context(), cnm.JoinRequest{Network: n.ID, Endpoint: free.ID, SandboxKey: other.Key})
	must(t, err)
	box.Serve(80)
	other.WantReach(slow.Address.Addr(), 80, free.Address.Addr().String())

	held(t, 20*linkspan.Megabit, func() linkspan.Rate { return sendsTo(t, box.Do, other.Do, free.Address.Addr().String()) })
	held(t, 10*linkspan.Megabit, func() linkspan.Rate { return sendsTo(t, other.Do, box.Do, slow.Address.Addr().String()) })
	port := kernel.Name("lbv-", slow.ID)
	link := linkOf(t, "lbm-"+port[4:])
	must(t, netlink.QdiscDel(&netlink.Tbf{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: link.Attrs().Index, Parent: netlink.HANDLE_ROOT}}))
	_, err = w.Reconcile(t.Context(), cnm.Present{})
	must(t, err)
	if got := sendsTo(t, box.Do, other.Do, free.Address.Addr().String()); got > 30*linkspan.Megabit {
		t.Errorf("it sends %s when its limit was removed and set again", got)
	}
	must(t, netlink.LinkDel(linkOf(t, port)))
	must(t, netlink.LinkSetDown(linkOf(t, shape.Inner(port))))
	_, err = w.Reconcile(t.Context(), cnm.Present{})
	must(t, err)
	other.WantReach(slow.Address.Addr(), 80, free.Address.Addr().String())
	must(t, w.DeleteSandbox(t.Context(), box.ID))
	must(t, w.DeleteEndpoint(t.Context(), n.ID, slow.ID))
	left, err := kernel.List(t.Context(), "lbv-", "lbp-", "lbi-", "lbm-")
	must(t, err)
	if len(left) != 1 { // the other's
		t.Errorf("left: %v", left)
	}
}

func linkOf(t *testing.T, name string) netlink.Link {
	t.Helper()
	link, err := netlink.LinkByName(name)
	must(t, err)
	return link
}

// held fails when more passes than the limit, or each time less than a tenth of it: the machine may
// have something else to do.
func held(t *testing.T, limit linkspan.Rate, measure func() linkspan.Rate) {
	t.Helper()
	for range 10 {
		got := measure()
		if got > limit*3/2 {
			t.Fatalf("%s pass a limit of %s", got, limit)
		}
		if got >= limit/10 {
			return
		}
	}
	t.Errorf("less than a tenth of %s passes", limit)
}

// sendsTo returns at which rate a stream arrives, headers not counted.
func sendsTo(t *testing.T, from, to func(func() error) error, address string) linkspan.Rate {
	t.Helper()
	const long = 2 * time.Second
	var l net.Listener
	must(t, to(func() (err error) {
		l, err = new(net.ListenConfig).Listen(t.Context(), "tcp", address+":0")
		return err
	}))
	defer func() { _ = l.Close() }()
	var c net.Conn
	must(t, from(func() (err error) {
		c, err = new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
		return err
	}))
	s, err := l.Accept()
	must(t, err)
	sent := make(chan struct{})
	began := time.Now()
	go func() {
		defer close(sent)
		for chunk := make([]byte, 64<<10); ; {
			if _, err := c.Write(chunk); err != nil {
				return
			}
		}
	}()
	must(t, s.SetReadDeadline(began.Add(long)))
	bytes, _ := io.Copy(io.Discard, s)
	took := time.Since(began)
	_ = c.Close()
	_ = s.Close()
	<-sent
	return linkspan.Rate(float64(bytes) * 8 / took.Seconds())
}

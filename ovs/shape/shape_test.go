// SPDX-License-Identifier: Apache-2.0

package shape_test

import (
	"context"
	"net"
	"os"
	"testing"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/ovs/shape"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The links of a test.
const port, peer, middle = "lsh-test", "lsp-test", "lsm-test"

func create(t testing.TB, l linkspan.Limits) {
	t.Helper()
	ovstest.Need(t, "ip")
	must(t, shape.Create(t.Context(), netns.Veth{Host: port, Peer: peer, MTU: 1450}, l))
	t.Cleanup(func() { must(t, shape.Delete(context.Background(), port)) })
}

// links returns the names of the links that there are beside the loopback.
func links(t testing.TB) map[string]netlink.Link {
	t.Helper()
	all, err := netns.Dump(t.Context(), netlink.LinkList)
	must(t, err)
	found := make(map[string]netlink.Link)
	for _, l := range all {
		if l.Type() == "veth" {
			found[l.Attrs().Name] = l
		}
	}
	return found
}

// rateAt returns the rate of the bucket at a link, 0: it has none.
func rateAt(t testing.TB, name string) linkspan.Rate {
	t.Helper()
	link, err := netlink.LinkByName(name)
	must(t, err)
	list, err := netlink.QdiscList(link)
	must(t, err)
	for _, q := range list {
		if tbf, ok := q.(*netlink.Tbf); ok && q.Attrs().Parent == netlink.HANDLE_ROOT {
			return linkspan.Rate(tbf.Rate * 8)
		}
	}
	return 0
}

func TestCreateAndDelete(t *testing.T) {
	ovstest.Need(t)
	ctx := context.Background()
	for _, l := range []linkspan.Limits{
		{Egress: linkspan.MinRate}, {Ingress: linkspan.MaxRate}, {Egress: 3 * linkspan.Gigabit, Ingress: 1500 * linkspan.Kilobit},
	} {
		create(t, l)
		create(t, l) // over what is there
		if got := links(t); len(got) != 4 || got[port] == nil || got[peer] == nil || got[shape.Inner(port)] == nil || got[middle] == nil {
			t.Errorf("links are %v", got)
		}
		if got := (linkspan.Limits{Egress: rateAt(t, middle), Ingress: rateAt(t, shape.Inner(port))}); got != l {
			t.Errorf("got %s, want %s", got, l)
		}
		must(t, shape.Delete(ctx, port))
		must(t, shape.Delete(ctx, port))
		if got := links(t); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	}
}

func TestDeleteAfterThePortHasMoved(t *testing.T) {
	create(t, linkspan.Limits{Egress: linkspan.Megabit})
	box, err := netns.Open(ovstest.Namespace(t))
	must(t, err)
	defer func() { must(t, box.Close()) }()
	must(t, box.Take(port, port))
	must(t, shape.Delete(t.Context(), port))
	if got := links(t); len(got) != 0 {
		t.Errorf("left: %v", got)
	}
	if _, err := box.Netlink().LinkByName(port); err == nil {
		t.Error("the port is still there")
	}
}

func TestWhatCannotBeMadeLeavesNothing(t *testing.T) {
	ovstest.Need(t)
	for _, test := range []struct {
		veth   netns.Veth
		limits linkspan.Limits
	}{
		{netns.Veth{Host: port, Peer: peer, MTU: 10}, linkspan.Limits{Egress: linkspan.Megabit}},
		{netns.Veth{Host: port, Peer: ""}, linkspan.Limits{Egress: linkspan.Megabit}},
		{netns.Veth{Host: port, Peer: peer}, linkspan.Limits{Egress: 1}},
	} {
		if err := shape.Create(t.Context(), test.veth, test.limits); err == nil {
			t.Errorf("%+v, %s was made", test.veth, test.limits)
		}
		if got := links(t); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
	}
}

func TestMend(t *testing.T) {
	limits := linkspan.Limits{Egress: 20 * linkspan.Megabit, Ingress: 30 * linkspan.Megabit}
	create(t, limits)
	in := shape.Inner(port)
	all := map[string]linkspan.Limits{port: limits, "lsh-gone": limits}
	mended := func(want int) {
		t.Helper()
		if n, err := shape.Mend(t.Context(), all); err != nil || len(n) != want {
			t.Errorf("mended %q, %v; want %d", n, err, want)
		}
		if got := (linkspan.Limits{Egress: rateAt(t, middle), Ingress: rateAt(t, in)}); got != all[port] {
			t.Errorf("got %s, want %s", got, all[port])
		}
		if n, err := shape.Mend(t.Context(), all); err != nil || len(n) != 0 {
			t.Errorf("mended %q again, %v", n, err)
		}
	}
	mended(0)
	root := func(link, kind string) {
		l, err := netlink.LinkByName(link)
		must(t, err)
		attrs := netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Parent: netlink.HANDLE_ROOT}
		must(t, netlink.QdiscDel(&netlink.GenericQdisc{QdiscAttrs: attrs}))
		if kind != "" {
			attrs.Handle = netlink.MakeHandle(1, 0)
			must(t, netlink.QdiscAdd(&netlink.GenericQdisc{QdiscAttrs: attrs, QdiscType: kind}))
		}
	}
	root(middle, "")
	mended(1)
	root(in, "pfifo")
	mended(1)
	l, err := netlink.LinkByName(in)
	must(t, err)
	must(t, netlink.QdiscDel(&netlink.Ingress{QdiscAttrs: netlink.QdiscAttrs{LinkIndex: l.Attrs().Index, Parent: netlink.HANDLE_INGRESS}}))
	mended(1)
	all[port] = linkspan.Limits{Ingress: linkspan.Gigabit}
	mended(1)
	all[port] = limits
	mended(1)
}

func TestSupportedLeavesNothing(t *testing.T) {
	ovstest.Need(t)
	before := ovstest.IP(t, "link", "show")
	must(t, shape.Supported())
	if after := ovstest.IP(t, "link", "show"); after != before {
		t.Errorf("links were %s, are %s", before, after)
	}
}

// Links that somebody has set down are up again, with their limits.
func TestMendSetsUp(t *testing.T) {
	limits := linkspan.Limits{Egress: linkspan.Megabit, Ingress: linkspan.Megabit}
	create(t, limits)
	for _, name := range []string{shape.Inner(port), middle} {
		must(t, netlink.LinkSetDown(links(t)[name]))
		mend(t, limits)
		if links(t)[name].Attrs().Flags&net.FlagUp == 0 {
			t.Errorf("%s is down", name)
		}
	}
}

// A port that somebody has deleted is there again and leads to the container,
// with its limits; without the container's end nothing is made.
func TestMendMakesThePortAgain(t *testing.T) {
	limits := linkspan.Limits{Egress: 20 * linkspan.Megabit, Ingress: 30 * linkspan.Megabit}
	w := newWorld(t, limits)
	must(t, netlink.LinkDel(links(t)[port]))
	mend(t, limits)
	if got := (linkspan.Limits{Egress: rateAt(t, middle), Ingress: rateAt(t, shape.Inner(port))}); got != limits {
		t.Errorf("got %s, want %s", got, limits)
	}
	if got := links(t)[port].Attrs(); got.MTU != 1450 || got.Flags&net.FlagUp == 0 {
		t.Errorf("the port is %+v", got)
	}
	w.settle(t, w.host, port, w.container)
	w.settle(t, w.container, "eth0", w.host)
	held(t, limits.Egress, streams, w.container, w.host)

	must(t, netns.DeleteVeth(t.Context(), shape.Inner(port)))
	if n, err := shape.Mend(t.Context(), map[string]linkspan.Limits{port: limits}); err != nil || len(n) != 0 {
		t.Errorf("mended %q, %v, of one without a container", n, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package netns_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/netns"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// The other end of a veth follows before and after it was moved, and back.
func TestSetOffload(t *testing.T) {
	ovstest.Need(t, "ethtool")
	ctx := context.Background()
	path := ovstest.Namespace(t)
	box, err := netns.Open(path)
	must(t, err)
	defer func() { must(t, box.Close()) }()
	host, peer := netns.Names("endpoint-3")
	must(t, netns.CreateVeth(ctx, netns.Veth{Host: host, Peer: peer, Offload: netns.OffloadStream}))
	defer func() { must(t, netns.DeleteVeth(ctx, host)) }()
	wantFeatures(t, peer, netns.OffloadStream)
	must(t, netns.SetOffload("/proc/self/ns/none", host, netns.OffloadNone))
	wantFeatures(t, peer, netns.OffloadNone)
	must(t, box.Take(peer, "eth0"))
	for _, o := range []netns.Offload{netns.OffloadAll, netns.OffloadNone, netns.OffloadStream} {
		must(t, netns.SetOffload(path, host, o))
		must(t, box.Do(func() error { wantFeatures(t, "eth0", o); return nil }))
	}
	if err := netns.SetOffload(path, "lsh-none", netns.OffloadNone); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a link that is not there: %v", err)
	}
	if err := netns.SetOffload(ovstest.Namespace(t), host, netns.OffloadNone); linkspan.CodeOf(err) != linkspan.NotFound {
		t.Errorf("a sandbox without the other end: %v", err)
	}
}

func wantFeatures(t *testing.T, link string, o netns.Offload) {
	t.Helper()
	out, err := exec.Command("ethtool", "-k", link).Output()
	must(t, err)
	got := make(map[string]bool)
	for _, name := range []string{"tx-checksum-ip-generic", "tx-tcp-segmentation", "tx-udp-segmentation", "tx-checksum-sctp"} {
		got[name] = strings.Contains(string(out), name+": on")
	}
	stream, all := o != netns.OffloadNone, o == netns.OffloadAll
	want := map[string]bool{
		"tx-checksum-ip-generic": stream, "tx-tcp-segmentation": stream, "tx-udp-segmentation": all, "tx-checksum-sctp": all,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s, offload %d: %s", link, o, diff)
	}
}

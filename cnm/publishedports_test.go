// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

func TestPublishedPorts(t *testing.T) {
	four := netip.MustParsePrefix("10.7.0.2/24")
	e := cnm.Endpoint{Address: four, Published: []cnm.PortMap{
		{Proto: 6, Port: 82, HostPort: 8082}, {Proto: 17, Port: 53, HostPort: 53}, {Proto: 6, Port: 81, HostPort: 8081},
		{Proto: 6, Port: 80, HostPort: 8080}, {Proto: 6, Port: 80, HostIP: "192.0.2.1", HostPort: 9000}, {Proto: 6, Port: 7, HostPort: 8083},
	}}
	want := []string{"0.0.0.0:8080-8082->80-82/tcp", "0.0.0.0:8083->7/tcp", "0.0.0.0:53->53/udp", "192.0.2.1:9000->80/tcp"}
	if diff := cmp.Diff(want, e.PublishedPorts()); diff != "" {
		t.Error(diff)
	}
	both := cnm.Endpoint{Address: four, Address6: netip.MustParsePrefix("fd00:7::2/64"), Published: []cnm.PortMap{
		{Proto: 6, Port: 80, HostPort: 8080}, {Proto: 6, Port: 81, HostIP: "::", HostPort: 8081}, {Proto: 6, Port: 81, HostIP: "::1", HostPort: 81},
	}}
	want = []string{"0.0.0.0:8080->80/tcp", "[::]:8080-8081->80-81/tcp", "[::1]:81->81/tcp"}
	if diff := cmp.Diff(want, both.PublishedPorts()); diff != "" {
		t.Error(diff)
	}
	if got := (cnm.Endpoint{}).PublishedPorts(); got != nil {
		t.Errorf("of none: %q", got)
	}
	for i := range uint16(1000) { // none beside another
		e.Published = append(e.Published, cnm.PortMap{Proto: 6, Port: 1, HostPort: 10000 + 2*i})
	}
	if n := len(e.PublishedPorts()); n != linkspan.MaxPublished {
		t.Errorf("of many: %d", n)
	}
}

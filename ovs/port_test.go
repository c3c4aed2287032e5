// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

func TestAHundredPortsAtOnceShareTransactions(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, 2*time.Minute)
	names := veths(t, 100)
	before := configurations(t, host)
	start := time.Now()
	each(names, func(i int, name string) {
		id := map[string]string{"endpoint": name}
		if err := sw.AddPort(ctx, ovs.Port{Name: name, OFPort: uint32(100 + i), ExternalIDs: id}); err != nil {
			t.Error(err)
		}
	})
	if n := configurations(t, host) - before; n > 20 {
		t.Errorf("100 ports took %d transactions", n)
	} else {
		t.Logf("100 ports took %d transactions and %v", n, time.Since(start))
	}
	ports, err := sw.Ports(ctx)
	must(t, err)
	if len(ports) != len(names) {
		t.Fatalf("%d ports, want %d", len(ports), len(names))
	}
	desc := host.Ofctl("dump-ports-desc", "br-link")
	for i, name := range names {
		if want := " " + strconv.Itoa(100+i) + "(" + name + ")"; !strings.Contains(desc, want) {
			t.Errorf("the bridge has no port%s", want)
		}
	}
	before = configurations(t, host)
	each(names, func(_ int, name string) {
		if err := sw.DelPort(ctx, name); err != nil {
			t.Error(err)
		}
	})
	if n := configurations(t, host) - before; n > 20 {
		t.Errorf("100 deletions took %d transactions", n)
	}
	if left := host.Vsctl("list-ports", "br-link"); left != "" {
		t.Errorf("ports left: %s", left)
	}
}

func each(names []string, do func(int, string)) {
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { do(i, name) })
	}
	wg.Wait()
}

// A port that was dropped is no more, although ovs-vswitchd stands still; when
// it goes on, the number belongs to the next one that asked for it.
func TestADroppedPortIsGoneAndItsNumberFree(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	names := veths(t, 2)
	must(t, sw.AddPort(ctx, ovs.Port{Name: names[0], OFPort: 150}))
	host.Pause(ovstest.Daemon)
	must(t, sw.DropPort(ctx, names[0]))
	if left := host.Vsctl("--no-wait", "list-ports", "br-link"); left != "" {
		t.Errorf("ports left: %s", left)
	}
	added := make(chan error, 1)
	go func() { added <- sw.AddPort(ctx, ovs.Port{Name: names[1], OFPort: 150}) }()
	host.Resume(ovstest.Daemon)
	must(t, <-added)
}

func TestAddPortIsIdempotentAndUpdates(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	name := veths(t, 1)[0]
	for _, p := range []ovs.Port{
		{Name: name, OFPort: 150, ExternalIDs: map[string]string{"a": "1", "b": "2"}},
		{Name: name, OFPort: 150, ExternalIDs: map[string]string{"a": "1", "b": "2"}},
		{Name: name, OFPort: 151, ExternalIDs: map[string]string{"a": "3"}},
		{Name: name},
	} {
		must(t, sw.AddPort(ctx, p))
		got, err := sw.Ports(ctx)
		must(t, err)
		if len(got) != 1 || p.OFPort != 0 && got[0].OFPort != p.OFPort || got[0].Requested != p.OFPort || got[0].Error != "" {
			t.Fatalf("after adding %v: %v", p, got)
		}
		if diff := cmp.Diff(len(p.ExternalIDs), len(got[0].ExternalIDs)); diff != "" {
			t.Errorf("external ids: %v, want %v", got[0].ExternalIDs, p.ExternalIDs)
		}
	}
	used, err := sw.OFPorts(ctx)
	must(t, err)
	if len(used) != 1 {
		t.Errorf("numbers in use: %v", used)
	}
	must(t, sw.DelPort(ctx, name))
	must(t, sw.DelPort(ctx, name))
	if left := host.Vsctl("list-ports", "br-link"); left != "" {
		t.Errorf("ports left: %s", left)
	}
	must(t, sw.DropPort(ctx, name))
	must(t, sw.DelPort(ctx, "br-link")) // the bridge's own port is not one of its ports
	wantBridge(t, host.Vsctl)
}

func TestAddPortSaysWhatIsWrong(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	names := veths(t, 4)
	must(t, sw.AddPort(ctx, ovs.Port{Name: names[0], OFPort: 200}))
	host.Vsctl("add-br", "br-other", "--", "set", "Bridge", "br-other", "datapath_type=netdev",
		"--", "add-port", "br-other", names[1])
	t.Cleanup(func() { host.Vsctl("del-br", "br-other") })

	err := sw.AddPorts(ctx, []ovs.Port{
		{Name: "lsh-none", OFPort: 201}, {Name: names[1], OFPort: 202},
		{Name: names[2], OFPort: 200}, {Name: names[3], OFPort: 203},
	})
	for _, part := range []string{"lsh-none", "does not exist", names[1], "another bridge", names[2], "another port has 200"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in the error %v", part, err)
		}
	}
	wantCode(t, sw.AddPort(ctx, ovs.Port{Name: "lsh-none"}), linkspan.NotFound)
	wantCode(t, sw.AddPort(ctx, ovs.Port{Name: names[1]}), linkspan.Conflict)
	wantCode(t, sw.AddPort(ctx, ovs.Port{Name: names[2], OFPort: 200}), linkspan.Conflict)
	wantCode(t, sw.AddPort(ctx, ovs.Port{Name: "br-link"}), linkspan.Conflict)
	wantCode(t, sw.AddPort(ctx, ovs.Port{Name: "a-name-that-is-too-long"}), linkspan.Invalid)
	wantCode(t, sw.AddPort(ctx, ovs.Port{Name: names[2], OFPort: 65280}), linkspan.Invalid)

	ports, err := sw.Ports(ctx)
	must(t, err)
	var have []string
	for _, p := range ports {
		have = append(have, p.Name)
	}
	if len(have) != 2 || !strings.Contains(strings.Join(have, " "), names[3]) {
		t.Errorf("ports %v, want the first and the last alone", have)
	}
}

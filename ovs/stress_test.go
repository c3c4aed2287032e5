// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
)

// Workers add and remove ports while both daemons are killed under them; at
// the end the replica, the database and what the callers were told agree.
func TestReplicaStaysTrueWhileDaemonsDie(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, 3*time.Minute)
	names := veths(t, 12)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for i, name := range names {
		wg.Go(func() { churn(t, sw, ovs.Port{Name: name, OFPort: uint32(100 + i)}, stop) })
	}
	for _, daemon := range []string{ovstest.Database, ovstest.Daemon, ovstest.Database} {
		host.Kill(daemon)
		host.Restart(daemon)
		must(t, sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: dpid}))
	}
	close(stop)
	wg.Wait()

	ports, err := sw.Ports(ctx)
	must(t, err)
	var replica []string
	for _, p := range ports {
		replica = append(replica, p.Name)
		if i := slices.Index(names, p.Name); p.OFPort != uint32(100+i) {
			t.Errorf("port %d is %+v", i, p)
		}
	}
	slices.Sort(names) // every worker ends with its port added
	if diff := cmp.Diff(names, replica); diff != "" {
		t.Errorf("replica: %s", diff)
	}
	database := strings.Fields(host.Vsctl("list-ports", "br-link"))
	if diff := cmp.Diff(names, database, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("database: %s", diff)
	}
}

func churn(t *testing.T, sw *ovs.Switch, p ovs.Port, stop <-chan struct{}) {
	ctx := limited(t, 3*time.Minute)
	for {
		if err := sw.AddPort(ctx, p); err != nil {
			t.Error(err)
			return
		}
		select {
		case <-stop:
			return
		default:
		}
		if err := sw.DelPort(ctx, p.Name); err != nil {
			t.Error(err)
			return
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package ovs_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/wire/openflow"
)

// Each question gets its own replies, also when they come in several messages;
// a bridge that is away or does not answer is Unavailable.
func TestAsk(t *testing.T) {
	host, sw := openBridge(t)
	ctx := limited(t, time.Minute)
	const many = 2000 // more than one message holds
	var list strings.Builder
	for i := range many {
		fmt.Fprintf(&list, "priority=%d,actions=drop\n", i+1)
	}
	file := filepath.Join(t.TempDir(), "flows")
	must(t, os.WriteFile(file, []byte(list.String()), 0o600))
	host.Ofctl("add-meter", "br-link", "meter=7,pktps,stats,bands=type=drop,rate=100")
	host.Ofctl("del-flows", "br-link")
	host.Ofctl("add-flows", "br-link", file)
	flows, meters := 0, 0
	questions := []ovs.Question{
		{Request: &openflow.FlowRequest{TableID: openflow.TableAll}, Each: func(body []byte) (err error) {
			var f openflow.FlowStats
			for ; len(body) > 0 && err == nil; flows++ {
				body, err = f.Next(body)
			}
			return err
		}},
		{Request: &openflow.MeterRequest{MeterID: openflow.MeterAll}, Each: func(body []byte) (err error) {
			var m openflow.MeterStats
			for ; len(body) > 0 && err == nil; meters++ {
				body, err = m.Next(body)
			}
			return err
		}},
	}
	must(t, sw.Ask(ctx, questions...))
	if flows != many || meters != 1 {
		t.Errorf("%d flows and %d meters", flows, meters)
	}
	unknown := ovs.Question{Request: &openflow.MeterRequest{MeterID: 99}, Each: func([]byte) error { return nil }}
	if err := sw.Ask(ctx, unknown); linkspan.CodeOf(err) != linkspan.Internal {
		t.Errorf("a meter that is not there: %v", err)
	}
	host.Pause(ovstest.Daemon)
	short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	if err := sw.Ask(short, questions...); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("a bridge that does not answer: %v", err)
	}
	host.Resume(ovstest.Daemon)
	host.Kill(ovstest.Daemon)
	if err := sw.Ask(ctx); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("a bridge that is away: %v", err)
	}
	host.Restart(ovstest.Daemon)
	must(t, sw.Ask(ctx))
}

// SPDX-License-Identifier: Apache-2.0

package restore_test

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/ovstest"
	"github.com/linkspan/linkspan/ovs/restore"
)

func TestMain(m *testing.M) { os.Exit(ovstest.Main(m)) }

// scene is a bridge whose flows are kept.
type scene struct {
	*ovstest.Instance
	t      *testing.T
	ctx    context.Context
	sw     *ovs.Switch
	keeper *restore.Keeper
	end    func()
}

func open(t *testing.T, limit int) *scene {
	t.Helper()
	host := ovstest.Start(t)
	ignore := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	sw, err := ovs.Open(ctx, ovs.Config{RunDir: host.RunDir})
	if err != nil {
		t.Fatal(err)
	}
	if err := sw.EnsureBridge(ctx, ovs.BridgeSpec{DPID: linkspan.DPID(0x6c73_0000_0000_0007)}); err != nil {
		t.Fatal(err)
	}
	s := &scene{Instance: host, t: t, ctx: ctx, sw: sw}
	s.keep(limit)
	t.Cleanup(func() {
		s.end()
		sw.Close()
		cancel()
		goleak.VerifyNone(t, ignore)
	})
	return s
}

// keep begins with a new keeper, as a new switch process does.
func (s *scene) keep(limit int) {
	s.keeper = restore.New(restore.Config{Dial: s.sw.Channel, Limit: limit})
	ctx, cancel := context.WithCancel(s.ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.keeper.Run(ctx) }()
	s.end = func() { cancel(); <-ended }
	s.must(s.keeper.Wait(s.ctx))
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// crash kills ovs-vswitchd and returns once another one has its flows.
func (s *scene) crash() {
	s.t.Helper()
	s.Kill(ovstest.Daemon)
	s.again()
}

func (s *scene) again() {
	s.t.Helper()
	done := make(chan error, 1)
	go func() {
		conn, err := s.keeper.Channel(s.ctx)
		if err == nil {
			err = conn.Close()
		}
		done <- err
	}()
	s.Restart(ovstest.Daemon)
	s.must(<-done)
}

var counters = regexp.MustCompile(`(duration|n_packets|n_bytes|idle_age)=[^,]*, `)

// flows lists the bridge's flows without counters, flags included.
func (s *scene) flows() []string {
	s.t.Helper()
	return sorted(s.Ofctl("dump-flows", "br-link"))
}

func (s *scene) meters() []string {
	s.t.Helper()
	return sorted(s.Ofctl("dump-meters", "br-link"))
}

func sorted(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.Contains(line, "reply (OF1.3)") {
			list = append(list, counters.ReplaceAllString(line, ""))
		}
	}
	slices.Sort(list)
	return list
}

// follows waits until the copy has that many flows and meters.
func (s *scene) follows(flows, meters int) {
	s.t.Helper()
	ovstest.Eventually(s.t, "the copy is as large as the bridge", func() bool {
		st := s.keeper.Stats()
		return st.Flows == flows && st.Meters == meters
	})
}

// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control"
	"github.com/linkspan/linkspan/control/controltest"
	"github.com/linkspan/linkspan/control/decide"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/wire/packet"
)

// probe injects a packet and tells what became of it. What of it is random is written
// as words.
func (s *stage) probe(w []string) error {
	ports, err := linkspan.ParsePolicyPorts(w[2])
	if err != nil {
		return err
	}
	if !linkspan.Ported(ports.Protocol) && !linkspan.Typed(ports.Protocol) {
		ports.First = 0
	}
	v := s.hub.View()
	from := v.Endpoint(view.KeyOf(s.endpoints[w[0]]))
	q := control.Probe{From: from, Destination: s.address(w[1]), Protocol: ports.Protocol, Port: ports.First}
	if key, sight := v.Find(from, q.Destination); sight == view.Seen {
		q.To = v.Endpoint(key)
	}
	if d := new(decide.Memo).Beyond(v, from, q.Destination, false); d.Outside.IsValid() {
		q.To = linkspan.OutsideEnd(from.Network, from.Chassis, q.Destination)
	}
	r, err := s.hub.Probe(s.ctx, q)
	if err != nil {
		return err
	}
	if r.Mark.SourcePort != 0 {
		s.rewrite(strconv.Itoa(int(r.Mark.SourcePort)), "SPORT")
	}
	for hops := range uint8(3) {
		s.rewrite(fmt.Sprintf("ttl=%d", r.Mark.TTL-hops), fmt.Sprintf("ttl=T-%d", hops))
	}
	for _, e := range r.Events {
		s.note(0, fmt.Sprintf("probe on %s: %s", s.chassisName(e.Chassis), s.eventText(&e)))
	}
	s.note(0, "probe "+r.Outcome.String())
	return nil
}

func (s *stage) eventText(e *control.ProbeEvent) string {
	text := e.Kind.String()
	for _, more := range []string{e.Table, string(e.Transport), s.chassisName(e.To), e.Reason.String()} {
		if more != "" {
			text += ", " + more
		}
	}
	if e.Kind == control.ProbeDecided {
		text += ": " + e.Verdict.String()
	}
	return text
}

// rewrite replaces texts in what happened since the last command.
func (s *stage) rewrite(pairs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.happened {
		s.happened[i].text = strings.NewReplacer(pairs...).Replace(s.happened[i].text)
	}
}

// TestContainersPacketLikeAProbes: what a container sends with the very mark of a probe
// reaches its destination, once, on one host and across.
func TestContainersPacketLikeAProbes(t *testing.T) {
	for _, to := range []string{"c2", "c3"} {
		t.Run(to, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { likeAProbe(t, to) })
		})
	}
}

func likeAProbe(t *testing.T, to string) {
	s := newStage(t, false)
	defer s.end()
	var once sync.Once
	mark := regexp.MustCompile(`watching \+ table=31 .*nw_ttl=(\d+),tp_src=(\d+)`)
	s.fabric.Trace = func(_ linkspan.ChassisID, line string) {
		m := mark.FindStringSubmatch(line)
		if m == nil {
			return
		}
		ttl, _ := strconv.Atoi(m[1])
		port, _ := strconv.Atoi(m[2])
		once.Do(func() {
			s.work.Go(func() {
				s.fabric.SendHead(view.KeyOf(s.endpoints["c1"]), view.KeyOf(s.endpoints[to]), controltest.Sent{Protocol: packet.ProtoTCP, Src: uint16(port), Dst: 80, Flags: packet.TCPSyn},
					func(h *packet.Head) { h.TTL = uint8(ttl) })
			})
		})
	}
	for _, command := range []string{
		"network web 10.7.0.0/24 30s", "chassis h1 192.0.2.1", "chassis h2 192.0.2.2",
		"endpoint c1 web 10.7.0.2 h1 11", "endpoint c2 web 10.7.0.3 h2 11", "endpoint c3 web 10.7.0.4 h1 12",
		"connect h1", "connect h2",
	} {
		if err := s.do(strings.Fields(command)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	s.do([]string{"ping", "c1", to}) //nolint:errcheck // what arrives is looked at below
	s.take()
	if err := s.probe([]string{"c1", to, "tcp/80"}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Second)
	synctest.Wait()
	got, outcome := 0, ""
	for _, line := range s.take() {
		if strings.Contains(line, to+" gets protocol 6 port 80") {
			got++
		}
		if strings.HasPrefix(line, "probe ") {
			outcome = line
		}
	}
	if got != 1 || outcome != "probe delivered" {
		t.Errorf("%s has got %d packets, and the probe: %s", to, got, outcome)
	}
}

// TestLeavingAProbe: whoever probes leaves while the route of the packet waits for the
// far switch. No container sees the packet, whenever that goes on.
func TestLeavingAProbe(t *testing.T) {
	for _, late := range []time.Duration{500 * time.Millisecond, 4 * time.Second} {
		t.Run(late.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { leaveAProbe(t, late) })
		})
	}
}

func leaveAProbe(t *testing.T, late time.Duration) {
	s := newStage(t, false)
	defer s.end()
	for _, command := range []string{
		"network web 10.7.0.0/24 30s", "chassis h1 192.0.2.1", "chassis h2 192.0.2.2",
		"endpoint c1 web 10.7.0.2 h1 11", "endpoint c2 web 10.7.0.3 h2 11", "connect h1", "connect h2",
	} {
		if err := s.do(strings.Fields(command)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	var once sync.Once
	s.fabric.Trace = func(at linkspan.ChassisID, line string) {
		if at == s.chassis["h1"] && strings.HasPrefix(line, "watching +") { // h2 has confirmed its own
			once.Do(func() {
				s.work.Go(func() {
					s.fabric.Switch(s.chassis["h2"]).SetBusy(true)
					time.Sleep(late)
					s.fabric.Switch(s.chassis["h2"]).SetBusy(false)
				})
			})
		}
	}
	s.take()
	ctx, leave := context.WithTimeout(s.ctx, 100*time.Millisecond)
	defer leave()
	v := s.hub.View()
	from, to := v.Endpoint(view.KeyOf(s.endpoints["c1"])), v.Endpoint(view.KeyOf(s.endpoints["c2"]))
	r, err := s.hub.Probe(ctx, control.Probe{From: from, To: to, Destination: to.Address, Protocol: packet.ProtoTCP, Port: 80})
	if err != nil {
		t.Fatal(err)
	}
	if arrived := r.Outcome == control.ProbeArrived; arrived != (late < time.Second) {
		t.Errorf("the outcome is %s", r.Outcome)
	}
	time.Sleep(10 * time.Second)
	synctest.Wait()
	for _, line := range s.take() {
		if strings.Contains(line, "c2 gets") {
			t.Error(line)
		}
	}
}

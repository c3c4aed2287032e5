// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// spoof: a container that gives itself another address reaches nobody with it,
// and asks nothing of the controller.
func spoof(t *testing.T, s *scene) {
	const stolen = "10.7.0.99"
	s.c1.Exec(t, "ip", "address", "add", stolen+"/32", "dev", "eth0")
	defer s.c1.Exec(t, "ip", "address", "del", stolen+"/32", "dev", "eth0")
	ping(t, s.c1, s.c2) // so that the neighbour is known
	asked, dropped := s.Asked(t), s.Packets(t, "h1", "table=5,", "priority=0 ")
	const tries = 5
	if r := s.c1.Try("ping", "-c", strconv.Itoa(tries), "-i", "0.2", "-W", "1", "-I", stolen, s.c2.Address(t, network)); r.Exit == 0 {
		t.Errorf("a stolen address is answered: %v", r)
	}
	if now := s.Asked(t); now != asked {
		t.Errorf("%d packets went to the controller", now-asked)
	}
	if now := s.Packets(t, "h1", "table=5,", "priority=0 "); now-dropped < tries {
		t.Errorf("the guard dropped %d packets of %d", now-dropped, tries)
	}
}

// The meter of a port as control/pipeline makes it, and one that the slowest
// emulation exceeds. The kernel's bucket holds a second's worth beside the burst.
const (
	madeMeter            = "rate=500 burst_size=200"
	slowRate, slowBurst  = 50, 20
	slowMeter, sameMeter = "rate=50,burst_size=20", "rate=500,burst_size=200"
)

// meter: of a flood that would all go to the controller, the kernel lets through
// what the port's meter allows.
func meter(t *testing.T, s *scene) {
	const sent = 3000
	port := s.port(t, "c1")
	if made := s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "dump-meters", "br-link", "meter="+port); !strings.Contains(made, madeMeter) {
		t.Errorf("the meter of port %s: %s", port, made)
	}
	s.changeMeter(t, port, slowMeter)
	defer s.changeMeter(t, port, sameMeter)
	inBefore, droppedBefore := s.meterCount(t, port)
	took, err := time.ParseDuration(s.c1.Exec(t, "/probe", "expire", s.c2.Address(t, network)+":9", strconv.Itoa(sent)))
	if err != nil {
		t.Fatal(err)
	}
	in, dropped := s.meterCount(t, port)
	in, dropped = in-inBefore, dropped-droppedBefore
	allowed := int((took+time.Second).Seconds()*slowRate) + slowBurst
	t.Logf("%d sent in %v; %d came to the meter, %d passed, %d allowed", sent, took, in, in-dropped, allowed)
	if dropped == 0 || in-dropped > allowed || in-dropped == 0 {
		t.Errorf("the meter let %d of %d through, %d are allowed", in-dropped, in, allowed)
	}
}

func (s *scene) changeMeter(t *testing.T, number, band string) {
	t.Helper()
	s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "mod-meter", "br-link",
		"meter="+number+",pktps,burst,stats,bands=type=drop,"+band)
}

var meterCounts = regexp.MustCompile(`packet_in_count:([0-9]+)(?s:.*)packet_count:([0-9]+)`)

// meterCount returns what came to a meter and what it dropped.
func (s *scene) meterCount(t *testing.T, number string) (in, dropped int) {
	t.Helper()
	text := s.On(t, "h1", "ovs-ofctl", "-O", "OpenFlow13", "meter-stats", "br-link", "meter="+number)
	m := meterCounts.FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("meter %s: %s", number, text)
	}
	if _, err := fmt.Sscan(m[1]+" "+m[2], &in, &dropped); err != nil {
		t.Fatal(err)
	}
	return in, dropped
}

// port returns the OpenFlow port of a container.
func (s *scene) port(t *testing.T, container string) string {
	t.Helper()
	for line := range strings.Lines(s.CLI(t, "endpoint", "ls", "--format", "{{.Container}} {{.Port}}")) {
		if name, port, _ := strings.Cut(strings.TrimSpace(line), " "); name == container {
			return port
		}
	}
	t.Fatalf("no endpoint of %s", container)
	return ""
}

// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
)

// withPorts is the container of testdata with other published ports.
func withPorts(t *testing.T, bindings string) *apiv1.CarryAnswer {
	t.Helper()
	_, _, a := told(t, func(c map[string]any) { c["HostConfig"].(map[string]any)["PortBindings"] = json.RawMessage(bindings) })
	return a
}

// What docker inspect shows of ports is understood, those of one number first.
func TestPublished(t *testing.T) {
	a := withPorts(t, `{"80/tcp":[{"HostIp":"","HostPort":"8000-8010"},{"HostIp":"192.0.2.1","HostPort":"80"}],
		"53/udp":[{"HostIp":"::","HostPort":"53"}],"9/sctp":[{"HostPort":""}],"x/tcp":[{"HostPort":"1"}],"1/tcp":null,"2/tcp":[{"HostPort":"y"}]}`)
	s, err := decode(a.GetSpec())
	if err != nil {
		t.Fatal(err)
	}
	want := []cnm.PortMap{
		{Proto: 17, Port: 53, HostIP: "::", HostPort: 53, HostPortEnd: 53}, {Proto: 6, Port: 80, HostIP: "192.0.2.1", HostPort: 80, HostPortEnd: 80},
		{Proto: 132, Port: 9}, {Proto: 6, Port: 80, HostPort: 8000, HostPortEnd: 8010},
	}
	if diff := cmp.Diff(want, s.published()); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	for i, text := range []string{":::53/udp", "192.0.2.1:80/tcp", "0/sctp", "8000-8010/tcp"} {
		if got := portText(want[i]); got != text {
			t.Errorf("%+v is %q, want %q", want[i], got, text)
		}
	}
	notes := strings.Join(a.GetPlan().GetNotes(), "\n")
	if !strings.Contains(notes, "ports that it publishes") || !strings.Contains(notes, "get others there") {
		t.Errorf("notes are %q", notes)
	}
}

// Ports that somebody has here, or that cannot be here, are told before anything is done,
// and looked at again when it is made.
func TestTakenPorts(t *testing.T) {
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	port, datagrams := tcp.Addr().(*net.TCPAddr).Port, udp.LocalAddr().(*net.UDPAddr).Port
	for name, test := range map[string]struct {
		bindings string
		closed   bool // the host has no gateway
		told     []string
	}{
		"taken":            {fmt.Sprintf(`{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"%d"}]}`, port), false, []string{fmt.Sprintf("port 127.0.0.1:%d/tcp that it publishes is taken on host h2", port)}},
		"taken everywhere": {fmt.Sprintf(`{"80/tcp":[{"HostIp":"","HostPort":"%d"}]}`, port), false, []string{fmt.Sprintf("port %d/tcp", port)}},
		"both":             {fmt.Sprintf(`{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"%d"}],"53/udp":[{"HostIp":"127.0.0.1","HostPort":"%d"}]}`, port, datagrams), false, []string{"/udp", "/tcp"}},
		"the other":        {fmt.Sprintf(`{"53/udp":[{"HostIp":"127.0.0.2","HostPort":"%d"}]}`, datagrams), false, nil},
		"no such address":  {`{"80/tcp":[{"HostIp":"192.0.2.77","HostPort":"8080"}]}`, false, []string{"host h2 has no address 192.0.2.77"}},
		"chosen there":     {`{"80/tcp":[{"HostIp":"","HostPort":""}]}`, false, nil},
		"no gateway":       {`{"80/tcp":[{"HostIp":"","HostPort":""}]}`, true, []string{"host h2 has no gateway"}},
		"none":             {`{}`, true, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a := withPorts(t, test.bindings)
			d := newDockerd(t)
			d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
			h := d.host(t, "h2", Anything, nil)
			h.cfg.Publishes = !test.closed
			got := must(t, h, &apiv1.CarryTask{What: &apiv1.CarryTask_Check{Check: &apiv1.CarryCheck{Spec: a.GetSpec()}}}).GetObstacles()
			if len(got) != len(test.told) {
				t.Fatalf("told are %q, want %q", got, test.told)
			}
			for i, part := range test.told {
				if !strings.Contains(got[i], part) {
					t.Errorf("told is %q, want %q", got[i], part)
				}
			}
			_, err := h.do(t.Context(), makeTask(a.GetSpec()))
			if len(test.told) == 0 && err != nil || len(test.told) > 0 && (linkspan.CodeOf(err) != linkspan.InUse || len(d.calls) > 0) {
				t.Errorf("make ended with %v, %q", err, d.calls)
			}
		})
	}
}

// Of a range one free port is enough, and what is looked at is let go.
func TestPortsOfARange(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port
	a := withPorts(t, fmt.Sprintf(`{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"%d-%d"}]}`, port, min(port+20, 65535)))
	h := newDockerd(t).host(t, "h2", Anything, nil)
	h.cfg.Publishes = true
	for range 2 {
		if got := must(t, h, &apiv1.CarryTask{What: &apiv1.CarryTask_Check{Check: &apiv1.CarryCheck{Spec: a.GetSpec()}}}).GetObstacles(); len(got) > 0 {
			t.Errorf("it is kept away by %q", got)
		}
	}
}

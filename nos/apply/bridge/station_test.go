// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/ovs/ovstest"
)

// station is a network namespace with devices whose other ends are the host's.
type station struct {
	t    testing.TB
	path string
}

// devices makes devices of the host that nothing is connected to.
func devices(t testing.TB, names ...string) {
	t.Helper()
	for _, name := range names {
		ovstest.IP(t, "link", "add", name, "type", "veth", "peer", "name", "x"+name)
		t.Cleanup(func() { gone(name) })
	}
}

// space makes a station without devices.
func space(t testing.TB) station {
	t.Helper()
	ovstest.Need(t, "ip", "nsenter", "ping")
	// A path that other processes can open, too.
	return station{t, strings.Replace(ovstest.Namespace(t), "self", fmt.Sprint(os.Getpid()), 1)}
}

// plug makes a station on a device of the host, with an address; "" for none.
func plug(t testing.TB, device, address string) station {
	t.Helper()
	s := space(t)
	s.cable(device, "eth0")
	if address != "" {
		s.run("ip", "address", "add", address, "dev", "eth0")
	}
	return s
}

// cable joins a device of the host with one of the station.
func (s station) cable(device, own string) {
	s.t.Helper()
	ovstest.IP(s.t, "link", "add", device, "type", "veth", "peer", "name", own, "netns", s.path)
	s.t.Cleanup(func() { gone(device) })
	ovstest.IP(s.t, "link", "set", device, "up")
	s.run("ip", "link", "set", own, "up")
}

func (s station) command(argv ...string) *exec.Cmd {
	return exec.CommandContext(context.WithoutCancel(s.t.Context()), "nsenter", append([]string{"--net=" + s.path}, argv...)...)
}

// run runs a program in the station, which must succeed.
func (s station) run(argv ...string) string {
	s.t.Helper()
	out, err := s.command(argv...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("%v: %v: %s", argv, err, out)
	}
	return strings.TrimSpace(string(out))
}

// reaches says whether one of some echo requests is answered.
func (s station) reaches(address string) bool {
	return s.command("ping", "-c", "3", "-i", "0.2", "-W", "1", address).Run() == nil
}

// must waits until an address answers.
func (s station) must(address string) {
	s.t.Helper()
	ovstest.Eventually(s.t, address+" answers", func() bool { return s.command("ping", "-c", "1", "-W", "5", address).Run() == nil })
}

// never fails when an address answers that was not allowed at any time.
func (s station) never(address string) {
	s.t.Helper()
	if s.reaches(address) {
		s.t.Errorf("%s answers", address)
	}
}

// noMore waits until an address does not answer: what is cached is looked at again some time after
// a commit.
func (s station) noMore(address string) {
	s.t.Helper()
	ovstest.Eventually(s.t, address+" answers no more", func() bool { return !s.reaches(address) })
}

// received returns how many packets have come to a device.
func (s station) received(device string) int {
	s.t.Helper()
	var links []struct {
		Stats struct {
			RX struct{ Packets int }
		} `json:"stats64"`
	}
	if err := json.Unmarshal([]byte(s.run("ip", "-s", "-j", "link", "show", device)), &links); err != nil {
		s.t.Fatal(err)
	}
	return links[0].Stats.RX.Packets
}

// gone removes a device of the host, if it is there.
func gone(device string) {
	_ = exec.CommandContext(context.Background(), "ip", "link", "del", device).Run()
}

// SPDX-License-Identifier: Apache-2.0

package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/linkspan/linkspan/lab"
	"github.com/linkspan/linkspan/test/harness"
)

// overlayCreate is docker network create as the guide has it.
func overlayCreate(name string, options ...string) []string {
	args := []string{"docker", "network", "create", "-d", "linkspan-overlay", "--ipam-driver", "linkspan"}
	return append(append(args, options...), name)
}

// peers returns where the kernel of a host sends packets of overlays, as
// "address MAC host".
func peers(l *harness.Lab, host string) []string {
	r := l.Try(host, "sh", "-c", `test ! -e /run/linkspan/overlay || nsenter --net=/run/linkspan/overlay sh -c 'ip neigh; bridge fdb'`)
	hosts := make(map[string]string)
	var found []string
	for line := range strings.Lines(r.Out) {
		if w := strings.Fields(line); slices.Contains(w, "dst") {
			hosts[w[0]] = w[slices.Index(w, "dst")+1]
		}
	}
	for line := range strings.Lines(r.Out) {
		if w := strings.Fields(line); slices.Contains(w, "PERMANENT") {
			mac := w[slices.Index(w, "lladdr")+1]
			found = append(found, fmt.Sprintf("%s %s %s", w[0], mac, hosts[mac]))
			delete(hosts, mac)
		}
	}
	for mac, host := range hosts {
		found = append(found, "- "+mac+" "+host)
	}
	slices.Sort(found)
	return found
}

// knows waits until a host sends packets of overlays to these containers, and to
// nobody else.
func knows(t *testing.T, l *harness.Lab, host, network string, others ...*harness.Container) {
	t.Helper()
	var want []string
	for _, c := range others {
		mac := l.On(t, c.Host, "docker", "inspect", "-f", fmt.Sprintf("{{(index .NetworkSettings.Networks %q).MacAddress}}", network), c.Name)
		want = append(want, fmt.Sprintf("%s %s %s", c.Address(t, network), mac, l.Address(c.Host)))
	}
	slices.Sort(want)
	harness.Eventually(t, fmt.Sprintf("%s knows %q", host, want), func() error {
		if got := peers(l, host); !slices.Equal(got, want) {
			return fmt.Errorf("it knows %q", got)
		}
		return nil
	})
}

// TestOverlay is the story of the guide: made by Docker on one host, there on the
// other, and containers find each other by name.
func TestOverlay(t *testing.T) {
	l := shared(t)
	start := l.Settled(t)
	l.RemoveLater(t, "multi")
	l.On(t, "h1", overlayCreate("multi", "--label", "tier=db")...)
	l.Shown(t, "multi")
	if got := l.On(t, "h2", "docker", "network", "inspect", "-f", "{{.Driver}} {{.IPAM.Driver}} {{index .Labels \"tier\"}}", "multi"); got != "linkspan-overlay linkspan db" {
		t.Errorf("on h2 it is %s", got)
	}
	if got := l.CLI(t, "network", "inspect", "--format", "{{.Driver}}", "multi"); got != "linkspan-overlay" {
		t.Errorf("the controller has it as %s", got)
	}
	c1 := l.Run(t, "h1", "multi1", "--network", "multi", "--network-alias", "db")
	c2 := l.Run(t, "h2", "multi2", "--network", "multi")
	c3 := l.Run(t, "h1", "multi3", "--network", "multi")
	c2.Echo(t, "multi1")
	c2.Echo(t, "db.multi")
	for _, from := range []*harness.Container{c1, c2, c3} {
		for _, to := range []*harness.Container{c1, c2, c3} {
			from.Reaches(t, to, "multi")
		}
	}
	if out := c1.Exec(t, "ip", "route"); strings.Contains(out, "default") || !strings.Contains(out, "dev eth0") {
		t.Errorf("routes of a container:\n%s", out)
	}
	if out := c1.Exec(t, "cat", "/sys/class/net/eth0/mtu"); out != "1450" {
		t.Errorf("its mtu is %s", out)
	}
	knows(t, l, "h2", "multi", c1, c3)
	knows(t, l, "h1", "multi", c2)
	checkInspect(t, l)

	// Whoever goes is known no more, by what way it may go.
	l.On(t, "h1", "docker", "kill", "multi3")
	l.On(t, "h1", "docker", "network", "disconnect", "multi", "multi1")
	knows(t, l, "h2", "multi")
	l.On(t, "h1", "docker", "network", "connect", "multi", "multi1")
	knows(t, l, "h2", "multi", c1)
	c2.Reaches(t, c1, "multi")
	if r := l.TryCLI("network", "rm", "multi"); r.Exit != 1 || !strings.Contains(r.Err, "endpoint") {
		t.Errorf("network rm with endpoints: %v", r)
	}
	if r := l.Try("h1", "docker", "network", "rm", "multi"); r.Exit != 1 || !strings.Contains(r.Err, "active endpoints") {
		t.Errorf("docker network rm with endpoints: %v", r)
	}
	for _, c := range []*harness.Container{c1, c2, c3} {
		c.Remove(t)
	}
	harness.Eventually(t, "network rm", func() error { return succeeded(l.TryCLI("network", "rm", "multi")) })
	l.Gone(t, "multi")
	l.Back(t, start)
}

// checkInspect reads what is said of the network and its endpoints.
func checkInspect(t *testing.T, l *harness.Lab) {
	t.Helper()
	if got := l.CLI(t, "network", "inspect", "--format", "{{range .Ways}}{{.Transport}} {{.Count}}{{end}}", "multi"); got != "overlay 1" {
		t.Errorf("packets go by %s", got)
	}
	harness.Eventually(t, "endpoint ls has all with their names", func() error {
		got, err := l.Lines("endpoint", "ls", "--network", "multi", "--format", "{{.Chassis}}/{{.Container}} {{.State}} {{.Driver}}")
		if want := []string{"h1/multi1 attached overlay", "h1/multi3 attached overlay", "h2/multi2 attached overlay"}; err == nil && !slices.Equal(got, want) {
			err = fmt.Errorf("%q", got)
		}
		return err
	})
	if out := l.On(t, "h2", l.Binary, "doctor"); !strings.Contains(out, "2 endpoints of them on other hosts") {
		t.Errorf("doctor:\n%s", out)
	}
}

// TestOverlaysStayApart has networks of all kinds with the same addresses on both
// hosts, and containers at the same places in them.
func TestOverlaysStayApart(t *testing.T) {
	l := shared(t)
	l.Network(t, "wire", "10.40.0.0/24", "--driver", "overlay")
	l.Network(t, "cord", "10.41.0.0/24", "--driver", "overlay")
	l.Network(t, "twin", "10.40.0.0/24", "--driver", "overlay")
	l.Network(t, "routes", "10.42.0.0/24")
	t.Cleanup(func() { l.Try("h1", "docker", "network", "rm", "bridged") })
	l.On(t, "h1", "docker", "network", "create", "-d", "linkspan-bridge", "--subnet", "10.43.0.0/24", "bridged")
	cast := make(map[string]*harness.Container)
	for _, network := range []string{"wire", "cord", "twin", "routes"} {
		for _, host := range l.Hosts() {
			options := []string{"--network", network, "--cap-add", "NET_ADMIN"}
			if network != "cord" && network != "routes" {
				options = append(options, "--ip", "10.40.0.1"+host[1:])
			}
			cast[network+host] = l.Run(t, host, network+host, options...)
		}
	}
	bridged := l.Run(t, "h1", "bridged1", "--network", "bridged")
	for _, network := range []string{"wire", "cord", "twin", "routes"} { // the answer tells who it is
		cast[network+"h1"].Reaches(t, cast[network+"h2"], network)
		cast[network+"h2"].Reaches(t, cast[network+"h1"], network)
	}
	// Also by a route of their own making, through whatever stands at the gateway's
	// address or straight out.
	for _, name := range []string{"wireh1", "wireh2"} {
		from := cast[name]
		from.Exec(t, "ip", "route", "add", "default", "dev", "eth0")
		for network, address := range map[string]string{
			"cord": cast["cordh1"].Address(t, "cord"), "cord on h2": cast["cordh2"].Address(t, "cord"),
			"routes": cast["routesh1"].Address(t, "routes"), "routes on h2": cast["routesh2"].Address(t, "routes"),
			"a bridge": bridged.Address(t, "bridged"), "the host": l.Address("h1").String(), "the gateway": "10.40.0.1",
		} {
			t.Run(name+" to "+network, func(t *testing.T) {
				(&harness.Container{Lab: l, Host: from.Host, Name: from.Name}).Isolated(t, address)
			})
		}
	}
	for name, to := range map[string]string{"routesh1": "10.40.0.11", "cordh2": "10.40.0.11"} {
		cast[name].Exec(t, "ip", "route", "replace", "10.40.0.0/24", "dev", "eth0")
		cast[name].Isolated(t, to)
	}
	bridged.Isolated(t, "10.40.0.11")
	cast["twinh2"].Remove(t)
	cast["wireh1"].Reaches(t, cast["wireh2"], "wire")
	cast["twinh1"].Isolated(t, "10.40.0.12")
}

func TestRefusedOverlays(t *testing.T) {
	l := shared(t)
	before := l.Settled(t)
	for _, c := range []struct {
		name  string
		argv  []string
		words []string
	}{
		{"another IPAM driver", []string{"docker", "network", "create", "-d", "linkspan-overlay", "--subnet", "10.44.0.0/24", "no"},
			[]string{"docker network create -d linkspan-overlay --ipam-driver linkspan --subnet 10.44.0.0/24"}},
		{"a VNI", overlayCreate("no", "-o", "com.docker.network.driver.overlay.vxlanid_list=42"), []string{"vxlanid_list", "number"}},
		{"an option of routes", overlayCreate("no", "-o", "linkspan.idle=5s"), []string{"linkspan.idle"}},
		{"IPv6", overlayCreate("no", "--ipv6", "--subnet", "fd00:44::/64"), []string{"IPv6"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if r := l.Try("h1", c.argv...); r.Exit != 1 || !hasAll(r.Err, c.words) {
				t.Errorf("want %q of %v", c.words, r)
			}
		})
	}
	for words, flags := range map[string][]string{
		"driver": {"--driver", "pigeon"}, "transport": {"--driver", "overlay", "--transport", "direct"},
		"idle": {"--driver", "overlay", "--idle", "5m"}, "mtu": {"--driver", "overlay", "--mtu", "9000"},
	} {
		r := l.TryCLI(append(append([]string{"network", "create", "--subnet", "10.44.0.0/24"}, flags...), "no")...)
		if r.Exit != 1 || !strings.Contains(r.Err, words) {
			t.Errorf("%q: %v", flags, r)
		}
	}
	l.Back(t, before)
}

// TestOverlayOutlivesItsPrograms kills what stands behind an overlay below
// containers that talk, and changes it while one side is away.
func TestOverlayOutlivesItsPrograms(t *testing.T) {
	t.Parallel()
	l := own(t, lab.Config{Hosts: 2})
	l.CLI(t, "network", "create", "--driver", "overlay", "--subnet", "10.45.0.0/24", "lasting")
	l.Shown(t, "lasting")
	c1 := l.Run(t, "h1", "lasting1", "--network", "lasting")
	gone := l.Run(t, "h1", "lasting2", "--network", "lasting")
	c2 := l.Run(t, "h2", "lasting3", "--network", "lasting")
	talk := l.Converse(t, "h1", "talker", "lasting", c2)
	talker := &harness.Container{Lab: l, Host: "h1", Name: "talker"}
	for _, program := range [][2]string{{"h2", "switch"}, {"h1", "switch"}, {"controller", "controller"}, {"h2", "dockerd"}} {
		talk.Undisturbed(t, func() {
			if err := l.Crash(t.Context(), program[0], program[1]); err != nil {
				t.Fatal(err)
			}
		})
		c2.Reaches(t, c1, "lasting")
		knows(t, l, "h2", "lasting", c1, gone, talker)
		knows(t, l, "h1", "lasting", c2)
	}
	talker.Remove(t)
	if err := l.Stop(t.Context(), "h2", "switch"); err != nil {
		t.Fatal(err)
	}
	gone.Remove(t)
	came := l.Run(t, "h1", "lasting4", "--network", "lasting")
	if err := l.Start(t.Context(), "h2", "switch"); err != nil {
		t.Fatal(err)
	}
	knows(t, l, "h2", "lasting", c1, came)
	c2.Reaches(t, came, "lasting")
	came.Reaches(t, c2, "lasting")

	// Two sites are apart until somebody says otherwise.
	l.CLI(t, "site", "move", "h2", "ber")
	knows(t, l, "h1", "lasting")
	knows(t, l, "h2", "lasting")
	c2.CutOff(t, c1.Address(t, "lasting"))
	if out := l.CLI(t, "network", "inspect", "lasting"); !strings.Contains(out, "different sites") {
		t.Errorf("why is not said:\n%s", out)
	}
	if r := l.TryCLI("doctor"); !strings.Contains(r.Out, "linkspan site allow-clear ber default") {
		t.Errorf("what to do is not said: %v", r)
	}
	l.CLI(t, "site", "allow-clear", "ber", "default")
	knows(t, l, "h2", "lasting", c1, came)
	c2.Reaches(t, c1, "lasting")

	// A host that is gone for good is known to nobody.
	if err := l.PowerOff(t.Context(), "h2"); err != nil {
		t.Fatal(err)
	}
	l.CLI(t, "switch", "rm", "--force", "h2")
	knows(t, l, "h1", "lasting")
	c1.Reaches(t, came, "lasting")
	if err := l.PowerOn(t.Context(), "h2"); err != nil { // so that what is on it can be taken away
		t.Fatal(err)
	}
	knows(t, l, "h1", "lasting")
}

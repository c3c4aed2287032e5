// SPDX-License-Identifier: Apache-2.0

package service

import (
	"strings"
	"testing"

	"github.com/linkspan/linkspan"
)

const imageID = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// composite is one that the policy allows, changed.
func composed(change func(*linkspan.Composite)) linkspan.Composite {
	c := linkspan.Composite{Name: "edge", Services: []linkspan.CompositeMember{
		{Name: "dns", Image: "base/dns:1.0.0@" + imageID, DependsOn: map[string]string{"frr": Started}},
		{Name: "frr", Image: imageID, Capabilities: []string{"NET_ADMIN", "CAP_NET_RAW"}, Volumes: []linkspan.Volume{{Name: "frr", Path: "/etc/frr"}}},
	}, Attach: []linkspan.Attachment{{Interface: "eth0", VLAN: 10, Addresses: []string{"192.0.2.1/24"}}, {Interface: "eth1", Network: "web", Addresses: []string{"198.51.100.1"}}}}
	change(&c)
	return c
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*linkspan.Composite)
		want   string // empty: it is allowed
	}{
		"as it is":                {func(*linkspan.Composite) {}, ""},
		"no name":                 {func(c *linkspan.Composite) { c.Name = "" }, "name is empty"},
		"a name that is a path":   {func(c *linkspan.Composite) { c.Name = "../x" }, "not allowed"},
		"no service":              {func(c *linkspan.Composite) { c.Services = nil }, "0 services"},
		"a tag":                   {func(c *linkspan.Composite) { c.Services[0].Image = "base/dns:1.0.0" }, "digest"},
		"a short digest":          {func(c *linkspan.Composite) { c.Services[0].Image = "base/dns@sha256:01" }, "digest"},
		"two of a name":           {func(c *linkspan.Composite) { c.Services[1].Name = "dns" }, "two services"},
		"a power over the host":   {func(c *linkspan.Composite) { c.Services[0].Capabilities = []string{"SYS_MODULE"} }, "SYS_MODULE is not allowed"},
		"every capability":        {func(c *linkspan.Composite) { c.Services[0].Capabilities = []string{"ALL"} }, "ALL is not allowed"},
		"a volume that is a path": {func(c *linkspan.Composite) { c.Services[1].Volumes[0].Name = "../../etc" }, "not allowed"},
		"a volume over all":       {func(c *linkspan.Composite) { c.Services[1].Volumes[0].Path = "/" }, "no absolute path"},
		"a volume by dots":        {func(c *linkspan.Composite) { c.Services[1].Volumes[0].Path = "/a/../b" }, "no absolute path"},
		"the call interface":      {func(c *linkspan.Composite) { c.Services[1].Volumes[0].Path = "/run/linkspan/bus" }, "no volume may be"},
		"around it":               {func(c *linkspan.Composite) { c.Services[1].Volumes[0].Path = "/run" }, "no volume may be"},
		"the kernel":              {func(c *linkspan.Composite) { c.Services[1].Volumes[0].Path = "/proc/sys" }, "no volume may be"},
		"an environment":          {func(c *linkspan.Composite) { c.Services[0].Environment = map[string]string{"A=B": "c"} }, "environment"},
		"a circle":                {func(c *linkspan.Composite) { c.Services[1].DependsOn = map[string]string{"dns": HealthyAfter} }, "depends on itself"},
		"nobody to wait for":      {func(c *linkspan.Composite) { c.Services[0].DependsOn = map[string]string{"x": Started} }, "does not have"},
		"no such wait":            {func(c *linkspan.Composite) { c.Services[0].DependsOn = map[string]string{"frr": "soon"} }, "started or healthy"},
		"VLAN and network":        {func(c *linkspan.Composite) { c.Attach[0].Network = "web" }, "in one of them"},
		"no VLAN":                 {func(c *linkspan.Composite) { c.Attach[0].VLAN = 4095 }, "no VLAN"},
		"the loopback":            {func(c *linkspan.Composite) { c.Attach[0].Interface = "lo" }, "two interfaces"},
		"a long interface":        {func(c *linkspan.Composite) { c.Attach[0].Interface = "abcdefghijklmnop" }, "no name of an interface"},
		"no prefix length":        {func(c *linkspan.Composite) { c.Attach[0].Addresses[0] = "192.0.2.1" }, "no address"},
		"a prefix length":         {func(c *linkspan.Composite) { c.Attach[1].Addresses[0] = "198.51.100.1/24" }, "no address"},
		"exposed nowhere":         {func(c *linkspan.Composite) { c.Expose = &linkspan.Exposure{Address: "edge1:80"} }, "no ADDRESS:PORT"},
		"less than nothing":       {func(c *linkspan.Composite) { c.Services[0].Limits.PIDs = -1 }, "below 0"},
	} {
		err := DefaultPolicy().Check(composed(tt.change))
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
	strict := DefaultPolicy()
	strict.Most.Memory = 1 << 20
	if err := strict.Check(composed(func(c *linkspan.Composite) { c.Services[0].Limits.Memory = 2 << 20 })); err == nil {
		t.Error("more memory than may be")
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	dns := linkspan.ImageManifest{Name: "dns", Version: "1.2.0", Dependencies: []linkspan.ImageDependency{{Name: "frr", Version: "1.10.0"}}}
	for version, ok := range map[string]bool{"1.10.0": true, "2.0.0": true, "1.9.9": false, "": false} {
		all := map[string]linkspan.ImageManifest{"dns": dns, "frr": {Name: "frr", Version: version}}
		if err := fit(all); (err == nil) != ok {
			t.Errorf("frr %s: %v", version, err)
		}
	}
	if err := fit(map[string]linkspan.ImageManifest{"dns": dns}); err == nil {
		t.Error("what it needs is not there")
	}
	if err := fit(map[string]linkspan.ImageManifest{"a": {Conflicts: []string{"b"}}, "b": {}}); err == nil {
		t.Error("two that cannot be together")
	}
}

// What is as before keeps its container; what is to run follows from the phase alone.
func TestRecord(t *testing.T) {
	t.Parallel()
	r := record{Composites: map[string]placed{}}
	first := composed(func(*linkspan.Composite) {})
	r.Composites["edge"] = r.next(first)
	old := r.Composites["edge"]
	same := r.next(composed(func(c *linkspan.Composite) { c.Services[0].Calls = []string{"switch"}; c.Services[0].Overlap = true }))
	if norm(same.Members) != norm(old.Members) || same.Sandbox != old.Sandbox {
		t.Errorf("who may call what makes containers anew: %+v", same)
	}
	image := r.next(composed(func(c *linkspan.Composite) { c.Services[0].Command = []string{"x"} }))
	if image.Sandbox != old.Sandbox || image.Members["frr"] != old.Members["frr"] || image.Members["dns"] == old.Members["dns"] {
		t.Errorf("another command: %+v, was %+v", image, old)
	}
	moved := r.next(composed(func(c *linkspan.Composite) { c.Attach[0].VLAN = 20 }))
	if moved.Sandbox == old.Sandbox || moved.Members["frr"] == old.Members["frr"] {
		t.Errorf("another network: %+v, was %+v", moved, old)
	}
	for phase, want := range map[string]struct{ wanted, kept string }{
		phasePrepared: {norm(old), norm(image)}, phaseSwitched: {norm(image), norm(old)}, phaseReturning: {norm(old), norm(placed{})},
	} {
		r.Change = &change{Phase: phase, Next: map[string]*placed{"edge": &image}}
		if got := norm(r.wanted()["edge"]); got != want.wanted {
			t.Errorf("%s: runs %s", phase, got)
		}
		if got := norm(r.kept()["edge"]); got != want.kept {
			t.Errorf("%s: is kept %s", phase, got)
		}
	}
	r.Change = &change{Phase: phaseSwitched, Next: map[string]*placed{"edge": nil}}
	if c := r.clone(); len(c.wanted()) != 0 || norm(c.kept()["edge"]) != norm(old) {
		t.Errorf("one that goes: %+v", c)
	}
}

func TestBackOff(t *testing.T) {
	t.Parallel()
	last := backOff(0)
	for tries := 1; tries < 40; tries++ {
		if d := backOff(tries); d < last || d.Minutes() > 1 {
			t.Errorf("after %d tries: %s, before %s", tries, d, last)
		} else {
			last = d
		}
	}
}

func FuzzComposite(f *testing.F) {
	f.Add([]byte(norm(composed(func(*linkspan.Composite) {}))))
	f.Add([]byte(`{"name":"a","services":[{"name":"b","image":"c"}]} {}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := readComposite(text)
		if err != nil || DefaultPolicy().Check(c) != nil {
			return
		}
		if sorted, err := order(c); err != nil || len(sorted) != len(c.Services) {
			t.Errorf("%v %v", sorted, err)
		}
	})
}

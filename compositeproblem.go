// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// member returns a service by its name, nil if there is none.
func (c *Composite) member(name string) *CompositeMember {
	i := slices.IndexFunc(c.Services, func(m CompositeMember) bool { return m.Name == name })
	if i < 0 {
		return nil
	}
	return &c.Services[i]
}

// StartOrder returns the services in an order in which each comes after what it depends on, and
// otherwise as they are written. The error, of code Invalid, says which wait for one another.
func (c *Composite) StartOrder() ([]CompositeMember, error) {
	done := make(map[string]bool, len(c.Services))
	order := make([]CompositeMember, 0, len(c.Services))
	for len(order) < len(c.Services) {
		next := slices.IndexFunc(c.Services, func(m CompositeMember) bool {
			return !done[m.Name] && !slices.ContainsFunc(slices.Collect(maps.Keys(m.DependsOn)), func(on string) bool { return !done[on] })
		})
		if next < 0 {
			var waiting []string
			for _, m := range c.Services {
				if !done[m.Name] {
					waiting = append(waiting, m.Name)
				}
			}
			return nil, invalid("services %s of composite %s wait for one another", strings.Join(waiting, ", "), c.Name)
		}
		order, done[c.Services[next].Name] = append(order, c.Services[next]), true
	}
	return order, nil
}

func (p *problems) composite(path string, c *Composite) {
	p.check(path+".name", ValidateName("composite", c.Name), wantName)
	p.attachments(path+".attach", c.Attach)
	p.most(path+".services", len(c.Services), MaxMembers)
	if len(c.Services) == 0 {
		p.add(path+".services", "there is no service", "at least one")
	}
	before := len(*p)
	names := map[string]bool{}
	for i := range c.Services {
		at := fmt.Sprintf("%s.services[%d]", path, i)
		m := &c.Services[i]
		if names[m.Name] {
			p.add(at+".name", "service "+m.Name+" is there twice", "another name")
		}
		names[m.Name] = true
		p.member(at, m, c)
	}
	if len(*p) == before { // else it would only be said twice
		_, err := c.StartOrder()
		p.check(path+".services", err, "dependencies without a circle")
	}
	if c.Expose != nil {
		at := path + ".expose"
		if a, err := netip.ParseAddrPort(c.Expose.Address); err != nil || a.Port() == 0 || a.Addr().Zone() != "" {
			p.add(at+".address", "address "+quote(c.Expose.Address)+" is not understood", "ADDRESS:PORT, as in 192.0.2.1:8443 or [2001:db8::1]:8443")
		}
		if len(c.Expose.Calls) == 0 {
			p.add(at+".calls", "nothing is exposed", "calls, or leave expose out")
		}
		p.calls(at+".calls", c.Expose.Calls)
	}
}

// exposures refuses two composites on one address.
func (p *problems) exposures(composites []Composite) {
	by := map[string]string{}
	for i, c := range composites {
		if c.Expose == nil {
			continue
		}
		if other := by[c.Expose.Address]; other != "" {
			p.add(fmt.Sprintf("spec.composites[%d].expose.address", i), "composite "+other+" is exposed there", "another address or port")
		}
		by[c.Expose.Address] = c.Name
	}
}

func (p *problems) attachments(path string, attach []Attachment) {
	p.most(path, len(attach), MaxAttachments)
	seen := map[string]bool{}
	for i, a := range attach {
		at := fmt.Sprintf("%s[%d]", path, i)
		if !deviceName(a.Interface) {
			p.add(at+".interface", "interface "+quote(a.Interface)+" is no name of a device", "1 to 15 letters, digits, '_', '.', '-', and not lo")
		}
		if seen[a.Interface] {
			p.add(at+".interface", a.Interface+" is there twice", "another name")
		}
		seen[a.Interface] = true
		switch {
		case (a.VLAN == 0) == (a.Network == ""):
			p.add(at, "it must be one of a port in a VLAN and an endpoint of a network", "vlan or network")
		case a.VLAN > 4094:
			p.add(at+".vlan", fmt.Sprintf("VLAN %d is none", a.VLAN), "1 to 4094")
		case a.Network != "":
			p.check(at+".network", ValidateName("network", a.Network), wantName)
		}
		p.addresses(at+".addresses", &a)
	}
}

// deviceName says whether a device may have that name: 15 bytes fit into an ifreq.
func deviceName(s string) bool {
	return len(s) <= 15 && s != "lo" && ValidateName("interface", s) == nil
}

func (p *problems) addresses(path string, a *Attachment) {
	p.most(path, len(a.Addresses), MaxAddresses)
	families := map[bool]int{}
	for i, text := range a.Addresses {
		at := fmt.Sprintf("%s[%d]", path, i)
		if a.Network != "" {
			addr, err := netip.ParseAddr(text)
			if err != nil || addr.Zone() != "" {
				p.add(at, "address "+quote(text)+" is not understood", "an address of the network, as in 10.7.0.5")
			}
			if families[addr.Is4()]++; err == nil && families[addr.Is4()] > 1 {
				p.add(at, "an endpoint of a network has one address of each family", "at most one")
			}
			continue
		}
		if prefix, err := netip.ParsePrefix(text); err != nil || prefix.Addr().IsUnspecified() || prefix.Addr().IsMulticast() {
			p.add(at, "address "+quote(text)+" is not understood", "an address with its prefix length, as in 192.0.2.1/24")
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package service

import (
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

// Policy is what members of composites may have on this switch.
type Policy struct {
	Capabilities []string              // of capabilities(7), without CAP_
	Limits       linkspan.MemberLimits // of members that say nothing
	Most         linkspan.MemberLimits // that a member may ask for; 0: what the host has
	Members      int                   // in a composite
	Composites   int
}

// DefaultPolicy lets services of a network work, and none look at the rest of the host. SYS_ADMIN is
// there as routing daemons do not start without it; Docker's own confinement stays on.
func DefaultPolicy() Policy {
	return Policy{
		Capabilities: []string{
			"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_ADMIN", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_RAW",
			"SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_CHROOT", "SYS_NICE", "SYS_TIME",
		},
		Limits:  linkspan.MemberLimits{Memory: 512 << 20, PIDs: 256},
		Members: 32, Composites: 64,
	}
}

func refused(format string, args ...any) error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
}

// digest is how a reference ends that is good for one image alone; an image's id is one.
func digest() *regexp.Regexp { return regexp.MustCompile(`(?:^|@)sha256:[0-9a-f]{64}$`) }

// byDigest says whether a reference is one by a digest.
func byDigest(reference string) bool { return digest().MatchString(reference) }

// Check says what of a composite may not be, without asking anybody.
func (p Policy) Check(c linkspan.Composite) error {
	if err := linkspan.ValidateName("composite", c.Name); err != nil {
		return err
	}
	if len(c.Services) == 0 || len(c.Services) > p.Members {
		return refused("composite %s has %d services: 1 to %d can be", c.Name, len(c.Services), p.Members)
	}
	if err := checkAttachments(c); err != nil {
		return err
	}
	names := map[string]bool{}
	for i := range c.Services {
		m := &c.Services[i]
		if names[m.Name] {
			return refused("composite %s has two services called %q", c.Name, m.Name)
		}
		names[m.Name] = true
		if err := p.checkMember(m); err != nil {
			return fmt.Errorf("service %s/%s: %w", c.Name, m.Name, err)
		}
	}
	if c.Expose != nil {
		if _, err := netip.ParseAddrPort(c.Expose.Address); err != nil {
			return refused("composite %s is exposed at %q, which is no ADDRESS:PORT", c.Name, c.Expose.Address)
		}
	}
	_, err := order(c)
	return err
}

func (p Policy) checkMember(m *linkspan.CompositeMember) error {
	if err := linkspan.ValidateName("service", m.Name); err != nil {
		return err
	}
	if !byDigest(m.Image) {
		return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("image %q is not named by a digest", m.Image), Hint: "name it REPOSITORY@sha256:DIGEST"}
	}
	for name, value := range m.Environment {
		if name == "" || strings.ContainsAny(name, "=\x00") || strings.Contains(value, "\x00") {
			return refused("%q is no name of a variable of the environment", name)
		}
	}
	if err := checkVolumes(m); err != nil {
		return err
	}
	if m.Limits.CPUs < 0 || m.Limits.PIDs < 0 {
		return refused("a limit is below 0")
	}
	if over(m.Limits.CPUs, p.Most.CPUs) || over(m.Limits.Memory, p.Most.Memory) || over(m.Limits.PIDs, p.Most.PIDs) {
		return refused("it asks for more than a service may have on this switch")
	}
	return p.checkCapabilities(m.Capabilities)
}

// over says whether a number is over a bound; 0 is none.
func over[T int | uint64 | float64](n, most T) bool { return most > 0 && n > most }

func (p Policy) checkCapabilities(wanted []string) error {
	for _, c := range wanted {
		if !slices.Contains(p.Capabilities, strings.TrimPrefix(c, "CAP_")) {
			return &linkspan.Error{Code: linkspan.Permission, Message: "capability " + c + " is not allowed on this switch", Hint: "linkspan serve switch --service-capabilities allows it"}
		}
	}
	return nil
}

// reservedPaths are folders of containers that no volume has.
func reservedPaths() []string {
	return []string{"/proc", "/sys", "/dev", "/run/linkspan", "/etc/hosts"}
}

func checkVolumes(m *linkspan.CompositeMember) error {
	seen := map[string]bool{}
	for _, v := range m.Volumes {
		if err := linkspan.ValidateName("volume", v.Name); err != nil {
			return err
		}
		if err := checkPath(v.Path); err != nil {
			return fmt.Errorf("volume %s: %w", v.Name, err)
		}
		if seen[v.Path] {
			return refused("two volumes are at %s", v.Path)
		}
		seen[v.Path] = true
	}
	return nil
}

func checkPath(p string) error {
	if !path.IsAbs(p) || path.Clean(p) != p || p == "/" || strings.ContainsAny(p, ":\x00") {
		return refused("%q is no absolute path of a folder", p)
	}
	for _, r := range reservedPaths() {
		if p == r || strings.HasPrefix(p, r+"/") || strings.HasPrefix(r, p+"/") {
			return refused("no volume may be at %s", p)
		}
	}
	return nil
}

func checkAttachments(c linkspan.Composite) error {
	const maxInterface, maxVLAN, most = 15, 4094, 16
	if len(c.Attach) > most {
		return refused("composite %s has more than %d interfaces", c.Name, most)
	}
	interfaces, networks := map[string]bool{"lo": true}, map[string]bool{}
	for _, a := range c.Attach {
		switch {
		case linkspan.ValidateName("interface", a.Interface) != nil || len(a.Interface) > maxInterface:
			return refused("%q is no name of an interface", a.Interface)
		case interfaces[a.Interface]:
			return refused("composite %s has two interfaces called %s", c.Name, a.Interface)
		case (a.VLAN == 0) == (a.Network == ""):
			return refused("interface %s is in a VLAN or in a network, and in one of them", a.Interface)
		case a.VLAN > maxVLAN:
			return refused("interface %s: there is no VLAN %d", a.Interface, a.VLAN)
		case a.Network != "" && networks[a.Network]:
			return refused("composite %s is in network %s twice", c.Name, a.Network)
		}
		interfaces[a.Interface], networks[a.Network] = true, true
		if err := checkAddresses(a); err != nil {
			return err
		}
	}
	return nil
}

func checkAddresses(a linkspan.Attachment) error {
	for _, text := range a.Addresses {
		_, err := netip.ParsePrefix(text)
		if a.Network != "" {
			_, err = netip.ParseAddr(text)
		}
		if err != nil {
			return refused("interface %s: %q is no address as is wanted there: with a prefix length in a VLAN, without in a network", a.Interface, text)
		}
	}
	if a.Network != "" && len(a.Addresses) > 2 {
		return refused("interface %s: an endpoint has an address of each family", a.Interface)
	}
	return nil
}

// order returns the members such that each comes after those it depends on.
func order(c linkspan.Composite) ([]string, error) {
	deps := map[string]map[string]string{}
	for i := range c.Services {
		deps[c.Services[i].Name] = c.Services[i].DependsOn
	}
	var sorted []string
	state := map[string]int{} // 1 is being looked at, 2 is done
	var visit func(string) error
	visit = func(name string) error {
		switch state[name] {
		case 1:
			return refused("service %s of composite %s depends on itself", name, c.Name)
		case 2:
			return nil
		}
		state[name] = 1
		for _, on := range sortedKeys(deps[name]) {
			if _, there := deps[on]; !there {
				return refused("service %s depends on %q, which composite %s does not have", name, on, c.Name)
			}
			if how := deps[name][on]; how != Started && how != HealthyAfter {
				return refused("service %s depends on %s being %q: started or healthy can be", name, on, how)
			}
			if err := visit(on); err != nil {
				return err
			}
		}
		state[name] = 2
		sorted = append(sorted, name)
		return nil
	}
	for i := range c.Services {
		if err := visit(c.Services[i].Name); err != nil {
			return nil, err
		}
	}
	return sorted, nil
}

// What a member may wait for of another.
const (
	Started      = "started"
	HealthyAfter = "healthy"
)

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

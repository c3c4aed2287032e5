// SPDX-License-Identifier: Apache-2.0

package link

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan/ovs/netns"
)

// spoke is how the host's stack spoke on a device before that was a port.
type spoke struct {
	IPv6 string `json:"ipv6,omitempty"` // net.ipv6.conf.*.disable_ipv6; empty: a kernel without IPv6
	ARP  string `json:"arp"`            // net.ipv4.conf.*.arp_ignore
	Lost lost   `json:"lost,omitzero"`  // of IPv6
}

// What netns.Silence sets.
const (
	withoutIPv6 = "1"
	withoutARP  = "8"
)

func ipv6Of(name string) string { return "ipv6/conf/" + name + "/disable_ipv6" }
func arpOf(name string) string  { return "ipv4/conf/" + name + "/arp_ignore" }

// silence keeps the host's stack quiet on a port, and keeps how it spoke. What was kept
// before a start of the machine is not how it spoke after it.
func (l *Links) silence(ctx context.Context, name string, f found) error {
	now, err := speaks(name)
	if err != nil {
		return err
	}
	if _, known := l.memory.spoke(name); !known || now.IPv6 != withoutIPv6 && now.ARP != withoutARP {
		if now.Lost, err = l.loses(ctx, f); err != nil {
			return err
		}
		now.Lost.Routes = slices.DeleteFunc(now.Lost.Routes, func(r foreign) bool { return r.Family != netlink.FAMILY_V6 })
		if err := l.memory.silences(name, now); err != nil {
			return err
		}
	}
	return netns.Silence(name)
}

// speaks returns how the host's stack speaks on a device.
func speaks(name string) (s spoke, err error) {
	if s.ARP, err = get(arpOf(name)); err != nil {
		return s, err
	}
	if s.IPv6, err = get(ipv6Of(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return s, err
	}
	return s, nil
}

// speak has the host's stack speak on a device as before it was a port. Where somebody else
// has had it speak since, as a start of the machine does, that stays.
func (l *Links) speak(name string, f found) error {
	before, known := l.memory.spoke(name)
	if !known {
		return nil
	}
	now, err := speaks(name)
	if err != nil {
		return err
	}
	if now.ARP == withoutARP {
		if err := set(arpOf(name), before.ARP); err != nil {
			return err
		}
	}
	if now.IPv6 == withoutIPv6 && before.IPv6 != withoutIPv6 {
		if err := set(ipv6Of(name), before.IPv6); err != nil {
			return err
		}
		l.restore(name, f, before.Lost)
	}
	return l.memory.spoken(name)
}

// get reads a value of sysctl(8).
func get(name string) (string, error) {
	text, err := os.ReadFile(filepath.Join(sysctls, name))
	return strings.TrimSpace(string(text)), err
}

// spoke returns what is kept of a device, and whether anything is.
func (m *memory) spoke(device string) (spoke, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, known := m.kept.Spoke[device]
	return s, known
}

// silenced returns the devices of which something is kept.
func (m *memory) silenced() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return sortedKeys(m.kept.Spoke)
}

// silences keeps how the stack speaks on a device that is about to be silent.
func (m *memory) silences(device string, s spoke) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept.Spoke == nil {
		m.kept.Spoke = map[string]spoke{}
	}
	m.kept.Spoke[device] = s
	return m.save()
}

// spoken forgets it, as the stack speaks so again.
func (m *memory) spoken(device string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.kept.Spoke, device)
	return m.save()
}

// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/moby/moby/client"
	"github.com/vishvananda/netlink"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/netns"
)

// Ports are the ports of br-switch; [ovs.Switch] is them.
type Ports interface {
	AddPort(ctx context.Context, p ovs.Port) error
	DropPort(ctx context.Context, name string) error
}

// portKey marks ports of composites in external_ids.
const portKey = "linkspan-composite"

// portNames returns the names of both ends of an interface of a sandbox; the other one is renamed.
func portNames(composite, link string, sandbox uint64) (host, peer string) {
	const digits = 11
	sum := sha256.Sum256(fmt.Appendf(nil, "%s/%s/%d", composite, link, sandbox))
	tail := strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:digits]
	return ovs.ServicePrefix + tail, "lst-" + tail
}

// portMAC returns the address of an interface: the same whenever the sandbox is made anew.
func portMAC(salt, composite, link string) linkspan.MAC {
	sum := sha256.Sum256([]byte(salt + "/" + composite + "/" + link))
	mac := linkspan.MAC(sum[:6])
	mac[0] = mac[0]&^1 | 2 // of one station, given by nobody (IEEE 802, 8.4)
	return mac
}

// plug gives a sandbox that runs its interfaces. It may be called again.
func (m *Manager) plug(ctx context.Context, p placed, id string) error {
	if len(p.Spec.Attach) == 0 {
		return nil
	}
	pid, err := m.engine.pid(ctx, id)
	if err != nil {
		return err
	}
	box, err := netns.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return err
	}
	defer box.Close() //nolint:errcheck // it was only used
	for _, a := range p.Spec.Attach {
		if a.Network != "" {
			err = m.nameEndpoint(ctx, box, a, id)
		} else {
			err = m.plugPort(ctx, p, a, box)
		}
		if err != nil {
			return fmt.Errorf("interface %s of composite %s: %w", a.Interface, p.Spec.Name, err)
		}
	}
	return nil
}

// plugPort makes an interface that is a port of br-switch.
func (m *Manager) plugPort(ctx context.Context, p placed, a linkspan.Attachment, box *netns.Sandbox) error {
	if m.options.Ports == nil {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "there is no br-switch"}
	}
	host, peer := portNames(p.Spec.Name, a.Interface, p.Sandbox)
	_, there := netlink.LinkByName(host)
	link, inside := box.Netlink().LinkByName(a.Interface)
	if there != nil || inside != nil {
		offload := netns.OffloadAll
		if ovs.DatapathType() == "netdev" {
			offload = netns.OffloadNone
		}
		v := netns.Veth{Host: host, Peer: peer, MAC: portMAC(m.record.Salt, p.Spec.Name, a.Interface), Offload: offload}
		if err := netns.CreateVeth(ctx, v); err != nil {
			return err
		}
		err := box.Take(peer, a.Interface)
		if err == nil {
			link, err = box.Netlink().LinkByName(a.Interface)
		}
		if err != nil {
			return errors.Join(err, netns.DeleteVeth(context.WithoutCancel(ctx), host))
		}
	}
	if err := address(box, link, a.Addresses); err != nil {
		return err
	}
	err := m.options.Ports.AddPort(ctx, ovs.Port{Name: host, VLAN: a.VLAN, ExternalIDs: map[string]string{portKey: p.Spec.Name + "/" + a.Interface}})
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "the switch has no bridge for VLANs", Hint: fmt.Sprintf("configure; set vlans %d; commit", a.VLAN), Err: err}
	}
	return err
}

// address gives an interface its addresses and sets it up.
func address(box *netns.Sandbox, link netlink.Link, texts []string) error {
	for _, text := range texts {
		ip, prefix, err := net.ParseCIDR(text)
		if err != nil {
			return err
		}
		prefix.IP = ip
		if err := box.Netlink().AddrReplace(link, &netlink.Addr{IPNet: prefix}); err != nil {
			return fmt.Errorf("address %s: %w", text, err)
		}
	}
	return box.Netlink().LinkSetUp(link)
}

// nameEndpoint gives an endpoint that Docker has made its name.
func (m *Manager) nameEndpoint(ctx context.Context, box *netns.Sandbox, a linkspan.Attachment, id string) error {
	r, err := m.engine.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	if err != nil {
		return docker(err)
	}
	settings := r.Container.NetworkSettings
	if settings == nil || settings.Networks[a.Network] == nil {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "the sandbox is not in network " + a.Network}
	}
	links, err := netns.Dump(ctx, box.Netlink().LinkList)
	if err != nil {
		return err
	}
	mac := settings.Networks[a.Network].MacAddress.String()
	at := slices.IndexFunc(links, func(l netlink.Link) bool { return l.Attrs().HardwareAddr.String() == mac })
	if at < 0 {
		return &linkspan.Error{Code: linkspan.NotFound, Message: "Docker has made no interface with address " + mac}
	}
	if links[at].Attrs().Name == a.Interface {
		return nil
	}
	for _, l := range links {
		if l.Attrs().Name == a.Interface { // of another network, which is named after it
			if err := box.Netlink().LinkSetDown(l); err != nil {
				return err
			}
			if err := box.Netlink().LinkSetName(l, fmt.Sprintf("was%d", l.Attrs().Index)); err != nil {
				return err
			}
			if err := box.Netlink().LinkSetUp(l); err != nil {
				return err
			}
		}
	}
	return rename(box, links[at], a.Interface)
}

// rename names a link, which keeps its addresses. Its routes go while it is down, and come back.
func rename(box *netns.Sandbox, link netlink.Link, name string) error {
	h := box.Netlink()
	routes, err := h.RouteList(link, netlink.FAMILY_ALL)
	if err != nil {
		return err
	}
	err = errors.Join(h.LinkSetDown(link), h.LinkSetName(link, name), h.LinkSetUp(link))
	if err != nil {
		return fmt.Errorf("name it: %w", err)
	}
	for i := range routes {
		if r := &routes[i]; r.Gw != nil {
			_ = h.RouteReplace(r) // one that the kernel makes itself is there
		}
	}
	return nil
}

// unplug takes the ports of a sandbox away; those that are not there are fine.
func (m *Manager) unplug(ctx context.Context, p placed) error {
	var errs []error
	for _, a := range p.Spec.Attach {
		if a.Network != "" {
			continue
		}
		host, _ := portNames(p.Spec.Name, a.Interface, p.Sandbox)
		if m.options.Ports != nil {
			errs = append(errs, m.options.Ports.DropPort(ctx, host))
		}
		errs = append(errs, netns.DeleteVeth(ctx, host))
	}
	return errors.Join(errs...)
}

// Access returns the VLANs of the ports of br-switch that are composites', by the names of their
// devices: those that run or may run again.
func (m *Manager) Access() map[string]uint16 {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string]uint16{}
	for _, set := range []map[string]placed{m.record.wanted(), m.record.kept()} {
		for _, p := range set {
			for _, a := range p.Spec.Attach {
				if a.VLAN != 0 {
					host, _ := portNames(p.Spec.Name, a.Interface, p.Sandbox)
					all[host] = a.VLAN
				}
			}
		}
	}
	return all
}

// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
)

// maxOFPort is the largest number that may be asked for (ovs-vswitchd.conf.db(5),
// ofport_request).
const maxOFPort = 65279

// Port is a link of the host that is, or shall be, a port of the bridge.
type Port struct {
	Name        string            // of the link, at most 15 bytes
	OFPort      uint32            // its OpenFlow number, 1 to 65279; 0 lets Open vSwitch choose
	ExternalIDs map[string]string // of the Interface row; replaced as a whole
	// Peer is the port of another bridge that this one is joined to as a patch; empty: the
	// port is a link of the host. Learning switches flood nothing to a patch, and
	// spanning trees leave it out: who wants its frames outputs them there.
	Peer string
	// VLAN has the frames of the port be in one VLAN, without tags, in bridges that learn; 0: they are in
	// those that their tags say. It is told when the port is made, and not changed.
	VLAN uint16
}

// ServicePrefix begins the names of links that are ports of composite services: whoever configures
// the ports of a bridge leaves them alone.
const ServicePrefix = "lss-"

// PortStatus is a port as Open vSwitch has it.
type PortStatus struct {
	Name        string
	OFPort      uint32 // in use; 0 while it has none
	Requested   uint32 // asked for; 0 when nothing was
	ExternalIDs map[string]string
	MAC         linkspan.MAC // zero while it has no number
	Peer        string       // of a patch
	Up          bool         // the link has carrier
	Error       string       // why it has no number; "" when it works
}

// Validate says whether p can be added.
func (p Port) Validate() error {
	const maxVLAN = 4094
	if p.VLAN > maxVLAN {
		return &linkspan.Error{Code: linkspan.Invalid, Op: "add port " + p.Name, Message: fmt.Sprintf("there is no VLAN %d", p.VLAN)}
	}
	if p.Name == "" || len(p.Name) > 15 || p.OFPort > maxOFPort {
		return &linkspan.Error{Code: linkspan.Invalid, Op: "add port " + p.Name, Message: fmt.Sprintf(
			"a name has 1 to 15 bytes and a port number is at most %d (asked for %d)", maxOFPort, p.OFPort)}
	}
	return nil
}

// AddPort adds p to the bridge, or brings the port of that name to p, and
// returns when it has the number asked for. Calls that run concurrently share
// transactions. Errors: Invalid, NotFound (no such link, or no bridge),
// Conflict (another bridge has it, or another port the number), Unavailable
// (then the port may still come: DelPort undoes it). After NotFound and
// Conflict a port that was new is removed again.
func (s *Switch) AddPort(ctx context.Context, p Port) error {
	return s.AddPorts(ctx, []Port{p})
}

// AddPorts is AddPort for all of ports in one transaction. The error joins
// those of the single ports; the others are there.
func (s *Switch) AddPorts(ctx context.Context, ports []Port) error {
	for _, p := range ports {
		if err := p.Validate(); err != nil {
			return err
		}
	}
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	out, err := s.submit(ctx, &change{add: ports})
	if err != nil {
		return err
	}
	if out.cfg == 0 {
		return out.err
	}
	return errors.Join(out.err, s.confirm(ctx, ports, out))
}

// DelPort removes the port of that name; one that is not there is fine. It
// returns when ovs-vswitchd has let go of the link. Errors: Unavailable.
func (s *Switch) DelPort(ctx context.Context, name string) error {
	return s.DelPorts(ctx, []string{name})
}

// DelPorts is DelPort for all of names in one transaction.
func (s *Switch) DelPorts(ctx context.Context, names []string) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	cfg, err := s.drop(ctx, names)
	if err != nil || cfg == 0 {
		return err
	}
	return s.realised(ctx, cfg, nil)
}

// DropPort is DelPort that returns as soon as the database has it: the port is
// then gone for good, also if everybody dies, and its number can be asked for
// again. ovs-vswitchd lets go of the link some 10 ms later, or when it is back.
func (s *Switch) DropPort(ctx context.Context, name string) error {
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	_, err := s.drop(ctx, []string{name})
	return err
}

// drop removes ports from the database and returns the configuration without
// them, 0 when there is no bridge.
func (s *Switch) drop(ctx context.Context, names []string) (cfg int, err error) {
	out, err := s.submit(ctx, &change{del: names})
	if err == nil {
		err = out.err
	}
	if linkspan.CodeOf(err) == linkspan.NotFound {
		return 0, nil // no bridge, no port
	}
	return out.cfg, err
}

// Ports lists the ports of the bridge without its own local port, by name.
func (s *Switch) Ports(ctx context.Context) ([]PortStatus, error) {
	var ports []PortStatus
	err := s.with(ctx, func(ctx context.Context, live *session) error {
		reg, err := live.registry(ctx, s.cfg.Bridge)
		if err != nil {
			return err
		}
		ports = make([]PortStatus, 0, len(reg.ports))
		for name := range reg.ports {
			if name != s.cfg.Bridge {
				ports = append(ports, statusOf(reg.ifaces[name], name))
			}
		}
		return nil
	})
	slices.SortFunc(ports, func(a, b PortStatus) int { return strings.Compare(a.Name, b.Name) })
	return ports, err
}

// OFPorts returns the OpenFlow numbers in use or asked for, with the port that
// has each.
func (s *Switch) OFPorts(ctx context.Context) (map[uint32]string, error) {
	ports, err := s.Ports(ctx)
	if err != nil {
		return nil, err
	}
	used := make(map[uint32]string, len(ports))
	for _, p := range ports {
		for _, n := range []uint32{p.Requested, p.OFPort} {
			if n != 0 {
				used[n] = p.Name
			}
		}
	}
	return used, nil
}

func statusOf(row *ifaceRow, name string) PortStatus {
	st := PortStatus{Name: name}
	if row == nil {
		return st
	}
	st.ExternalIDs = row.ExternalIDs
	st.OFPort, st.Requested = number(row.OFPort), number(row.OFPortRequest)
	st.Peer = row.Options[peerOption]
	if row.MACInUse != nil {
		_ = st.MAC.UnmarshalText([]byte(*row.MACInUse)) // stays zero for what is none
	}
	st.Up = row.LinkState != nil && *row.LinkState == "up"
	if row.Error != nil {
		st.Error = *row.Error
	}
	return st
}

// number reads an optional column; Open vSwitch writes -1 for "failed".
func number(n *int) uint32 {
	if n == nil || *n < 0 {
		return 0
	}
	return uint32(*n)
}

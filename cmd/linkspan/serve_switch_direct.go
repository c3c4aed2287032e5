// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/fabric"
	"github.com/linkspan/linkspan/ovs"
	"github.com/linkspan/linkspan/ovs/direct"
	"github.com/linkspan/linkspan/trust"
)

// directPort is the port of the direct transport, or why there is none: a host
// without it uses the tunnel and is no worse a switch.
type directPort struct {
	port *direct.Direct
	why  error // nil when there is a port, or none is wanted
}

// directLinks are the links that the host's stack must not take packets from.
func (s *switchRole) directLinks() []string {
	links := []string{direct.DefaultDevice}
	if s.directNIC != "" {
		links = append(links, s.directNIC)
	}
	return links
}

// checkDirect refuses settings that cannot be meant.
func (s *switchRole) checkDirect() error {
	if s.direct != "auto" && s.direct != "off" {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "--direct " + s.direct + " does not exist", Hint: "choose auto or off"}
	}
	if s.direct == "off" && s.directNIC != "" {
		return &linkspan.Error{Code: linkspan.Invalid, Message: "--direct-nic is given, and --direct is off"}
	}
	return nil
}

// prepareDirect makes the port of the direct transport, or removes it.
func (h *host) prepareDirect(ctx context.Context, me trust.Identity) error {
	s := h.role
	if s.direct == "auto" {
		h.direct.port, h.direct.why = direct.Ensure(ctx, direct.Config{
			Number: me.Number, Local: h.place.address, NIC: s.directNIC, Fabric: h.fabricTag(),
			Large: h.fast.Large, Log: s.log,
		})
	}
	if err := h.direct.why; err != nil {
		if s.directNIC != "" { // it was asked for by name
			return err
		}
		s.log.Info("no direct transport on this host; the tunnel is used", "reason", err)
	}
	if err := h.clearDirect(ctx); err != nil || h.direct.port == nil {
		return err
	}
	return h.ovs.AddPort(ctx, ovs.Port{Name: h.direct.port.Device(), OFPort: linkspan.DirectPort})
}

// clearDirect removes what an earlier start with other settings left.
func (h *host) clearDirect(ctx context.Context) error {
	keep := ""
	if h.direct.port != nil {
		keep = h.direct.port.Device()
	}
	ports, err := h.ovs.Ports(ctx)
	if err != nil {
		return err
	}
	for _, p := range ports {
		if p.Name != keep && (p.OFPort == linkspan.DirectPort || p.Requested == linkspan.DirectPort) {
			if err := h.ovs.DelPort(ctx, p.Name); err != nil {
				return err
			}
		}
	}
	if keep == direct.DefaultDevice {
		return nil
	}
	return direct.Remove(direct.DefaultDevice)
}

// fabricTag tells this fabric's probes from another's in the same layer 2.
func (h *host) fabricTag() uint64 {
	fingerprint := trust.FingerprintOf(h.own.Keeper.KeyPair().CA())
	return binary.BigEndian.Uint64(fingerprint[:])
}

func (d *directPort) paths() fabric.Paths {
	if d.port == nil {
		return nil
	}
	return d.port
}

func (d *directPort) mtu() int {
	if d.port == nil {
		return 0
	}
	return d.port.MTU()
}

func (d *directPort) run(ctx context.Context) error {
	if d.port == nil {
		return nil
	}
	return d.port.Run(ctx)
}

// found says for the doctor what there is.
func (d *directPort) found() string {
	proved, lost := d.port.Paths()
	return fmt.Sprintf("%s, mtu %d, %d paths proved, %d without an answer", d.port.Device(), d.port.MTU(), len(proved), len(lost))
}

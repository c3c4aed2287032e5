// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan/ovs/netns"
)

// Capabilities is what this host's Open vSwitch and kernel can do. What is chosen
// of its ways through the datapath is said by package fastpath.
type Capabilities struct {
	Version       string   // of the running ovs-vswitchd
	DatapathTypes []string // that it was built with
	Kernel        bool     // the kernel has Open vSwitch
	Datapath      string   // chosen for the bridge: "system" or "netdev"
	Conntrack     bool     // the bridge's datapath tracks connections with zones and NAT, and says who opened them
	Flush         bool     // connections can be forgotten through OpenFlow
	NDExtension   bool     // neighbour advertisements can be made by flows alone
	MaxMeters     uint32   // 0: no meters, so nothing that is punted can be limited
	Controllers   int      // Controller rows of the bridge, which should have none
	Links         netns.Kinds
}

// Notes says in words what the host lacks, most important first.
func (c *Capabilities) Notes() []string {
	var notes []string
	lacks := []struct {
		missing bool
		note    string
	}{
		{!c.Conntrack, "no connection tracking in the datapath: stateful policies cannot work"},
		{!c.Flush, "connections cannot be forgotten through OpenFlow (Open vSwitch 3.1 can): what a policy revokes is cut, and stays known until it times out"},
		{c.MaxMeters == 0, "no meters: packets to the controller cannot be limited per port"},
		{!c.Links.VXLAN, "the kernel has no vxlan: other chassis cannot be reached by tunnel"},
		{!c.Links.Geneve, "the kernel has no geneve"},
		{!c.Links.WireGuard, "the kernel has no wireguard: sites need it in user space"},
		{!c.Links.Macvlan, "the kernel has no macvlan: direct transport needs a network card of its own"},
		{!c.NDExtension, "flows cannot make IPv6 neighbour advertisements: containers may not find each other by IPv6"},
		{c.Controllers > 0, "somebody configured controllers on our bridge: they see and change its flows"},
	}
	for _, l := range lacks {
		if l.missing {
			notes = append(notes, l.note)
		}
	}
	return notes
}

// Capabilities asks the database, the running ovs-vswitchd and the kernel. The
// bridge must exist. Errors: NotFound, Unavailable.
func (s *Switch) Capabilities(ctx context.Context) (*Capabilities, error) {
	ctx, cancel := limit(ctx, callTimeout)
	defer cancel()
	c := &Capabilities{Kernel: kernelDatapath()}
	c.Datapath = datapathType(c.Kernel)
	for _, ask := range []func(context.Context, *Capabilities) error{
		s.askDatabase, s.askDaemon, s.askMeters, s.askFlush, askKernel,
	} {
		if err := ask(ctx, c); err != nil {
			return nil, fmt.Errorf("capabilities: %w", err)
		}
	}
	return c, nil
}

func (s *Switch) askDatabase(ctx context.Context, c *Capabilities) error {
	return s.with(ctx, func(ctx context.Context, live *session) error {
		root, err := live.root(ctx)
		if err != nil {
			return err
		}
		reg, err := live.registry(ctx, s.cfg.Bridge)
		if err != nil {
			return err
		}
		c.DatapathTypes = root.DatapathTypes
		c.Controllers = len(reg.bridge.Controller)
		return nil
	})
}

func (s *Switch) askDaemon(ctx context.Context, c *Capabilities) error {
	version, err := s.control(ctx, "version")
	if err != nil {
		return err
	}
	// "ovs-vswitchd (Open vSwitch) 3.1.0", and perhaps a build on later lines
	line, _, _ := strings.Cut(version, "\n")
	c.Version = line[strings.LastIndexByte(line, ' ')+1:]
	features, err := s.control(ctx, "dpif/show-dp-features", s.cfg.Bridge)
	if err != nil {
		return err
	}
	has := parseFeatures(features)
	c.Conntrack = has["CT state"] && has["CT zone"] && has["CT state NAT"] && has["CT orig tuple"]
	c.NDExtension = has["IPv6 ND Extension"]
	return nil
}

// parseFeatures reads lines of "name: Yes", "name: No" and "name: number".
func parseFeatures(text string) map[string]bool {
	has := make(map[string]bool)
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		n, err := strconv.Atoi(value)
		has[name] = ok && (value == "Yes" || err == nil && n > 0)
	}
	return has
}

func (s *Switch) askMeters(ctx context.Context, c *Capabilities) error {
	conn, err := s.Channel(ctx)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	c.MaxMeters, err = maxMeters(conn)
	return errors.Join(err, conn.Close())
}

func (s *Switch) askFlush(ctx context.Context, c *Capabilities) error {
	conn, err := s.Channel(ctx)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	c.Flush, err = canFlush(conn)
	return errors.Join(err, conn.Close())
}

func askKernel(_ context.Context, c *Capabilities) (err error) {
	c.Links, err = netns.ProbeKinds()
	return err
}

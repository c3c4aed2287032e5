// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"fmt"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/kernel"
	"github.com/linkspan/linkspan/cnm/driver/option"
)

// The options of a network (docker network create -o), beside option.MTU and
// option.Interface.
const (
	OptionName         = "com.docker.network.bridge.name"
	OptionICC          = "com.docker.network.bridge.enable_icc"
	OptionMasquerade   = "com.docker.network.bridge.enable_ip_masquerade"
	OptionHostBinding  = "com.docker.network.bridge.host_binding_ipv4"
	OptionGatewayMode4 = "com.docker.network.bridge.gateway_mode_ipv4"
	OptionGatewayMode6 = "com.docker.network.bridge.gateway_mode_ipv6"
	OptionInhibit4     = "com.docker.network.bridge.inhibit_ipv4"
	OptionHost4        = "com.docker.network.host_ipv4"
	OptionHost6        = "com.docker.network.host_ipv6"
)

// The gateway modes of one address family.
const (
	modeNAT         = "nat"             // out by translation, in to published ports
	modeUnprotected = "nat-unprotected" // in to all ports
	modeRouted      = "routed"          // no translation; in to published ports of the container's own address
	modeIsolated    = "isolated"        // the bridge has no address; internal networks only
)

// bridgePrefix begins the names of bridges that have none given.
const bridgePrefix = "lbr-"

// config is the options of a network.
type config struct {
	link        string
	icc         bool
	masquerade  bool
	hostBinding netip.Addr
	mode        [2]string     // by family: IPv4, IPv6
	host        [2]netip.Addr // source of what leaves; zero: the link's
	noAddress4  bool
	mtu         int // bytes; 0: the kernel's
	prefix      string
	limits      linkspan.Limits // of endpoints that have none of their own
}

func read(n cnm.Network) (config, error) {
	r := option.Read("network", n.Options)
	modes := []string{modeNAT, modeUnprotected, modeRouted, modeIsolated}
	c := config{
		link:        r.Link(OptionName, 15),
		icc:         r.Bool(OptionICC, true),
		masquerade:  r.Bool(OptionMasquerade, true),
		hostBinding: r.Addr(OptionHostBinding),
		mode:        [2]string{r.Text(OptionGatewayMode4, modeNAT, modes...), r.Text(OptionGatewayMode6, modeNAT, modes...)},
		host:        [2]netip.Addr{r.Addr(OptionHost4), r.Addr(OptionHost6)},
		noAddress4:  r.Bool(OptionInhibit4, false),
		mtu:         r.Int(option.MTU, 0, linkspan.MinMTU, linkspan.MaxMTU),
		prefix:      r.Prefix(option.Interface, "eth"),
		limits:      r.Limits(linkspan.Limits{}),
	}
	if c.link == "" {
		c.link = kernel.Name(bridgePrefix, n.ID)
	}
	for i, mode := range c.mode {
		if mode == modeIsolated && !n.Internal {
			r.Refuse("option %s: isolated is for internal networks only", []string{OptionGatewayMode4, OptionGatewayMode6}[i])
		}
	}
	if c.hostBinding.IsValid() && !c.hostBinding.Is4() || c.host[0].IsValid() && !c.host[0].Is4() || c.host[1].IsValid() && !c.host[1].Is6() {
		r.Refuse("an address among the options is of the other family")
	}
	return c, r.Done()
}

// family is what a network has of one address family.
type family struct {
	index   int // in the pairs of config
	subnet  netip.Prefix
	gateway netip.Addr
}

// families returns those that the network has addresses of.
func (n network) families() []family {
	var has []family
	for i, f := range []family{{0, n.Subnet, n.Gateway}, {1, n.Subnet6, n.Gateway6}} {
		if f.subnet.IsValid() && f.subnet.Bits() > 0 {
			f.index = i
			has = append(has, f)
		}
	}
	return has
}

// hasAddress says whether the bridge bears the gateway's address.
func (n network) hasAddress(f family) bool {
	return f.gateway.IsValid() && n.mode[f.index] != modeIsolated && (f.index == 1 || !n.noAddress4)
}

// conflict refuses what another network has already.
func (d *Driver) conflict(n network) error {
	for _, other := range d.networks {
		if other.ID == n.ID {
			continue
		}
		if other.link == n.link {
			return d.conflictWith(n, other, "networks have same bridge name")
		}
		for _, a := range n.families() {
			for _, b := range other.families() {
				if a.index == b.index && a.subnet.Overlaps(b.subnet) {
					return d.conflictWith(n, other, fmt.Sprintf("networks have overlapping IPv%d", 4+2*a.index))
				}
			}
		}
	}
	return nil
}

func (*Driver) conflictWith(n, other network, why string) error {
	return &linkspan.Error{
		Code:    linkspan.Conflict,
		Message: fmt.Sprintf("cannot create network %.12s (%s): conflicts with network %.12s (%s): %s", n.ID, n.link, other.ID, other.link, why),
		Hint:    "give another subnet, or another bridge name",
	}
}

// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
)

// wishOf returns the network of the fabric that a network made in dockerd asks
// for. Idle and MTU stay 0 where nothing was asked.
func wishOf(d Network, n cnm.Network) (linkspan.Network, error) {
	wish := linkspan.Network{
		Name: d.Name, Labels: fabricLabels(d.Labels, n.Options), Subnet: n.Subnet, Gateway: n.Gateway, Range: n.Range,
		Subnet6: n.Subnet6, Gateway6: n.Gateway6, Range6: n.Range6,
		Internal: n.Internal, Aux: n.AuxAddresses,
	}
	if driver, ours := ofFabric(d.Driver); ours && driver != linkspan.Hotplug {
		wish.Driver = driver
	}
	if d.Swarm {
		wish.Labels[labelSwarm] = d.ID
	}
	if wish.Range == wish.Subnet {
		wish.Range = netip.Prefix{}
	}
	if wish.Range6 == wish.Subnet6 {
		wish.Range6 = netip.Prefix{}
	}
	wish.Transport = linkspan.Transport(n.Options[linkspan.OptionTransport])
	if wish.Transport == linkspan.Auto {
		wish.Transport = ""
	}
	var err error
	if text, given := n.Options[optionIdle]; given {
		if wish.Idle, err = time.ParseDuration(text); err != nil {
			return wish, fmt.Errorf("option %s: %q is not a time like 30s", optionIdle, text)
		}
	}
	if text, given := n.Options[optionMTU]; given {
		if wish.MTU, err = strconv.Atoi(text); err != nil {
			return wish, fmt.Errorf("option %s: %q is not a number of bytes", optionMTU, text)
		}
	}
	if wish.Limits, err = wish.Limits.With(n.Options); err != nil {
		return wish, err
	}
	whole := wish
	whole.ApplyDefaults()
	return wish, whole.Validate()
}

// mismatch says in which field a network of the fabric is not what was asked
// for under its name; "" when it is.
func mismatch(wish, got *linkspan.Network) string {
	switch {
	case SwarmID(*wish) != SwarmID(*got):
		return fmt.Sprintf("in the fabric it is %s, here %s", ofSwarm(got), ofSwarm(wish))
	case !got.Driver.Is(wish.Driver.Name()):
		return fmt.Sprintf("it is of driver %s in the fabric, not %s", inDocker(got.Driver), inDocker(wish.Driver))
	case wish.Subnet != got.Subnet:
		return fmt.Sprintf("its subnet is %s in the fabric, not %s", got.Subnet, wish.Subnet)
	case wish.Gateway.IsValid() && wish.Gateway != got.Gateway:
		return fmt.Sprintf("its gateway is %s in the fabric, not %s", got.Gateway, wish.Gateway)
	case wish.Range.IsValid() && wish.Range != got.Range:
		return fmt.Sprintf("its range is %s in the fabric, not %s", rangeText(got.Range), wish.Range)
	case wish.Subnet6 != got.Subnet6:
		return fmt.Sprintf("its IPv6 subnet is %s in the fabric, not %s", subnetText(got.Subnet6), subnetText(wish.Subnet6))
	case wish.Gateway6.IsValid() && wish.Gateway6 != got.Gateway6:
		return fmt.Sprintf("its IPv6 gateway is %s in the fabric, not %s", got.Gateway6, wish.Gateway6)
	case wish.Range6.IsValid() && wish.Range6 != got.Range6:
		return fmt.Sprintf("its IPv6 range is %s in the fabric, not %s", rangeText(got.Range6), wish.Range6)
	case len(wish.Aux) > 0 && !maps.Equal(wish.Aux, got.Aux):
		return "its auxiliary addresses are others in the fabric"
	case wish.Internal != got.Internal:
		return fmt.Sprintf("in the fabric it is %s, here it was to be %s", inward(got.Internal), inward(wish.Internal))
	case wish.Idle != 0 && wish.Idle != got.Idle:
		return fmt.Sprintf("its idle time is %s in the fabric, not %s", got.Idle, wish.Idle)
	case wish.Transport != "" && wish.Transport != got.Transport:
		return fmt.Sprintf("its transport is %s in the fabric, not %s", cmp.Or(got.Transport, linkspan.Auto), wish.Transport)
	case wish.MTU != 0 && wish.MTU != got.MTU:
		return fmt.Sprintf("its mtu is %d in the fabric, not %d", got.MTU, wish.MTU)
	case wish.Limits.Egress != 0 && wish.Limits.Egress != got.Limits.Egress, wish.Limits.Ingress != 0 && wish.Limits.Ingress != got.Limits.Ingress:
		return fmt.Sprintf("its endpoints' limits are %s in the fabric, not %s", got.Limits, wish.Limits)
	default:
		return ""
	}
}

func subnetText(p netip.Prefix) string {
	if !p.IsValid() {
		return "none"
	}
	return p.String()
}

func rangeText(p netip.Prefix) string {
	if !p.IsValid() {
		return "the whole subnet"
	}
	return p.String()
}

func ofSwarm(n *linkspan.Network) string {
	if id := SwarmID(*n); id != "" {
		return "network " + id + " of a swarm"
	}
	return "no swarm's"
}

func inward(internal bool) string {
	if internal {
		return "internal"
	}
	return "not internal"
}

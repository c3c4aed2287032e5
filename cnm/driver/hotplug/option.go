// SPDX-License-Identifier: Apache-2.0

package hotplug

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/wire/plugin"
)

// The options of a network (docker network create -o).
const (
	OptionIdle      = "linkspan.idle"                             // duration: routes idle for so long go
	OptionMTU       = "com.docker.network.driver.mtu"             // bytes, in the container
	OptionInterface = "com.docker.network.container_iface_prefix" // of the name in the container
	OptionTransport = linkspan.OptionTransport                    // auto, direct or tunnel
	OptionEgress    = linkspan.OptionEgress                       // rate: what each container sends
	OptionIngress   = linkspan.OptionIngress                      // rate: what each receives
)

// defaultPrefix is what Docker's own drivers call an interface.
const defaultPrefix = "eth"

// Check refuses options of a network that are unknown or wrong, by name, with code
// Invalid: none is silently ignored.
func (d *Driver) Check(n cnm.Network) error {
	for _, key := range slices.Sorted(maps.Keys(n.Options)) {
		if err := d.checkOption(n, key, n.Options[key]); err != nil {
			return err
		}
	}
	return d.carries6(n)
}

// carries6 refuses a network with IPv6 whose packets would be smaller than what IPv6
// needs (RFC 8200, 5).
func (d *Driver) carries6(n cnm.Network) error {
	mtu := d.mtu(n)
	if !n.Subnet6.IsValid() || mtu == 0 || mtu >= linkspan.MinMTU6 {
		return nil
	}
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: fmt.Sprintf("packets of %d bytes are smaller than IPv6 needs, which is %d", mtu, linkspan.MinMTU6),
		Hint: "leave out --ipv6, give a greater " + OptionMTU + ", or see what this host's underlay carries: linkspan doctor",
	}
}

func (d *Driver) checkOption(n cnm.Network, key, value string) error {
	switch key {
	case OptionIdle:
		return checkIdle(value)
	case OptionMTU:
		return checkMTU(value, d.largest(n))
	case OptionTransport:
		return linkspan.Transport(value).ValidateWish()
	case OptionInterface:
		return checkPrefix(key, value)
	case OptionEgress, OptionIngress:
		_, err := linkspan.Limits{}.With(map[string]string{key: value})
		return err
	}
	return &linkspan.Error{
		Code: linkspan.Invalid, Message: "unknown option " + key,
		Hint: "the options are " + strings.Join([]string{OptionIdle, OptionMTU, OptionInterface, OptionTransport, OptionEgress, OptionIngress}, ", "),
	}
}

func checkIdle(value string) error {
	idle, err := time.ParseDuration(value)
	if err != nil || idle < linkspan.MinIdle || idle > linkspan.MaxIdle || idle%time.Second != 0 {
		return invalid("option %s: %q is not a whole number of seconds from %s to %s, as in 30s",
			OptionIdle, value, linkspan.MinIdle, linkspan.MaxIdle)
	}
	return nil
}

// checkMTU refuses what is no MTU, or above largest, 0 being no limit.
func checkMTU(value string, largest int) error {
	mtu, err := strconv.Atoi(value)
	if err != nil || mtu < linkspan.MinMTU || mtu > linkspan.MaxMTU {
		return invalid("option %s: %q is not a number from %d to %d", OptionMTU, value, linkspan.MinMTU, linkspan.MaxMTU)
	}
	if largest != 0 && mtu > largest {
		return invalid("option %s: %d is more than the %d that fit between hosts", OptionMTU, mtu, largest)
	}
	return nil
}

// checkPrefix leaves room for a number of three digits in a name of 15 bytes.
func checkPrefix(key, value string) error {
	valid := len(value) > 0 && len(value) <= 12
	for _, r := range value {
		valid = valid && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '-' || r == '_')
	}
	if !valid {
		return invalid("option %s: %q is not 1 to 12 letters, '-' or '_'", key, value)
	}
	return nil
}

// prefix returns the name of the endpoint's interface in the container,
// without its number: as its --driver-opt has it, or the network, or Docker.
// Docker numbers interfaces itself, so that a name can only end in 0.
func prefix(n cnm.Network, e cnm.Endpoint) (string, error) {
	if name, ok := e.Options[plugin.OptionIfname]; ok {
		wish, found := strings.CutSuffix(name, "0")
		if !found || checkPrefix(plugin.OptionIfname, wish) != nil {
			return "", invalid("option %s: %q is not letters and a 0, as in foo0; docker numbers interfaces itself", plugin.OptionIfname, name)
		}
		return wish, nil
	}
	if value, ok := n.Options[OptionInterface]; ok {
		return value, nil
	}
	return defaultPrefix, nil
}

// checkEndpoint refuses options that are unknown, and a wrong name.
func checkEndpoint(n cnm.Network, e cnm.Endpoint) error {
	known := []string{OptionEgress, OptionIngress, plugin.OptionIfname}
	for _, key := range slices.Sorted(maps.Keys(e.Options)) {
		if !slices.Contains(known, key) {
			return &linkspan.Error{
				Code: linkspan.Invalid, Message: "unknown driver option " + key, Hint: "the driver options are " + strings.Join(known, ", "),
			}
		}
	}
	_, err := prefix(n, e)
	return err
}

// mtu returns the MTU of the container: what the network asks for, as far as
// the transport carries it; 0: the kernel's default.
func (d *Driver) mtu(n cnm.Network) int {
	mtu, largest := n.MTU, d.largest(n)
	if value, err := strconv.Atoi(n.Options[OptionMTU]); err == nil {
		mtu = value
	}
	if mtu == 0 || largest != 0 && mtu > largest {
		return largest
	}
	return mtu
}

// largest returns the largest MTU that every transport carries that the network
// may come to use: a container's cannot change later. Only one that must be
// direct never meets the tunnel.
func (d *Driver) largest(n cnm.Network) int {
	asked := cmp.Or(n.Transport, linkspan.Transport(n.Options[OptionTransport])) // before it is bound only the option is known
	if d.options.DirectMTU != 0 && asked == linkspan.Direct {
		return d.options.DirectMTU
	}
	return d.options.MTU
}

func invalid(format string, args ...any) *linkspan.Error {
	return &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
}

// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"iter"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// MaxPort is the highest OpenFlow port number an endpoint may have; ports are
// numbered by the chassis itself.
const MaxPort = 65000

// Endpoint is a container's attachment to a network: an address on one chassis, in
// a network that has IPv6 a second one. The first is its name: one of IPv4 for all
// that are attached. A second address is a reservation of its own as well, which
// has no more than the address and the chassis.
// One of a hotplug network has a Port there; one of another driver's network says
// which, and has none. Without Port and Driver it is a reservation: its address
// is taken, nothing is attached yet.
type Endpoint struct {
	Network   NetworkID         `json:"network"`
	Address   netip.Addr        `json:"address"`
	Address6  netip.Addr        `json:"address6,omitzero"` // IPv6, beside Address; zero: it has none
	Chassis   ChassisID         `json:"chassis"`
	ID        string            `json:"id,omitempty"` // the endpoint id that Docker gave
	MAC       MAC               `json:"mac,omitzero"`
	Port      uint32            `json:"port,omitzero"`       // OpenFlow port on br-link; 0: it has none
	Driver    Driver            `json:"driver,omitempty"`    // of the network, once it has joined; empty: Hotplug, or it has not
	Limits    Limits            `json:"limits,omitzero"`     // its own and its network's, as they are enforced
	Published []string          `json:"published,omitempty"` // its ports on its host, as docker ps shows them: 0.0.0.0:8080->80/tcp
	Container string            `json:"container,omitempty"`
	Aliases   []string          `json:"aliases,omitempty"` // other names of it in the network, sorted
	Labels    map[string]string `json:"labels,omitempty"`  // of the container, as Docker shows them; learned a moment after the endpoint
	Created   time.Time         `json:"created"`
	// Undescribed: Docker has put a container behind it and has yet to tell which: its
	// labels are not known, and its name most often is not.
	Undescribed bool `json:"undescribed,omitzero"`
}

// Attached says whether the endpoint has a port on br-link, and so sends by
// routes.
func (e *Endpoint) Attached() bool { return e.Port != 0 }

// Overlaid says whether the endpoint sends through an overlay.
func (e *Endpoint) Overlaid() bool { return e.Driver == Overlay && e.MAC != MAC{} }

// Joined says whether the endpoint is in a container, and can send in some way.
func (e *Endpoint) Joined() bool { return e.Attached() || e.Overlaid() }

// MaxAliases is how many aliases an endpoint may have, and MaxAlias the longest
// of them in bytes, the longest that a domain name can be.
const (
	MaxAliases = 64
	MaxAlias   = 253
)

// MaxPublished is how many published ports, or ranges of them, an endpoint's record
// has at most.
const MaxPublished = 64

// Names yields the names under which others in the network find the endpoint,
// each once, in lower case, as names of the Internet are the same in any case.
// One that has not joined has none.
func (e *Endpoint) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !e.Joined() {
			return
		}
		seen := make(map[string]bool, 1+len(e.Aliases))
		for _, name := range slices.Concat([]string{e.Container}, e.Aliases) {
			name = strings.ToLower(name)
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			if !yield(name) {
				return
			}
		}
	}
}

// Validate says whether e can be stored.
func (e *Endpoint) Validate() error {
	switch {
	case e.Network == 0 || e.Network > MaxNetworkID:
		return invalid("endpoint %s has no network", e.Address)
	case !e.Address.IsValid() || e.Address.IsUnspecified() || e.Address.IsMulticast():
		return invalid("endpoint address %s is not a host's", e.Address)
	case e.Address6.IsValid() && (!e.Address.Is4() || !isHost6(e.Address6)):
		return invalid("endpoint %s has %s for its second address, which is not one of IPv6 that a host may bear beside an IPv4 address", e.Address, e.Address6)
	case e.Joined() && !e.Address.Is4():
		return invalid("endpoint %s has joined without an IPv4 address", e.Address)
	case e.Chassis == 0:
		return invalid("endpoint %s has no chassis", e.Address)
	case e.Port > MaxPort:
		return invalid("endpoint %s has port %d, above %d", e.Address, e.Port, MaxPort)
	case e.Driver != "" && e.Driver != Overlay:
		return invalid("endpoint %s is of driver %q, whose endpoints say nothing of it", e.Address, e.Driver)
	case e.Driver != "" && e.Attached():
		return invalid("endpoint %s of driver %s has port %d", e.Address, e.Driver, e.Port)
	case (e.Attached() || e.Driver != "") && (e.MAC == MAC{} || e.MAC[0]&1 != 0):
		return invalid("endpoint %s has no unicast MAC address", e.Address)
	case len(e.Aliases) > MaxAliases:
		return invalid("endpoint %s has %d aliases, above %d", e.Address, len(e.Aliases), MaxAliases)
	}
	if len(e.Published) > MaxPublished {
		return invalid("endpoint %s has %d published ports and ranges, above %d", e.Address, len(e.Published), MaxPublished)
	}
	for _, port := range e.Published {
		if err := validateText("a published port", port); err != nil {
			return err
		}
	}
	for _, alias := range e.Aliases {
		if alias == "" || len(alias) > MaxAlias {
			return invalid("endpoint %s has an alias of %d bytes; 1 to %d are allowed", e.Address, len(alias), MaxAlias)
		}
	}
	if err := e.Limits.Validate(); err != nil {
		return err
	}
	if err := validateText("the endpoint's id", e.ID); err != nil {
		return err
	}
	if err := validateText("the container's name", e.Container); err != nil {
		return err
	}
	return ValidateLabels("endpoint "+e.Address.String(), e.Labels)
}

// isHost6 says whether an address may be a host's in IPv6.
func isHost6(a netip.Addr) bool {
	return a.Is6() && !a.Is4In6() && a.Zone() == "" && !a.IsUnspecified() && !a.IsMulticast() && !a.IsLinkLocalUnicast() && !a.IsLoopback()
}

// EndpointName is how a person names an endpoint: [chassis/]container[.network].
// A bare container name may stand for several; who resolves it lists them.
type EndpointName struct {
	Chassis   string // empty: any
	Container string
	Network   string // empty: any
}

// ParseEndpointName splits s at its first '/' and, after that, at the last '.'.
// As container names may hold dots, a caller must also try the whole rest as a
// container name: Whole gives that reading.
func ParseEndpointName(s string) (EndpointName, error) {
	var n EndpointName
	rest := s
	for i := range len(s) {
		if s[i] == '/' {
			n.Chassis, rest = s[:i], s[i+1:]
			break
		}
	}
	n.Container = rest
	for i := len(rest) - 1; i > 0; i-- {
		if rest[i] == '.' {
			n.Container, n.Network = rest[:i], rest[i+1:]
			break
		}
	}
	if n.Container == "" || rest != s && n.Chassis == "" {
		return EndpointName{}, &Error{
			Code:    Invalid,
			Message: "endpoint name " + quote(s) + " is not understood",
			Hint:    "write [chassis/]container[.network], as in web1, h2/web1 or web1.front",
		}
	}
	return n, nil
}

// Whole returns the reading in which the dot belongs to the container's name.
func (n EndpointName) Whole() EndpointName {
	if n.Network == "" {
		return n
	}
	return EndpointName{Chassis: n.Chassis, Container: n.Container + "." + n.Network}
}

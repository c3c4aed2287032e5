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

// Endpoint is a container's attachment to a network: one address, one port on
// one chassis. An endpoint without a Port is a reservation: its address is
// taken, nothing is attached yet.
type Endpoint struct {
	Network   NetworkID         `json:"network"`
	Address   netip.Addr        `json:"address"`
	Chassis   ChassisID         `json:"chassis"`
	ID        string            `json:"id,omitempty"` // the endpoint id that Docker gave
	MAC       MAC               `json:"mac,omitzero"`
	Port      uint32            `json:"port,omitzero"` // OpenFlow port on br-link; 0: not attached
	Container string            `json:"container,omitempty"`
	Aliases   []string          `json:"aliases,omitempty"` // other names of it in the network, sorted
	Labels    map[string]string `json:"labels,omitempty"`
	Created   time.Time         `json:"created"`
}

// Attached says whether the endpoint has a port, and so can send.
func (e *Endpoint) Attached() bool { return e.Port != 0 }

// MaxAliases is how many aliases an endpoint may have, and MaxAlias the longest
// of them in bytes, the longest that a domain name can be.
const (
	MaxAliases = 64
	MaxAlias   = 253
)

// Names yields the names under which others in the network find the endpoint,
// each once, in lower case, as names of the Internet are the same in any case.
// One that is not attached has none.
func (e *Endpoint) Names() iter.Seq[string] {
	return func(yield func(string) bool) {
		if !e.Attached() {
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
	case e.Chassis == 0:
		return invalid("endpoint %s has no chassis", e.Address)
	case e.Port > MaxPort:
		return invalid("endpoint %s has port %d, above %d", e.Address, e.Port, MaxPort)
	case e.Attached() && (e.MAC == MAC{} || e.MAC[0]&1 != 0):
		return invalid("endpoint %s has no unicast MAC address", e.Address)
	case len(e.Aliases) > MaxAliases:
		return invalid("endpoint %s has %d aliases, above %d", e.Address, len(e.Aliases), MaxAliases)
	}
	for _, alias := range e.Aliases {
		if alias == "" || len(alias) > MaxAlias {
			return invalid("endpoint %s has an alias of %d bytes; 1 to %d are allowed", e.Address, len(alias), MaxAlias)
		}
	}
	if err := validateText("the endpoint's id", e.ID); err != nil {
		return err
	}
	if err := validateText("the container's name", e.Container); err != nil {
		return err
	}
	return ValidateLabels("endpoint "+e.Address.String(), e.Labels)
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

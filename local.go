// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of what a host tells of its own networks.
const (
	MaxLocalID      = 128 // bytes of the id of a network or an endpoint
	MaxLocalSubnets = 16  // of one network, of both families together
)

// LocalNetwork is a network of one host, in Docker's words one of scope local: no
// other host has it, whatever its name and its addresses. Its chassis tells of
// it; nothing about it is decided by the fabric.
type LocalNetwork struct {
	Chassis  ChassisID         `json:"chassis"`
	ID       string            `json:"id"`   // Docker's, or the host's own; unique on the chassis
	Name     string            `json:"name"` // may be another's too, also on the chassis
	Driver   string            `json:"driver"`
	Subnets  []LocalSubnet     `json:"subnets,omitempty"` // none: a driver without addresses
	Internal bool              `json:"internal,omitzero"`
	Labels   map[string]string `json:"labels,omitempty"`
	Created  time.Time         `json:"created,omitzero"`
}

// LocalSubnet is one range of addresses of a local network, of either family.
type LocalSubnet struct {
	Subnet  netip.Prefix `json:"subnet"`           // masked
	Gateway netip.Addr   `json:"gateway,omitzero"` // an address of Subnet; zero: none
}

// LocalEndpoint is what is attached to a local network: a container, or on a host
// without Docker a sandbox.
type LocalEndpoint struct {
	Chassis   ChassisID         `json:"chassis"`
	ID        string            `json:"id"`                  // unique on the chassis
	Network   string            `json:"network"`             // LocalNetwork.ID
	Container string            `json:"container,omitempty"` // name of container or sandbox; empty: not known yet
	Address   netip.Addr        `json:"address,omitzero"`    // IPv4
	Address6  netip.Addr        `json:"address6,omitzero"`
	MAC       MAC               `json:"mac,omitzero"`
	Aliases   []string          `json:"aliases,omitempty"` // other names of it in the network, sorted
	Labels    map[string]string `json:"labels,omitempty"`  // of the container
	Created   time.Time         `json:"created,omitzero"`
	// Port is the number by which the integration bridge knows it where routes lead
	// from its network; 0: it has none.
	Port uint32 `json:"port,omitzero"`
	// Undescribed is Endpoint.Undescribed.
	Undescribed bool `json:"undescribed,omitzero"`
}

// Validate says whether n can be stored.
func (n *LocalNetwork) Validate() error {
	what := "network " + quote(clip(n.Name))
	switch {
	case n.Chassis == 0:
		return invalid("%s of one host has no chassis", what)
	case n.Name == "":
		return invalid("a network of one host has no name")
	case len(n.Subnets) > MaxLocalSubnets:
		return invalid("%s has %d subnets, at most %d are kept", what, len(n.Subnets), MaxLocalSubnets)
	}
	for _, s := range n.Subnets {
		if err := s.validate(what); err != nil {
			return err
		}
	}
	return firstOf(
		ValidateLocalID("the id of "+what, n.ID),
		validatePrintable("the name of "+what, n.Name),
		validatePrintable("the driver of "+what, n.Driver),
		validateLocalLabels(what, n.Labels),
	)
}

func (s *LocalSubnet) validate(what string) error {
	switch {
	case !s.Subnet.IsValid() || s.Subnet != s.Subnet.Masked():
		return invalid("%s has subnet %s, which is not one", what, s.Subnet)
	case s.Gateway.IsValid() && !s.Subnet.Contains(s.Gateway):
		return invalid("%s has gateway %s outside of subnet %s", what, s.Gateway, s.Subnet)
	}
	return nil
}

// Validate says whether e can be stored.
func (e *LocalEndpoint) Validate() error {
	what := "endpoint " + quote(clip(e.ID))
	switch {
	case e.Chassis == 0:
		return invalid("%s of one host has no chassis", what)
	case e.Address.IsValid() && !e.Address.Is4():
		return invalid("%s has %s for an IPv4 address", what, e.Address)
	case e.Address6.IsValid() && (!e.Address6.Is6() || e.Address6.Is4In6() || e.Address6.Zone() != ""):
		return invalid("%s has %s for an IPv6 address", what, clip(e.Address6.String()))
	case e.MAC[0]&1 != 0:
		return invalid("%s has MAC address %s, which is not unicast", what, e.MAC)
	case len(e.Aliases) > MaxAliases:
		return invalid("%s has %d aliases, at most %d are kept", what, len(e.Aliases), MaxAliases)
	case e.Port > MaxPort:
		return invalid("%s has port %d, above %d", what, e.Port, MaxPort)
	}
	for _, alias := range e.Aliases {
		if alias == "" || validatePrintable("an alias", alias) != nil {
			return invalid("%s has alias %s, which is not 1 to %d printable bytes", what, quote(clip(alias)), MaxText)
		}
	}
	return firstOf(
		ValidateLocalID("the id of "+what, e.ID),
		ValidateLocalID("the network of "+what, e.Network),
		validatePrintable("the container of "+what, e.Container),
		validateLocalLabels(what, e.Labels),
	)
}

// Digest returns a number that stands for all of the record: those of two
// records that differ are different but for a chance of 2^-64.
func (n *LocalNetwork) Digest() uint64 { return digest(n) }

// Digest is LocalNetwork.Digest for an endpoint.
func (e *LocalEndpoint) Digest() uint64 { return digest(e) }

// digest is the beginning of the SHA-256 of the record's JSON, in which maps are
// sorted. Records are plain structs, which JSON always takes.
func digest(record any) uint64 {
	text, _ := json.Marshal(record)
	sum := sha256.Sum256(text)
	return binary.BigEndian.Uint64(sum[:])
}

// Size returns about how many bytes the record takes up.
func (n *LocalNetwork) Size() int {
	const fixed, subnet = 160, 64
	return fixed + len(n.ID) + len(n.Name) + len(n.Driver) + subnet*len(n.Subnets) + labelBytes(n.Labels)
}

// Size is LocalNetwork.Size for an endpoint.
func (e *LocalEndpoint) Size() int {
	const fixed, alias = 240, 4
	size := fixed + len(e.ID) + len(e.Network) + len(e.Container) + labelBytes(e.Labels)
	for _, a := range e.Aliases {
		size += alias + len(a)
	}
	return size
}

func labelBytes(labels map[string]string) int {
	const label = 8
	size := 0
	for key, value := range labels {
		size += label + len(key) + len(value)
	}
	return size
}

// ValidateLocalID checks the id of a local network or endpoint, which becomes a
// part of keys; what is said to bear it. The error has code Invalid.
func ValidateLocalID(what, id string) error {
	if id == "" || len(id) > MaxLocalID {
		return invalid("%s is %d bytes long; 1 to %d are allowed", what, len(id), MaxLocalID)
	}
	for i, r := range id {
		if !alphanumeric(r) && (i == 0 || r != '_' && r != '.' && r != '-') {
			return invalid("%s has a character that is not allowed", what)
		}
	}
	return nil
}

// validatePrintable checks a text that is shown to people as it is.
func validatePrintable(what, text string) error {
	if err := validateText(what, text); err != nil {
		return err
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return invalid("%s is not printable", what)
	}
	return nil
}

// validateLocalLabels checks labels, whose values may have several lines.
func validateLocalLabels(what string, labels map[string]string) error {
	for key, value := range labels {
		if !utf8.ValidString(key) || !utf8.ValidString(value) {
			return invalid("a label of %s is not UTF-8", what)
		}
	}
	return ValidateLabels(what, labels)
}

// clip shortens a text that somebody else wrote, for messages.
func clip(text string) string {
	const most = 64
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

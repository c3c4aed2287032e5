// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/mirror"
)

// maxSpec bounds what is told of a container, in bytes: it goes in one message.
const maxSpec = 512 << 10

// spec is all of a container that is made anew on another host.
type spec struct {
	ID          string // on the host that it comes from
	Name        string
	Image       imageSpec
	Config      fields
	Host        fields
	Attachments []attachment // the one of its network mode first, if it is there
	Volumes     []volume     // that are not of one host
	// NoEntrypoint: the image has one and the container none. dockerd shows that
	// as nothing, and would take the image's.
	NoEntrypoint bool
}

// imageSpec tells an image on a dockerd that may give it another id.
type imageSpec struct {
	ID, Reference, Architecture string
	Size                        uint64 // bytes
	Layers                      []string
}

// attachment is a container's place in a network.
type attachment struct {
	Network, Driver string
	Primary         bool   // of its network mode
	Address         string // of a network of the fabric
	Address6        string
	MAC             string
	Settings        fields // as docker network connect takes them, but for the addresses
}

// ofFabric says whether the network is on all hosts, so that addresses can be kept.
func (a *attachment) ofFabric() bool { return ofFabric(a.Driver) }

func ofFabric(driver string) bool { return driver == mirror.Driver || driver == mirror.OverlayDriver }

// defaultNetwork is Docker's own, which each host has for itself.
const defaultNetwork = "bridge"

// operational are the fields of an attachment that dockerd fills in.
func operational() []string {
	return []string{
		"NetworkID", "EndpointID", "Gateway", "IPAddress", "IPPrefixLen", "MacAddress", "IPv6Gateway", "GlobalIPv6Address",
		"GlobalIPv6PrefixLen", "DNSNames",
	}
}

// attach tells of one attachment of c.
func attach(c *container, name, driver string, shown fields) attachment {
	a := attachment{Network: name, Driver: driver, Settings: shown.clone()}
	for _, key := range operational() {
		delete(a.Settings, key)
	}
	aliases := slices.DeleteFunc(shown.list("Aliases"), func(alias string) bool {
		return alias == c.short() || alias == c.Config.text("Hostname") // dockerd adds both
	})
	delete(a.Settings, "Aliases")
	if len(aliases) > 0 {
		a.Settings.set("Aliases", aliases)
	}
	if a.ofFabric() {
		a.Address, a.Address6, a.MAC = shown.text("IPAddress"), shown.text("GlobalIPv6Address"), shown.text("MacAddress")
	}
	return a
}

// settings are those of the attachment with its addresses.
func (a *attachment) settings() fields {
	s := a.Settings.clone()
	if !a.ofFabric() {
		return fields{}
	}
	ipam := make(fields)
	s.read("IPAMConfig", &ipam)
	if ipam == nil {
		ipam = make(fields)
	}
	for key, address := range map[string]string{"IPv4Address": a.Address, "IPv6Address": a.Address6} {
		delete(ipam, key)
		if address != "" {
			ipam.set(key, address)
		}
	}
	s.set("IPAMConfig", ipam)
	if a.MAC != "" {
		s.set("MacAddress", a.MAC)
	}
	return s
}

// encode writes a spec for another host.
func (s *spec) encode() ([]byte, error) {
	raw, err := json.Marshal(s)
	if err == nil && len(raw) > maxSpec {
		err = &linkspan.Error{Code: linkspan.Invalid, Message: "the container's configuration is too large to be carried"}
	}
	return raw, err
}

func decode(raw []byte) (s spec, err error) {
	if err := json.Unmarshal(raw, &s); err != nil {
		return s, &linkspan.Error{Code: linkspan.Invalid, Message: "what was told of the container is not understood", Err: err}
	}
	words := []string{s.ID, s.Name}
	for _, a := range s.attached() {
		words = append(words, a.Network)
	}
	for _, v := range s.Volumes {
		words = append(words, v.Name)
	}
	if slices.ContainsFunc(words, improper) || s.ambiguous() || s.Image.ID == "" || strings.Contains(s.Image.ID+s.Image.Reference, "..") {
		return s, &linkspan.Error{Code: linkspan.Invalid, Message: "what was told of the container is not whole, or names what cannot be"}
	}
	return s, nil
}

// improper says whether a name cannot be part of a path of the Docker API: it would
// be another path.
func improper(name string) bool {
	return name == "" || strings.HasPrefix(name, ".") || strings.ContainsAny(name, "/?#%\\ ")
}

// plan is the container's part of what a person is told.
func (s *spec) plan() *apiv1.MovePlan {
	p := &apiv1.MovePlan{Container: s.Name, Image: s.Image.Reference, ImageId: s.Image.ID, ImageSize: s.Image.Size}
	if ports := s.published(); len(ports) > 0 || s.Host.yes("PublishAllPorts") {
		p.Notes = append(p.Notes, "the ports that it publishes are the other host's then")
		if s.Host.yes("PublishAllPorts") || slices.ContainsFunc(ports, func(p cnm.PortMap) bool { return p.HostPort == 0 }) {
			p.Notes = append(p.Notes, "those whose numbers it has not chosen itself get others there")
		}
	}
	for _, a := range s.Attachments {
		p.Addresses = append(p.Addresses, &apiv1.MoveAddress{Network: a.Network, Address: a.Address, Address6: a.Address6, Mac: a.MAC})
		if !a.ofFabric() {
			p.Notes = append(p.Notes, "in network "+a.Network+", which each host has for itself, it gets another address")
		}
	}
	return p
}

// SPDX-License-Identifier: Apache-2.0

package names

import (
	"net/netip"
	"strings"

	"github.com/linkspan/linkspan"
)

// Scope is a network whose names a container may ask for, as it is in it. One of
// this host alone has no number, and says itself who is in it.
type Scope struct {
	Network linkspan.NetworkID // 0: of this host
	Name    string
	Subnet  netip.Prefix
	Subnet6 netip.Prefix        // zero: it has no IPv6
	Here    map[string][]Bearer // who is in a network of this host, by name in lower case
}

// here returns those who bear a name in a network of this host, or have the
// address that it stands for.
func (s Scope) here(name string) []Bearer {
	if noNames(name) {
		return nil
	}
	if address, ok := reverse(name); ok {
		for _, bearers := range s.Here {
			for _, b := range bearers {
				if b.Address == address {
					return []Bearer{b}
				}
			}
		}
		return nil
	}
	if short, ok := strings.CutSuffix(name, "."+strings.ToLower(s.Name)); ok && len(s.Here[name]) == 0 {
		name = short
	}
	return s.Here[name]
}

// noNames says whether nobody can bear a name (RFC 6761, section 6.3).
func noNames(name string) bool {
	return name == "" || name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// maxScopes bounds the networks of one container that are searched.
const maxScopes = 32

// readings returns what a domain name may mean: a container in any of the
// networks or, with a network's name behind the last dot, one in that network.
// Both may be meant, as names of containers and of networks may hold dots.
func readings(scopes []Scope, name string) []Question {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if noNames(name) {
		return nil
	}
	if address, ok := reverse(name); ok {
		return owners(scopes, address)
	}
	var questions []Question
	for _, s := range scopes {
		if s.Network == 0 {
			continue
		}
		questions = append(questions, Question{Network: s.Network, Name: name})
		if short, ok := strings.CutSuffix(name, "."+strings.ToLower(s.Name)); ok && short != "" {
			questions = append(questions, Question{Network: s.Network, Name: short})
		}
	}
	return questions
}

// owners asks for the owner of an address in the networks it lies in.
func owners(scopes []Scope, address netip.Addr) []Question {
	var questions []Question
	for _, s := range scopes {
		if s.Network != 0 && (s.Subnet.Contains(address) || s.Subnet6.Contains(address)) {
			questions = append(questions, Question{Network: s.Network, Address: address})
		}
	}
	return questions
}

// networkName returns the name of a network of the scopes.
func networkName(scopes []Scope, id linkspan.NetworkID) string {
	for _, s := range scopes {
		if s.Network == id {
			return s.Name
		}
	}
	return ""
}

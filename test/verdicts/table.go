// SPDX-License-Identifier: Apache-2.0

package verdicts

import (
	"net/netip"
	"strings"

	"github.com/linkspan/linkspan"
)

// Table is a small world, and scenes that play in it one after the other.
type Table struct {
	Networks   []Network
	Containers []Container
	Scenes     []*Scene
}

// Network is one of the world's. One that is named host/name is a bridge of that host.
type Network struct {
	Name   string
	Subnet netip.Prefix
}

// There returns the name of a network on its host, and which that is; empty: all hosts
// have it.
func There(network string) (host, name string) {
	if host, name, bridge := strings.Cut(network, "/"); bridge {
		return host, name
	}
	return "", network
}

// Container is one with a single endpoint. Its name is the only one in the world.
type Container struct {
	Name, Host, Network string
	Address             netip.Addr
	Labels              map[string]string
}

// Scene is what is said about who may talk, and what becomes of packets then.
type Scene struct {
	Name     string
	Groups   []Group
	Links    []Link
	Policies []linkspan.Policy
	Rows     []Row
}

// Group is networks that may talk.
type Group struct {
	Name     string
	Networks []string
}

// Link is a word about two containers.
type Link struct {
	Verdict linkspan.LinkVerdict
	A, B    string
}

// Row is a packet that opens a conversation, and what becomes of it. One that is
// allowed is answered, and the answer arrives.
type Row struct {
	Number  int // in the table, from 1
	Line    int // in the file
	From    string
	To      string // a container, or an address that is nobody's
	What    linkspan.PolicyPorts
	Verdict linkspan.PolicyAction
	// By is what decides: the name of a policy, or link, network, group; nothing,
	// where nothing allows it; nobody, where no endpoint is found under the address;
	// ambiguous, where it may be that of several.
	By string
}

// Words of Row.By that are no policy's name.
const (
	ByLink      = "link"
	ByNetwork   = "network"
	ByGroup     = "group"
	ByNothing   = "nothing"
	ByNobody    = "nobody"
	ByAmbiguous = "ambiguous"
)

// Policy returns the name of the policy that decides; ok is false where none does.
func (r *Row) Policy() (name string, ok bool) {
	switch r.By {
	case ByLink, ByNetwork, ByGroup, ByNothing, ByNobody, ByAmbiguous:
		return "", false
	}
	return r.By, true
}

// Container returns the container of a name, or nil.
func (t *Table) Container(name string) *Container {
	for i := range t.Containers {
		if t.Containers[i].Name == name {
			return &t.Containers[i]
		}
	}
	return nil
}

// Address returns where a row's packet is sent to.
func (t *Table) Address(to string) (netip.Addr, error) {
	if c := t.Container(to); c != nil {
		return c.Address, nil
	}
	return netip.ParseAddr(to)
}

// Count returns how many rows there are.
func (t *Table) Count() (n int) {
	for _, s := range t.Scenes {
		n += len(s.Rows)
	}
	return n
}

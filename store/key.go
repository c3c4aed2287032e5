// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
)

const (
	networksPrefix   = "networks/"
	endpointsPrefix  = "endpoints/"
	chassisPrefix    = "chassis/"
	numbersPrefix    = "numbers/"
	eventsPrefix     = "events/"
	pathsPrefix      = "paths/"
	clearancesPrefix = "clearances/"
	groupsPrefix     = "groups/"
	linksPrefix      = "links/"
	policiesPrefix   = "policies/"
	policyCounter    = numbersPrefix + "policy"
)

func networkKey(id linkspan.NetworkID) string { return networksPrefix + id.String() }
func networkNameKey(name string) string       { return "names/networks/" + name }
func chassisKey(id linkspan.ChassisID) string {
	return fmt.Sprintf("%s%04x", chassisPrefix, uint16(id))
}
func chassisNameKey(name string) string        { return "names/chassis/" + name }
func endpointsOf(id linkspan.NetworkID) string { return endpointsPrefix + id.String() + "/" }

func endpointKey(id linkspan.NetworkID, a netip.Addr) string { return endpointsOf(id) + a.String() }

// parseEndpointKey is the inverse of endpointKey.
func parseEndpointKey(key string) (linkspan.NetworkID, netip.Addr, error) {
	network, address, _ := strings.Cut(strings.TrimPrefix(key, endpointsPrefix), "/")
	id, err := linkspan.ParseNetworkID(network)
	if err != nil {
		return 0, netip.Addr{}, err
	}
	a, err := netip.ParseAddr(address)
	return id, a, err
}

// parseChassisKey reads the number that a chassis's keys end in.
func parseChassisKey(prefix, key string) (linkspan.ChassisID, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(key, prefix), 16, 16)
	return linkspan.ChassisID(n), err
}

func pathsKey(id linkspan.ChassisID) string { return fmt.Sprintf("%s%04x", pathsPrefix, uint16(id)) }

// clearanceKey takes the names of two sites in order; none has a slash.
func clearanceKey(a, b string) string { return clearancesPrefix + a + "/" + b }

func groupKey(name string) string { return groupsPrefix + name }

// policyPageKey is where a policy is stored, with those of the numbers around it.
func policyPageKey(id linkspan.PolicyID) string {
	const perPage = 128
	return fmt.Sprintf("%s%06x", policiesPrefix, uint32(id)/perPage)
}

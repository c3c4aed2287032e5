// SPDX-License-Identifier: Apache-2.0

package store

import (
	"fmt"
	"strings"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/store/kv"
)

// The parts of the keys of what a chassis has told of its own networks.
const (
	localsPrefix       = "locals/"
	localReportName    = "report"
	localNetworksName  = "networks"
	localEndpointsName = "endpoints"
)

func localsOf(id linkspan.ChassisID) string {
	return fmt.Sprintf("%s%04x/", localsPrefix, uint16(id))
}

func localReportKey(id linkspan.ChassisID) string { return localsOf(id) + localReportName }

func localNetworkKey(id linkspan.ChassisID, network string) string {
	return localsOf(id) + localNetworksName + "/" + network
}

func localEndpointKey(id linkspan.ChassisID, endpoint string) string {
	return localsOf(id) + localEndpointsName + "/" + endpoint
}

// decodeLocal turns an entry below localsPrefix into a change; ok is false for
// the report, which is no word.
func decodeLocal(e kv.Entry, c *Change) (ok bool, err error) {
	chassis, rest, _ := strings.Cut(strings.TrimPrefix(e.Key, localsPrefix), "/")
	id, err := parseChassisKey("", chassis)
	if err != nil {
		return false, err
	}
	kind, name, _ := strings.Cut(rest, "/")
	switch kind {
	case localNetworksName:
		c.LocalNetwork = &linkspan.LocalNetwork{Chassis: id, ID: name}
		return true, fill(c.Removed, e, c.LocalNetwork, nil)
	case localEndpointsName:
		c.LocalEndpoint = &linkspan.LocalEndpoint{Chassis: id, ID: name}
		return true, fill(c.Removed, e, c.LocalEndpoint, nil)
	}
	return false, nil
}

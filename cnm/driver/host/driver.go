// SPDX-License-Identifier: Apache-2.0

// Package host is the network driver for sandboxes that use the network of the
// host: an endpoint of its network, of which there is one at most, has no
// interface and no address of its own. Its sandbox is the host's network
// namespace, /proc/1/ns/net.
//
// What it is not: it publishes no ports; whatever listens is on the host.
//
//	drivers := map[string]cnm.Driver{"host": host.New()}
package host

import (
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/cnm/driver/single"
)

// Driver implements [cnm.Driver].
type Driver struct{ *single.Driver }

var (
	_ cnm.Driver   = Driver{}
	_ cnm.Restorer = Driver{}
	_ cnm.Bare     = Driver{}
)

// New returns a driver.
func New() Driver { return Driver{single.New("host")} }

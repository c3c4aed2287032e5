// SPDX-License-Identifier: Apache-2.0

// Package null is the network driver for sandboxes that shall have nothing but their
// loopback. An endpoint of its network, of which there is one at most, has no
// interface and no address.
//
// What it is not: it keeps nobody from joining other networks too.
//
//	drivers := map[string]cnm.Driver{"null": null.New()}
package null

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
func New() Driver { return Driver{single.New("null")} }

// SPDX-License-Identifier: Apache-2.0

package bridge

import (
	"slices"

	"github.com/linkspan/linkspan/cnm/driver/filter"
)

// admission marks the driver's rules in chains of others.
const admission = "linkspan-bridge"

// admit lets the networks' bridges through the chains of others.
func (d *Driver) admit() error { return filter.Admit(admission, d.names()) }

// names returns the bridges, sorted.
func (d *Driver) names() []string {
	var names []string
	for _, n := range d.all() {
		names = append(names, n.link)
	}
	slices.Sort(names)
	return names
}

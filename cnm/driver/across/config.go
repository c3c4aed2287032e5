// SPDX-License-Identifier: Apache-2.0

package across

import (
	"net/netip"

	"github.com/linkspan/linkspan/ovs/netns"
)

// The links.
const (
	Port = "lsbp" // the integration bridge's end
	Link = "lsbr" // the host's end
)

// Config says what the way is like.
type Config struct {
	// MTU is what every endpoint of the fabric takes, in bytes; LinkMTU what the
	// largest sends.
	MTU, LinkMTU int
	Offload      netns.Offload // of the host's end, as that of endpoints
}

// Way is where one bridge leads.
type Way struct {
	Bridge string       // the link
	Subnet netip.Prefix // of its containers
	To     []netip.Prefix
}

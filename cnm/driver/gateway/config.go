// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm"
	"github.com/linkspan/linkspan/ovs/netns"
)

// The links.
const (
	Port = "lsgp" // the bridge's end
	link = "lsgw" // the host's end
)

// numberBits are the last of an address of a range: the number of a port.
const numberBits = 16

// DefaultRange is what stands for endpoints where nothing else is said: of the
// addresses that are shared by providers and nobody's own (RFC 6598).
func DefaultRange() netip.Prefix { return netip.MustParsePrefix("100.127.0.0/16") }

// DefaultRange6 is the same of IPv6, in the prefix of linkspan.GatewayHost6.
func DefaultRange6() netip.Prefix { return netip.MustParsePrefix("fd6c:7367:7700::/112") }

// ParseRange reads a range: a /16 of IPv4 that hosts may bear.
func ParseRange(text string) (netip.Prefix, error) { return parseRange(text, DefaultRange()) }

// ParseRange6 reads a range of IPv6: a /112.
func ParseRange6(text string) (netip.Prefix, error) { return parseRange(text, DefaultRange6()) }

// parseRange reads a range of an example's family and length.
func parseRange(text string, example netip.Prefix) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil || p.Addr().BitLen() != example.Addr().BitLen() || p.Bits() != example.Bits() || p != p.Masked() ||
		!p.Addr().IsGlobalUnicast() || p.Contains(linkspan.GatewayHost6()) {
		return p, &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("%q is not a range for containers in the host's stack", text),
			Hint: fmt.Sprintf("give a /%d that nothing of the host is in, as in %s", example.Bits(), example),
		}
	}
	return p, nil
}

// Config says what a Gateway is like.
type Config struct {
	// Range stands for endpoints in the host's stack, see ParseRange; Range6 for their
	// second addresses, see ParseRange6. Without that there is no way for IPv6.
	Range, Range6 netip.Prefix
	// Chosen6: somebody has asked for just that Range6. Else it goes without saying, and
	// where the host has it already, there is no way for IPv6.
	Chosen6 bool
	// MTU is what every endpoint takes, in bytes; LinkMTU what the largest sends. 0:
	// 1500.
	MTU, LinkMTU int
	// Offload of the host's end, as that of endpoints. Userspace datapaths
	// cannot change addresses in packets whose checksums are not finished: none there.
	Offload netns.Offload
	Log     *slog.Logger // told what cannot be mended at once; nil: nobody
}

const defaultMTU = 1500

// withDefaults fills in what is left out.
func (c Config) withDefaults() Config {
	if c.MTU == 0 {
		c.MTU = defaultMTU
	}
	c.LinkMTU = max(c.LinkMTU, c.MTU)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// ranges are those that there are.
func (c Config) ranges() []netip.Prefix {
	if !c.Range6.IsValid() {
		return []netip.Prefix{c.Range}
	}
	return []netip.Prefix{c.Range, c.Range6}
}

// standsFor returns the addresses by which the stack knows an endpoint, one for each
// family that both have.
func (c Config) standsFor(e cnm.Endpoint) []netip.Addr {
	stands := []netip.Addr{numbered(c.Range, e.Port)}
	if c.Range6.IsValid() && e.Address6.IsValid() {
		stands = append(stands, numbered(c.Range6, e.Port))
	}
	return stands
}

// numbered returns the address of a range that has the number of a port.
func numbered(own netip.Prefix, port uint32) netip.Addr {
	a := own.Addr().AsSlice()
	a[len(a)-2], a[len(a)-1] = byte(port>>8), byte(port)
	n, _ := netip.AddrFromSlice(a)
	return n
}

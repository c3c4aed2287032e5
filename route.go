// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"time"
)

// RouteID is 40 bits, the same on both chassis of a route: it is derived from
// the networks and the addresses of both ends, so nobody has to hand it out.
type RouteID uint64

// RouteIDOf returns the id of the route between two addresses of a network, in
// either order. Two routes may, rarely, have the same id: it is a name for
// people and for cookies; networks and addresses tell routes apart.
func RouteIDOf(network NetworkID, a, b netip.Addr) RouteID {
	return RouteIDBetween(network, a, network, b)
}

// RouteIDBetween is RouteIDOf for ends that may be in different networks.
func RouteIDBetween(inA NetworkID, a netip.Addr, inB NetworkID, b netip.Addr) RouteID {
	if b.Less(a) {
		inA, a, inB, b = inB, b, inA, a
	}
	networks := uint64(inA)
	if inA != inB {
		networks |= uint64(inB) << 24 // NetworkID has 24 bits
	}
	h := spread(networks)
	if a.Is4() && b.Is4() {
		x, y := a.As4(), b.As4()
		h = spread(h ^ uint64(binary.BigEndian.Uint32(x[:]))<<32 ^ uint64(binary.BigEndian.Uint32(y[:])))
		return RouteID(h >> 24)
	}
	x, y := a.As16(), b.As16()
	for i := 0; i < 16; i += 8 {
		h = spread(h ^ binary.BigEndian.Uint64(x[i:]))
		h = spread(h ^ binary.BigEndian.Uint64(y[i:]))
	}
	return RouteID(h >> 24)
}

// spread lets every bit of x change every bit of the result (splitmix64).
func spread(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// String returns ten hexadecimal digits.
func (id RouteID) String() string { return fmt.Sprintf("%010x", uint64(id)) }

// Route is a hot-plug route as the datapaths report it: one pair of endpoints,
// both directions, on one or two chassis. It is idle when all its flows are.
type Route struct {
	ID        RouteID
	Network   NetworkID  // of A
	NetworkB  NetworkID  // of B; most often the same
	A, B      netip.Addr // A is the lower address, or the endpoint's where Outside is set
	Chassis   []ChassisID
	Transport Transport
	// Tracked says that connection tracking tells the connections between the two apart,
	// as not all of them are allowed: what passes is of a class.
	Tracked bool
	Classes []RouteClass
	Flows   []RouteFlow
	// Outside is set where the route leads out of all networks: it is to all of these
	// addresses, of which B is the first.
	Outside netip.Prefix
}

// RouteClass is what connections of a tracked route pass that one end may open to the
// other: those that were asked for lately.
type RouteClass struct {
	From, To                 netip.Addr
	Ports                    PolicyPorts // Protocol 0: whatever is sent
	Policy                   PolicyID    // that decides about it; 0: none does
	Packets, Bytes           uint64      // from From
	ReplyPackets, ReplyBytes uint64
	Flows                    []RouteFlow
}

// RouteFlow is one installed flow of a route.
type RouteFlow struct {
	Chassis ChassisID
	From    netip.Addr
	To      netip.Addr
	Packets uint64
	Bytes   uint64
	Age     time.Duration // since it was plugged
	Idle    time.Duration // the time after which it goes; not since the last packet
	Policy  PolicyID      // for which its packets count; 0: none
	Text    string        // match and actions, for people
}

// Traffic returns the packets and bytes of both directions. A packet between
// two chassis passes a flow on each, so of each direction the flow that counted
// most is taken.
func (r *Route) Traffic() (packets, bytes uint64) {
	most := make(map[netip.Addr]RouteFlow, 2)
	for _, f := range r.Flows {
		if old, ok := most[f.From]; !ok || f.Packets > old.Packets {
			most[f.From] = f
		}
	}
	for _, f := range most {
		packets += f.Packets
		bytes += f.Bytes
	}
	return packets, bytes
}

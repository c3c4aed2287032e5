// SPDX-License-Identifier: Apache-2.0

package linkspan

// Transport says how the packets of a route get from one chassis to the other.
type Transport string

// The transports. The zero value is none.
const (
	Local  Transport = "local"  // both endpoints on one chassis
	Tunnel Transport = "tunnel" // encapsulated between two chassis
	Direct Transport = "direct" // as they are, from one chassis to another in the same layer 2

	Gateway Transport = "gateway" // through the host's own stack, to what no network holds
)

// Auto is what a network asks for that leaves the choice to the controller:
// direct where it can be, else the tunnel.
const Auto Transport = "auto"

// OptionTransport is the option of docker network create that chooses the
// transport of a network: auto, direct or tunnel.
const OptionTransport = "linkspan.transport"

// ValidateWish says whether t is something that a network may ask for; nothing
// is Auto.
func (t Transport) ValidateWish() error {
	switch t {
	case "", Auto, Tunnel, Direct:
		return nil
	}
	return &Error{
		Code: Invalid, Message: "transport " + string(t) + " does not exist",
		Hint: "choose auto, direct or tunnel",
	}
}

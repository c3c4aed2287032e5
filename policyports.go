// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Protocols of IP that a policy knows more of than their number (IANA, Assigned
// Internet Protocol Numbers).
const (
	ProtocolICMP  = 1
	ProtocolTCP   = 6
	ProtocolUDP   = 17
	ProtocolICMP6 = 58
	ProtocolSCTP  = 132
)

// Ported says whether policies tell packets of a protocol apart by the destination
// port. Those of SCTP they do not: the connection tracking of Open vSwitch's userspace
// datapath (3.1) knows no ports of it.
func Ported(protocol uint8) bool { return protocol == ProtocolTCP || protocol == ProtocolUDP }

// Typed says whether packets of a protocol have an ICMP type, which takes the
// place of the port.
func Typed(protocol uint8) bool { return protocol == ProtocolICMP || protocol == ProtocolICMP6 }

// PolicyPorts is a protocol of IP, all of it or the packets to some destination
// ports, or of one ICMP type. All of it is 0 to 65535.
type PolicyPorts struct {
	Protocol    uint8
	First, Last uint16
}

// WantPorts says how ports are written.
const WantPorts = "a protocol of IP by name or as ip/47, with ports as in tcp/80 or udp/5000-6000, or an ICMP type as in icmp/8"

// WholeProtocol returns all of a protocol.
func WholeProtocol(protocol uint8) PolicyPorts { return PolicyPorts{protocol, 0, math.MaxUint16} }

// Whole says that p is all of its protocol.
func (p PolicyPorts) Whole() bool { return p.First == 0 && p.Last == math.MaxUint16 }

// Holds says whether packets of a protocol to a port are meant. A protocol
// without ports has port 0.
func (p PolicyPorts) Holds(protocol uint8, port uint16) bool {
	return protocol == p.Protocol && port >= p.First && port <= p.Last
}

// Overlaps says whether some packets are meant by both.
func (p PolicyPorts) Overlaps(o PolicyPorts) bool {
	return p.Protocol == o.Protocol && p.First <= o.Last && o.First <= p.Last
}

// Validate refuses what no text stands for.
func (p PolicyPorts) Validate() error {
	switch {
	case p.Protocol == 0:
		return invalid("no packet is of protocol 0")
	case p.Whole(), Ported(p.Protocol) && p.First <= p.Last, Typed(p.Protocol) && p.First == p.Last && p.Last <= math.MaxUint8:
		return nil
	}
	return invalid("ports %d to %d are none of protocol %s", p.First, p.Last, ProtocolName(p.Protocol))
}

// ParsePolicyPorts reads tcp/80, udp/5000-6000, icmp/8, gre or ip/47. Names are
// those of IANA, in any case.
func ParsePolicyPorts(s string) (PolicyPorts, error) {
	name, ports, some := strings.Cut(s, "/")
	if strings.EqualFold(name, "ip") && some {
		n, err := parseNumber(ports, math.MaxUint8)
		if err != nil || n == 0 { // no packet has 0, which IPv6 gives to a header of options
			return PolicyPorts{}, badPorts(s, fmt.Sprintf("protocol %q is not a number from 1 to 255", ports))
		}
		return WholeProtocol(uint8(n)), nil
	}
	protocol, known := protocolNumber(name)
	switch {
	case !known:
		return PolicyPorts{}, badPorts(s, fmt.Sprintf("protocol %q is not known", name))
	case !some:
		return WholeProtocol(protocol), nil
	}
	return parseRange(s, protocol, ports)
}

func parseRange(s string, protocol uint8, text string) (PolicyPorts, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	most := uint64(math.MaxUint16)
	switch {
	case Typed(protocol) && isRange:
		return PolicyPorts{}, badPorts(s, "ICMP types are named one by one")
	case Typed(protocol):
		most = math.MaxUint8
	case protocol == ProtocolSCTP:
		return PolicyPorts{}, badPorts(s, "SCTP is allowed or denied as a whole, as its ports are not tracked; write sctp")
	case !Ported(protocol):
		return PolicyPorts{}, badPorts(s, "protocol "+ProtocolName(protocol)+" has no ports")
	}
	a, err := parseNumber(first, most)
	if err != nil {
		return PolicyPorts{}, badPorts(s, fmt.Sprintf("%q is not a number from 0 to %d", first, most))
	}
	b, err := parseNumber(last, most)
	if err != nil {
		return PolicyPorts{}, badPorts(s, fmt.Sprintf("%q is not a number from 0 to %d", last, most))
	}
	if a > b {
		return PolicyPorts{}, badPorts(s, fmt.Sprintf("%d is more than %d", a, b))
	}
	return PolicyPorts{protocol, uint16(a), uint16(b)}, nil
}

// parseNumber reads decimal digits and no sign.
func parseNumber(s string, most uint64) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err == nil && n > most {
		err = strconv.ErrRange
	}
	return n, err
}

func badPorts(s, why string) error {
	return &Error{Code: Invalid, Message: "ports " + quote(s) + " are not understood: " + why, Hint: "write " + WantPorts}
}

// String returns the form that ParsePolicyPorts reads, in lower case.
func (p PolicyPorts) String() string {
	name := ProtocolName(p.Protocol)
	switch {
	case p.Whole():
		return name
	case p.First == p.Last:
		return fmt.Sprintf("%s/%d", name, p.First)
	}
	return fmt.Sprintf("%s/%d-%d", name, p.First, p.Last)
}

// MarshalText writes the form of String.
func (p PolicyPorts) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// UnmarshalText reads it.
func (p *PolicyPorts) UnmarshalText(text []byte) error {
	v, err := ParsePolicyPorts(string(text))
	*p = v
	return err
}

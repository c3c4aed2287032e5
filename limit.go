// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"strconv"
	"strings"
)

// Rate is a bandwidth in bits a second, counted in Ethernet frames as the
// container's interface sends and receives them: headers included, preamble and
// checksum not. 0 is none: no limit.
type Rate uint64

// The units of rates: powers of ten, as bandwidths are counted (IEC 80000-13).
const (
	Kilobit Rate = 1e3
	Megabit Rate = 1e6
	Gigabit Rate = 1e9
)

// The least and the greatest rate that a limit may have.
const (
	MinRate = 64 * Kilobit
	MaxRate = 100 * Gigabit
)

// noRate is how no limit is written, where the network has one.
const noRate = "none"

// ParseRate reads a whole number with its unit, kbit, mbit or gbit in small or
// large letters, from MinRate to MaxRate; or "none". Errors have code Invalid.
func ParseRate(s string) (Rate, error) {
	text := strings.ToLower(s)
	if text == noRate {
		return 0, nil
	}
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyz")
	n, err := strconv.ParseUint(digits, 10, 64)
	unit, known := unitOf(text[len(digits):])
	if err != nil || !known || n > uint64(MaxRate/unit) || Rate(n)*unit < MinRate {
		return 0, &Error{
			Code: Invalid, Message: "rate " + quote(s) + " is not a whole number of kbit, mbit or gbit a second from " + MinRate.String() + " to " + MaxRate.String(),
			Hint: "write bits a second, as in 500kbit, 100mbit or 1gbit, or none for no limit",
		}
	}
	return Rate(n) * unit, nil
}

func unitOf(name string) (unit Rate, known bool) {
	switch name {
	case "kbit":
		return Kilobit, true
	case "mbit":
		return Megabit, true
	case "gbit":
		return Gigabit, true
	}
	return 1, false
}

// String returns the form that ParseRate reads, in the largest unit of which it
// is a whole number.
func (r Rate) String() string {
	switch {
	case r == 0:
		return noRate
	case r%Gigabit == 0:
		return strconv.FormatUint(uint64(r/Gigabit), 10) + "gbit"
	case r%Megabit == 0:
		return strconv.FormatUint(uint64(r/Megabit), 10) + "mbit"
	case r%Kilobit == 0:
		return strconv.FormatUint(uint64(r/Kilobit), 10) + "kbit"
	}
	return strconv.FormatUint(uint64(r), 10) + "bit"
}

// The options of a network (docker network create -o) and of an endpoint
// (--driver-opt) that limit; an endpoint's own go before its network's.
const (
	OptionEgress  = "linkspan.rate.egress"  // what the container sends
	OptionIngress = "linkspan.rate.ingress" // what it receives
)

// Limits is what an endpoint may send and receive at most.
type Limits struct {
	Egress  Rate `json:"egress,omitzero"`  // what the container sends
	Ingress Rate `json:"ingress,omitzero"` // what it receives
}

// Any says whether something is limited.
func (l Limits) Any() bool { return l != Limits{} }

// String names both directions, as in "egress 50mbit, ingress none".
func (l Limits) String() string {
	return "egress " + l.Egress.String() + ", ingress " + l.Ingress.String()
}

// With returns l with what the options say instead, where they say something;
// other options are not looked at. Errors have code Invalid and name the option.
func (l Limits) With(options map[string]string) (Limits, error) {
	for _, of := range []struct {
		key  string
		rate *Rate
	}{{OptionEgress, &l.Egress}, {OptionIngress, &l.Ingress}} {
		text, given := options[of.key]
		if !given {
			continue
		}
		rate, err := ParseRate(text)
		if err != nil {
			return l, &Error{Code: Invalid, Message: "option " + of.key + ": " + err.Error(), Hint: HintOf(err)}
		}
		*of.rate = rate
	}
	return l, nil
}

// Validate says whether both rates are ones that a limit may have.
func (l Limits) Validate() error {
	for _, r := range []Rate{l.Egress, l.Ingress} {
		if r != 0 && (r < MinRate || r > MaxRate) {
			return invalid("rate %s is not between %s and %s", r, MinRate, MaxRate)
		}
	}
	return nil
}

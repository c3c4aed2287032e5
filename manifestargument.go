// SPDX-License-Identifier: Apache-2.0

package linkspan

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Types of arguments.
const (
	StringArgument  = "string"  // text of one line that does not begin with '-'
	IntegerArgument = "integer" // of 64 bits, decimal
	BooleanArgument = "boolean" // true or false
	AddressArgument = "address" // IPv4 or IPv6, without a zone
	PrefixArgument  = "prefix"  // of either, as in 192.0.2.0/24, host bits 0
	MACArgument     = "mac"     // 02:00:5e:10:00:01
	OneOfArgument   = "oneOf"   // one of the words that are given
)

// Limits of arguments.
const (
	MaxArgument = 1024 // of a value, in bytes
	MaxChoices  = 64
)

var argumentTypes = []string{StringArgument, IntegerArgument, BooleanArgument, AddressArgument, PrefixArgument, MACArgument, OneOfArgument}

// Argument is a typed argument of a call.
type Argument struct {
	Name     string   `json:"name"`
	Summary  string   `json:"summary,omitempty"`
	Type     string   `json:"type"` // string, integer, boolean, address, prefix, mac or oneOf
	OneOf    []string `json:"oneOf,omitempty"`
	Pattern  string   `json:"pattern,omitempty"` // of a string, as package regexp has it, of the whole
	Minimum  *int64   `json:"minimum,omitempty"` // of an integer
	Maximum  *int64   `json:"maximum,omitempty"`
	Required bool     `json:"required,omitzero"`
}

// Check says whether a value is one of the argument's type. The argument itself must be valid.
// No value is ever taken for an option of a command: only integers begin with '-'. Errors
// have code Invalid; the hint says what is expected.
func (a Argument) Check(value string) error {
	if len(value) <= MaxArgument && utf8.ValidString(value) && !hasControl(value) && a.has(value) {
		return nil
	}
	return &Error{Code: Invalid, Message: "argument " + a.Name + " is " + strconv.QuoteToGraphic(shorten(value)), Hint: "expected " + a.Expected()}
}

// has says whether the value has the argument's type.
func (a Argument) has(value string) bool {
	switch a.Type {
	case StringArgument:
		return value != "" && value[0] != '-' && a.matches(value)
	case IntegerArgument:
		n, err := strconv.ParseInt(value, 10, 64)
		return err == nil && (a.Minimum == nil || n >= *a.Minimum) && (a.Maximum == nil || n <= *a.Maximum)
	case BooleanArgument:
		return value == "true" || value == "false"
	case AddressArgument:
		address, err := netip.ParseAddr(value)
		return err == nil && address.Zone() == ""
	case PrefixArgument:
		prefix, err := netip.ParsePrefix(value)
		return err == nil && prefix == prefix.Masked()
	case MACArgument:
		mac, err := net.ParseMAC(value)
		return err == nil && len(mac) == 6
	case OneOfArgument:
		return slices.Contains(a.OneOf, value)
	}
	return false
}

// matches says whether a string is of the pattern, if there is one.
func (a Argument) matches(value string) bool {
	if a.Pattern == "" {
		return true
	}
	whole, err := regexp.Compile("^(?:" + a.Pattern + ")$")
	return err == nil && whole.MatchString(value)
}

// Expected says what values look like.
func (a Argument) Expected() string {
	switch {
	case a.Type == StringArgument && a.Pattern != "":
		return "text that matches " + a.Pattern
	case a.Type == StringArgument:
		return "text of one line that does not begin with '-'"
	case a.Type == OneOfArgument:
		return "one of " + strings.Join(a.OneOf, ", ")
	case a.Type == IntegerArgument && a.Minimum != nil && a.Maximum != nil:
		return fmt.Sprintf("an integer, %d to %d", *a.Minimum, *a.Maximum)
	case a.Type == IntegerArgument && a.Minimum != nil:
		return fmt.Sprintf("an integer, %d or more", *a.Minimum)
	case a.Type == IntegerArgument && a.Maximum != nil:
		return fmt.Sprintf("an integer, %d or less", *a.Maximum)
	}
	return map[string]string{
		IntegerArgument: "an integer", BooleanArgument: "true or false", AddressArgument: "an IPv4 or IPv6 address",
		PrefixArgument: "a prefix, as in 192.0.2.0/24 or 2001:db8::/32", MACArgument: "a MAC address, as in 02:00:5e:10:00:01",
	}[a.Type]
}

// argument checks the definition of one, but for its name.
func (p *problems) argument(at string, a *Argument) {
	p.line(at+".summary", a.Summary)
	if !slices.Contains(argumentTypes, a.Type) {
		p.add(at+".type", "type "+quote(shorten(a.Type))+" is not known", "one of "+strings.Join(argumentTypes, ", "))
	}
	if (a.Type == OneOfArgument) != (len(a.OneOf) > 0) || len(a.OneOf) > MaxChoices {
		p.add(at+".oneOf", fmt.Sprintf("there are %d choices", len(a.OneOf)), fmt.Sprintf("1 to %d with type oneOf, else none", MaxChoices))
	}
	for i, c := range a.OneOf {
		if c == "" || c[0] == '-' || len(c) > MaxText || hasControl(c) {
			p.add(fmt.Sprintf("%s.oneOf[%d]", at, i), quote(shorten(c))+" is not a choice", "text of one line that does not begin with '-'")
		}
	}
	if a.Pattern != "" {
		p.pattern(at+".pattern", a)
	}
	if a.Type != IntegerArgument && (a.Minimum != nil || a.Maximum != nil) {
		p.add(at, "only integers have a minimum and a maximum", "type: integer")
	}
	if a.Minimum != nil && a.Maximum != nil && *a.Minimum > *a.Maximum {
		p.add(at+".minimum", "it is above the maximum", "")
	}
}

func (p *problems) pattern(at string, a *Argument) {
	if a.Type != StringArgument {
		p.add(at, "only strings have a pattern", "type: string")
	}
	if len(a.Pattern) > MaxText {
		p.add(at, "it is too long", fmt.Sprintf("at most %d bytes", MaxText))
		return
	}
	if _, err := regexp.Compile("^(?:" + a.Pattern + ")$"); err != nil {
		p.add(at, err.Error(), "a regular expression as RE2 has it")
	}
}

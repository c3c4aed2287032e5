// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/linkspan/linkspan"
)

// The types of arguments.
const (
	typeString  = "string"
	typeInteger = "integer"
	typeBoolean = "boolean"
	typeAddress = "address"
	typePrefix  = "prefix"
	typeMAC     = "mac"
	typeOneOf   = "one of"
)

// maxValue is the greatest length of an argument, in bytes.
const maxValue = 1024

func argumentTypes() []string {
	return []string{typeString, typeInteger, typeBoolean, typeAddress, typePrefix, typeMAC, typeOneOf}
}

// validateArgument says whether an argument is well declared.
func validateArgument(a *linkspan.Argument) error {
	if err := linkspan.ValidateName("argument", a.Name); err != nil {
		return err
	}
	if !slices.Contains(argumentTypes(), a.Type) {
		return invalid("type %q of argument %s is none of %s", a.Type, a.Name, strings.Join(argumentTypes(), ", "))
	}
	if a.Type == typeOneOf && len(a.OneOf) == 0 {
		return invalid("argument %s is one of nothing", a.Name)
	}
	if _, err := whole(a.Pattern); err != nil {
		return invalid("pattern of argument %s: %v", a.Name, err)
	}
	return nil
}

// whole compiles a pattern that is about all of a text.
func whole(pattern string) (*regexp.Regexp, error) { return regexp.Compile(`\A(?:` + pattern + `)\z`) }

// fromQuery returns the arguments of a call that came in a URL.
func fromQuery(call *linkspan.Call, query string) (map[string]string, error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return nil, invalid("arguments: %v", err)
	}
	said := make(map[string]string, len(q))
	for name, values := range q {
		if len(values) != 1 {
			return nil, invalid("argument %s is there %d times", name, len(values))
		}
		said[name] = values[0]
	}
	return check(call, said)
}

// fromJSON returns the arguments of a call that came as a JSON object; nothing is an empty one.
func fromJSON(call *linkspan.Call, text []byte) (map[string]string, error) {
	if len(text) == 0 {
		return check(call, nil)
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, invalid("arguments are no JSON object: %v", err)
	}
	said := make(map[string]string, len(values))
	for name, raw := range values {
		value, err := scalar(raw)
		if err != nil {
			return nil, invalid("argument %s: %v", name, err)
		}
		said[name] = value
	}
	return check(call, said)
}

// scalar returns the text of a JSON string, number or truth value.
func scalar(raw json.RawMessage) (string, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var s string
		err := json.Unmarshal(raw, &s)
		return s, err
	}
	if len(raw) == 0 || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
		return "", fmt.Errorf("a string, a number, true or false is wanted")
	}
	return string(raw), nil
}

// check returns the arguments in canonical form. The error is Invalid.
func check(call *linkspan.Call, said map[string]string) (map[string]string, error) {
	checked := make(map[string]string, len(said))
	for i := range call.Arguments {
		a := &call.Arguments[i]
		value, there := said[a.Name]
		if !there {
			if a.Required {
				return nil, invalid("argument %s is missing", a.Name)
			}
			continue
		}
		delete(said, a.Name)
		canonical, err := checkValue(a, value)
		if err != nil {
			return nil, err
		}
		checked[a.Name] = canonical
	}
	for name := range said {
		return nil, invalid("call %s has no argument %.40q", call.Name, name)
	}
	return checked, nil
}

// checkValue returns a value in canonical form.
func checkValue(a *linkspan.Argument, value string) (string, error) {
	if len(value) > maxValue {
		return "", invalid("argument %s is longer than %d bytes", a.Name, maxValue)
	}
	if len(a.OneOf) > 0 {
		if !slices.Contains(a.OneOf, value) {
			return "", invalid("argument %s is none of %s", a.Name, strings.Join(a.OneOf, ", "))
		}
		return value, nil
	}
	canonical, err := value, error(nil)
	switch a.Type {
	case typeInteger:
		canonical, err = integer(a, value)
	case typeBoolean:
		if value != "true" && value != "false" {
			err = fmt.Errorf("true or false is wanted")
		}
	case typeAddress:
		canonical, err = address(value)
	case typePrefix:
		var p netip.Prefix
		p, err = netip.ParsePrefix(value)
		canonical = p.String()
	case typeMAC:
		canonical, err = mac(value)
	default:
		err = text(a, value)
	}
	if err != nil {
		return "", invalid("argument %s: %v", a.Name, err)
	}
	return canonical, nil
}

func integer(a *linkspan.Argument, value string) (string, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	switch {
	case err != nil:
		return "", fmt.Errorf("a whole number is wanted")
	case a.Minimum != nil && n < *a.Minimum:
		return "", fmt.Errorf("it is at least %d", *a.Minimum)
	case a.Maximum != nil && n > *a.Maximum:
		return "", fmt.Errorf("it is at most %d", *a.Maximum)
	}
	return strconv.FormatInt(n, 10), nil
}

func address(value string) (string, error) {
	a, err := netip.ParseAddr(value)
	if err == nil && a.Zone() != "" {
		err = fmt.Errorf("an address without a zone is wanted")
	}
	return a.String(), err
}

func mac(value string) (string, error) {
	m, err := net.ParseMAC(value)
	if err == nil && len(m) != 6 {
		err = fmt.Errorf("an address of six bytes is wanted")
	}
	return m.String(), err
}

// text checks a string. Where nothing says how it looks it cannot be taken for an option.
func text(a *linkspan.Argument, value string) error {
	if strings.ContainsFunc(value, unicode.IsControl) {
		return fmt.Errorf("it has a control character")
	}
	if a.Pattern == "" {
		if strings.HasPrefix(value, "-") {
			return fmt.Errorf("it begins with -")
		}
		return nil
	}
	pattern, err := whole(a.Pattern)
	if err != nil {
		return err
	}
	if !pattern.MatchString(value) {
		return fmt.Errorf("it does not match %s", a.Pattern)
	}
	return nil
}

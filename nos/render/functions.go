// SPDX-License-Identifier: Apache-2.0

package render

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode"

	"github.com/linkspan/linkspan"
)

// functions are what templates may call, and guards those that a printing action ends with.
var (
	functions = template.FuncMap{"word": word, "line": line, "seconds": seconds, "v4": v4, "v6": v6, "is6": is6}
	guards    = map[string]bool{"word": true, "line": true, "seconds": true}
)

// word refuses what a service could read as something else than one word. The value is not in
// the message: it may be a secret.
func word(value string) (string, error) {
	if value == "" || strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune("\"'`\\#!;{},", r)
	}) {
		return "", &linkspan.Error{Code: linkspan.Invalid, Message: "a value is not one word for the service", Hint: "use no blanks, quotes, commas and none of \\ # ! ; { }"}
	}
	return value, nil
}

// line refuses what would not stay on its line.
func line(value string) (string, error) {
	if strings.TrimSpace(value) == "" || strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }) {
		return "", &linkspan.Error{Code: linkspan.Invalid, Message: "a value is not one line for the service"}
	}
	return value, nil
}

// seconds writes a duration in seconds.
func seconds(value string) (string, error) {
	d, err := time.ParseDuration(value)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(int64(d/time.Second), 10), nil
}

func v4(values []string) ([]string, error) { return family(values, false) }
func v6(values []string) ([]string, error) { return family(values, true) }

func family(values []string, six bool) ([]string, error) {
	var of []string
	for _, v := range values {
		is, err := is6(v)
		if err != nil {
			return nil, err
		}
		if is == six {
			of = append(of, v)
		}
	}
	return of, nil
}

// is6 says whether an address or prefix is of IPv6.
func is6(value string) (bool, error) {
	host, _, _ := strings.Cut(value, "/")
	a, err := netip.ParseAddr(host)
	if err != nil {
		return false, fmt.Errorf("%.64q is no address", value)
	}
	return a.Is6(), nil
}

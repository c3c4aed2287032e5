// SPDX-License-Identifier: Apache-2.0

// Package option reads the options that a person gave to a network or an
// endpoint, refusing what is wrong or unknown by name: none is silently ignored.
//
// What it is not: it knows no driver's options.
//
//	r := option.Read("network", n.Options)
//	mtu := r.Int("com.docker.network.driver.mtu", 0, 68, 65535)
//	if err := r.Done(); err != nil {
//		return err
//	}
package option

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/linkspan/linkspan"
)

// The options of Docker's own drivers that several of ours know.
const (
	MTU       = "com.docker.network.driver.mtu"             // of a network: bytes, in the container
	Interface = "com.docker.network.container_iface_prefix" // of a network: of the name in the container
	Ifname    = "com.docker.network.endpoint.ifname"        // of an endpoint: its name in the container
)

// Reader collects what is wrong while options are read. Use [Read].
type Reader struct {
	what  string
	given map[string]string
	read  map[string]bool
	err   error
}

// Read begins to read options of what is named, "network" or "endpoint".
func Read(what string, given map[string]string) *Reader {
	return &Reader{what: what, given: given, read: make(map[string]bool)}
}

// Text returns an option's text, or absent when it was not given. With choices
// it must be one of them.
func (r *Reader) Text(key, absent string, choices ...string) string {
	r.read[key] = true
	value, ok := r.given[key]
	if !ok {
		return absent
	}
	if len(choices) > 0 && !slices.Contains(choices, value) {
		r.fail("option %s: %q is not one of %s", key, value, strings.Join(choices, ", "))
	}
	return value
}

// Bool returns an option that is true or false, as strconv.ParseBool has it.
func (r *Reader) Bool(key string, absent bool) bool {
	value := r.Text(key, strconv.FormatBool(absent))
	b, err := strconv.ParseBool(value)
	if err != nil {
		r.fail("option %s: %q is not true or false", key, value)
	}
	return b
}

// Int returns a number from low to high.
func (r *Reader) Int(key string, absent, low, high int) int {
	if _, ok := r.given[key]; !ok {
		r.read[key] = true
		return absent
	}
	value := r.Text(key, "")
	i, err := strconv.Atoi(value)
	if err != nil || i < low || i > high {
		r.fail("option %s: %q is not a number from %d to %d", key, value, low, high)
	}
	return i
}

// Addr returns an address, or zero.
func (r *Reader) Addr(key string) netip.Addr {
	value := r.Text(key, "")
	if value == "" {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(value)
	if err != nil {
		r.fail("option %s: %q is not an address", key, value)
	}
	return a.Unmap()
}

// Link returns a name that a link can have, at most longest bytes, or "".
func (r *Reader) Link(key string, longest int) string {
	value := r.Text(key, "")
	if _, given := r.given[key]; given && !linkName(value, longest) {
		r.fail("option %s: %q is not the name of a link, 1 to %d bytes", key, value, longest)
	}
	return value
}

func linkName(s string, longest int) bool {
	return s != "" && len(s) <= longest && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || r == '/' || r == ':'
	})
}

// Prefix returns the name that interfaces have in containers, less its number:
// letters, '-' and '_', leaving room for a number of three digits.
func (r *Reader) Prefix(key, absent string) string {
	value := r.Text(key, absent)
	wrong := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_'
	}
	if len(value) == 0 || len(value) > 12 || strings.ContainsFunc(value, wrong) {
		r.fail("option %s: %q is not 1 to 12 letters, '-' or '_'", key, value)
	}
	return value
}

// Limits returns the limits of a network's endpoints, or of an endpoint, where
// they are not given those that are absent.
func (r *Reader) Limits(absent linkspan.Limits) linkspan.Limits {
	r.read[linkspan.OptionEgress], r.read[linkspan.OptionIngress] = true, true
	l, err := absent.With(r.given)
	if err != nil && r.err == nil {
		r.err = err
	}
	return l
}

// Refuse notes an error of the caller's.
func (r *Reader) Refuse(format string, args ...any) { r.fail(format, args...) }

func (r *Reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf(format, args...)}
	}
}

// Done returns the first thing that was wrong, or names the first option that
// nobody read.
func (r *Reader) Done() error {
	for _, key := range slices.Sorted(maps.Keys(r.given)) {
		if !r.read[key] && (key == linkspan.OptionEgress || key == linkspan.OptionIngress) {
			return &linkspan.Error{
				Code: linkspan.Invalid, Message: "option " + key + " of the " + r.what + ": this driver limits nothing, as its interfaces have no end on the host",
				Hint: "leave it out, or use a network of driver linkspan, linkspan-bridge or linkspan-overlay",
			}
		}
		if !r.read[key] {
			return &linkspan.Error{
				Code: linkspan.Invalid, Message: "unknown option " + key + " of the " + r.what, Hint: "leave it out",
			}
		}
	}
	return r.err
}

// Name reads the options of an endpoint that has none but Ifname, and returns
// the name of its interface less its number: as the endpoint has it, or the
// network. Docker numbers interfaces itself, so that a name can only end in 0.
func Name(endpoint map[string]string, ofNetwork string) (string, error) {
	return Read("endpoint", endpoint).name(endpoint, ofNetwork)
}

// Limited is Name for an endpoint that may have limits too, its own or its
// network's.
func Limited(endpoint map[string]string, ofNetwork string, absent linkspan.Limits) (string, linkspan.Limits, error) {
	r := Read("endpoint", endpoint)
	limits := r.Limits(absent)
	name, err := r.name(endpoint, ofNetwork)
	return name, limits, err
}

func (r *Reader) name(endpoint map[string]string, ofNetwork string) (string, error) {
	name, given := endpoint[Ifname]
	r.read[Ifname] = true
	if !given {
		return ofNetwork, r.Done()
	}
	wish, found := strings.CutSuffix(name, "0")
	check := Read("endpoint", map[string]string{Ifname: wish})
	check.Prefix(Ifname, "")
	if !found || check.err != nil {
		r.fail("option %s: %q is not letters and a 0, as in foo0; docker numbers interfaces itself", Ifname, name)
	}
	return wish, r.Done()
}

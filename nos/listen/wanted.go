// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/tree"
)

// Addresses returns host:port of each address to listen at: the one that is given, if it has a
// host; else those of the switch's management; if there are none, all. The error is Invalid.
func Addresses(given string, t *tree.Tree) ([]string, error) {
	host, port, err := net.SplitHostPort(given)
	if err != nil {
		return nil, &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%q is no address to listen at", given), Hint: "such as :2222 or 192.0.2.10:2222", Err: err}
	}
	if host != "" || t == nil {
		return []string{given}, nil
	}
	management, err := t.At("system", "management")
	if err != nil {
		return nil, err
	}
	var all []string
	for _, text := range management.Child("address").Values() {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			continue // the schema has none of these
		}
		a := p.Addr()
		if a.Is6() && a.IsLinkLocalUnicast() {
			a = a.WithZone(management.Get("interface")) // RFC 4007, 6
		}
		all = append(all, net.JoinHostPort(a.String(), port))
	}
	if len(all) == 0 {
		all = []string{given}
	}
	return all, nil
}

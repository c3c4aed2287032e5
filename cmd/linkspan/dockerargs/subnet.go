// SPDX-License-Identifier: Apache-2.0

package dockerargs

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// Subnet is one subnet with what was given for it, "" where nothing was.
type Subnet struct {
	Subnet, Range, Gateway string
	Aux                    map[string]string
}

// Subnets puts ranges, gateways and auxiliary addresses to the subnets they lie
// in. The error has code Invalid.
func Subnets(subnets, ranges, gateways []string, aux map[string]string) ([]Subnet, error) {
	if len(subnets) < len(ranges) || len(subnets) < len(gateways) {
		return nil, invalid("every ip-range or gateway must have a corresponding subnet", "give --subnet too")
	}
	var prefixes []netip.Prefix
	var all []Subnet
	for _, text := range subnets {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, invalid("invalid subnet: invalid CIDR address: "+text, "as in --subnet 10.7.0.0/24")
		}
		if slices.ContainsFunc(prefixes, p.Overlaps) {
			return nil, invalid("multiple overlapping subnet configuration is not supported", "")
		}
		prefixes, all = append(prefixes, p), append(all, Subnet{Subnet: text})
	}
	s := sorter{prefixes, all}
	for _, text := range ranges {
		one, err := s.of("range", text)
		if err == nil && one.Range != "" {
			err = invalid(fmt.Sprintf("cannot configure multiple ranges (%s, %s) on the same subnet (%s)", text, one.Range, one.Subnet), "")
		}
		if err != nil {
			return nil, err
		}
		one.Range = text
	}
	for _, text := range gateways {
		one, err := s.of("gateway", text)
		if err == nil && one.Gateway != "" {
			err = invalid(fmt.Sprintf("cannot configure multiple gateways (%s, %s) for the same subnet (%s)", text, one.Gateway, one.Subnet), "")
		}
		if err != nil {
			return nil, err
		}
		one.Gateway = text
	}
	for _, name := range slices.Sorted(maps.Keys(aux)) {
		one, err := s.of("aux-address", aux[name])
		if err != nil {
			return nil, err
		}
		if one.Aux == nil {
			one.Aux = make(map[string]string)
		}
		one.Aux[name] = aux[name]
	}
	return all, nil
}

type sorter struct {
	prefixes []netip.Prefix
	subnets  []Subnet
}

// of returns the subnet that an address, or a range, lies in.
func (s sorter) of(what, text string) (*Subnet, error) {
	bare, _, ranged := strings.Cut(text, "/")
	address, err := netip.ParseAddr(bare)
	if ranged && err == nil {
		_, err = netip.ParsePrefix(text)
	}
	if what == "range" && !ranged && err == nil {
		err = fmt.Errorf("no length")
	}
	if err != nil && what == "range" {
		return nil, invalid("invalid CIDR address: "+text, "as in --ip-range 10.7.0.128/25")
	}
	for i, p := range s.prefixes {
		if err == nil && p.Contains(address) {
			return &s.subnets[i], nil
		}
	}
	return nil, invalid("no matching subnet for "+what+" "+text, "")
}

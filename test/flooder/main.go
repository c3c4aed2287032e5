// SPDX-License-Identifier: Apache-2.0

// Command flooder is what the flood test runs in containers: it sends as fast as
// it can, or measures what another container then feels. It is static, and no
// part of the product.
//
//	flooder unknown 10.7.0.0/24 20s          datagrams to addresses that nobody has
//	flooder one 10.8.0.2:9 20s               datagrams to one that may not be reached
//	flooder arp eth0 10.7.0.0/24 20s         questions for every address
//	flooder foreign eth0 10.7.0.0/24 20s     IPv4 from addresses that are not its own
//	flooder large 10.7.0.2:9 20s             datagrams as large as a frame
//	flooder raw eth0 10.7.0.2 20s            the same, past all queues of the container
//	flooder streams 10.7.0.2:9 20s           TCP, by four connections
//	flooder sink :9 20s                      takes what large and streams send
//	flooder first 10.7.0.2:7000              microseconds until the first answer
//	flooder rtt 10.7.0.2:7000 5s             microseconds of each answer, one a line
package main

import (
	"fmt"
	"net/netip"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "flooder:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 2 && args[0] == "first" {
		return first(args[1])
	}
	if len(args) < 3 {
		return fmt.Errorf("wrong usage: %q", os.Args)
	}
	length, err := time.ParseDuration(args[len(args)-1])
	if err != nil {
		return err
	}
	end := time.Now().Add(length)
	switch args[0] {
	case "large":
		return large(args[1], end)
	case "raw":
		to, err := netip.ParseAddr(args[2])
		if err != nil {
			return err
		}
		return raw(args[1], to, end)
	case "streams":
		return streams(args[1], end)
	case "sink":
		return sink(args[1], end)
	case "rtt":
		return rtt(args[1], end)
	case "one":
		to, err := netip.ParseAddrPort(args[1])
		if err != nil {
			return err
		}
		return datagrams(func(uint32) netip.AddrPort { return to }, end)
	case "unknown":
		subnet, err := netip.ParsePrefix(args[1])
		if err != nil {
			return err
		}
		return datagrams(func(i uint32) netip.AddrPort { return netip.AddrPortFrom(member(subnet, i), 9) }, end)
	case "arp", "foreign":
		subnet, err := netip.ParsePrefix(args[2])
		if err != nil {
			return err
		}
		if args[0] == "foreign" {
			return strangers(args[1], subnet, end)
		}
		return questions(args[1], subnet, end)
	}
	return fmt.Errorf("wrong usage: %q", os.Args)
}

// member returns an address in the upper half of a subnet of 24 bits.
func member(subnet netip.Prefix, i uint32) netip.Addr {
	a := subnet.Masked().Addr().As4()
	a[3] = byte(128 + i%126)
	return netip.AddrFrom4(a)
}

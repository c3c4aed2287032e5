// SPDX-License-Identifier: Apache-2.0

// Package packet reads and writes the headers of frames: Ethernet II with
// 802.1Q tags, ARP, IPv4, IPv6, ICMP, ICMPv6, TCP, UDP and LLDP.
//
// Parse fills a Packet with the places of the headers in a frame; its methods
// read fields from there. Nothing is copied or allocated, nothing behind the
// last known header is looked at. The Append functions build frames: answers to
// ARP, ICMP errors that quote a packet, and plain frames for tests and load
// generators.
//
// It does not reassemble fragments or streams and knows no policy.
//
// # Example
//
//	var p packet.Packet
//	if err := packet.Parse(frame, &p); err != nil {
//		return err
//	}
//	if p.IsIPv4() && p.TTL() <= 1 {
//		reply, err := packet.AppendTimeExceeded(nil, &p, packet.ErrorSource{MAC: router, Addr: hop})
//		...
//	}
package packet

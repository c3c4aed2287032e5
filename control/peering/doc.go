// SPDX-License-Identifier: Apache-2.0

// Package peering sees to it that chassis which share a network know each
// other before a route between them is plugged. It computes from the View who
// shares a network with whom, hands each chassis the changes through a Stream,
// and takes its acknowledgements. It sends nothing itself and knows no tunnel.
//
//	p := peering.New()
//	hub := control.New(control.Config{Peers: p, ...})
//
// and for each switch that follows, in one goroutine:
//
//	s := p.Attach(id)
//	defer s.Close()
//	for sequence := uint64(1); ; sequence++ {
//		if u, ok := s.Take(sequence); ok { /* send it under that number */ }
//		<-s.Changed()
//	}
//
// Beside that it hands each chassis the endpoints of the overlay networks that it
// has endpoints of itself, and no others: a change of one costs a message to each
// of these chassis, and nothing for each pair of them. Nobody waits for those.
//
// Two chassis that share no network become peers when a packet between them asks,
// as a group or a link lets them talk, and stay so as long as these could.
//
// A chassis that joins a network of m chassis becomes a peer of all of them:
// that costs m messages, and cannot cost less, as each must learn of it.
package peering

// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"context"
	"time"

	"github.com/linkspan/linkspan/bench/ofload"
	"github.com/linkspan/linkspan/wire/openflow"
)

// ConnectLearning connects switches to a controller that learns addresses from
// packets, and teaches it those of all hosts.
func ConnectLearning(ctx context.Context, address string, size Size) (Switches, error) {
	l, err := ConnectEcho(ctx, address, size)
	if err != nil {
		return nil, err
	}
	if err := teach(ctx, l, size); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// ConnectEcho connects switches to an ofload.Responder.
func ConnectEcho(ctx context.Context, address string, size Size) (Switches, error) {
	if err := size.Validate(); err != nil {
		return nil, err
	}
	return dialAll(ctx, size.Switches, size.Hosts, func(s int) ofload.Options {
		return ofload.Options{Address: address, DPID: uint64(s)}
	})
}

// teach has every host send to a stranger, which a learning switch floods.
func teach(ctx context.Context, l Switches, size Size) error {
	err := l.ask(func(s int) []ofload.Question {
		list := make([]ofload.Question, size.Hosts)
		for i := range list {
			list[i] = ofload.Question{From: host(s, i+1), To: stranger(), Out: openflow.PortFlood}
		}
		return list
	})
	if err != nil {
		return err
	}
	// Half a second is time enough to go through the hosts many times.
	r, err := ofload.Run(ctx, l, ofload.Load{Window: 4, Duration: 500 * time.Millisecond, Drain: 5 * time.Second})
	if err != nil {
		return err
	}
	return r.Faults.Err()
}

// AskLearning prepares questions that a learning switch answers with one flow,
// for the whole conversation in the asking direction, and the packet.
func AskLearning(l Switches, size Size) error {
	return l.ask(func(s int) []ofload.Question {
		return questions(s, size.Hosts, func(from, to ofload.Host) []ofload.Flow {
			return []ofload.Flow{{From: from, To: to, Out: to.Port, Link: true}}
		})
	})
}

// AskEcho prepares questions that are answered as Linkspan answers on one
// chassis: with both directions, and the packet.
func AskEcho(l Switches, size Size) error {
	return l.ask(func(s int) []ofload.Question {
		return questions(s, size.Hosts, func(from, to ofload.Host) []ofload.Flow {
			return []ofload.Flow{{From: from, To: to, Out: to.Port}, {From: to, To: from, Out: from.Port}}
		})
	})
}

// questions between the hosts of switch s.
func questions(s, hosts int, flows func(from, to ofload.Host) []ofload.Flow) []ofload.Question {
	var list []ofload.Question
	for _, p := range pairs(hosts) {
		from, to := host(s, p[0]), host(s, p[1])
		list = append(list, ofload.Question{From: from, To: to, Out: to.Port, Flows: flows(from, to)})
	}
	return list
}

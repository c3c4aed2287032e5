// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// subject is a pair of endpoints behind a controller.
type subject struct {
	name    string
	from    *prober
	to      netip.Addr
	bridges []*bridge // that have flows of the pair
	lost    int       // trials in which no answer came
	warm    int       // first packets that no controller was asked about
}

// hots is how many packets after the first one are measured.
const hots = 5

// sample is one trial.
type sample struct {
	first, next time.Duration
	lost        bool // one of the packets was
	warm        bool // the first packet passed, and left no flows
}

// trial deletes the pair's flows, and measures a first packet and, a pause later,
// hot ones.
func (s *subject) trial(pause time.Duration) (sample, error) {
	for _, b := range s.bridges {
		if err := b.forget(); err != nil {
			return sample{}, fmt.Errorf("%s: delete flows: %w", s.name, err)
		}
	}
	time.Sleep(pause)
	first, err := s.from.echo(s.to)
	if errors.Is(err, errLost) {
		return sample{lost: true}, s.wait(settleTime)
	}
	if err != nil {
		return sample{}, fmt.Errorf("%s: first packet: %w", s.name, err)
	}
	if asked, err := s.asked(); !asked {
		return sample{warm: true}, err
	}
	time.Sleep(pause) // what plugging leaves to be done is not a hot packet's cost
	times := make([]time.Duration, hots)
	for i := range times {
		times[i], err = s.from.echo(s.to)
		if errors.Is(err, errLost) {
			return sample{lost: true}, s.wait(settleTime)
		}
		if err != nil {
			return sample{}, fmt.Errorf("%s: next packet: %w", s.name, err)
		}
	}
	return sample{first: first, next: middle(times)}, nil
}

// asked says whether the controller was: every bridge has flows again. Flows
// of the way back may come after the packet.
func (s *subject) asked() (bool, error) {
	for _, b := range s.bridges {
		for until := time.Now().Add(patience); ; {
			n, err := b.count()
			if err != nil {
				return false, fmt.Errorf("%s: count flows: %w", s.name, err)
			}
			if n > 0 {
				break
			}
			if time.Now().After(until) {
				return false, nil
			}
		}
	}
	return true, nil
}

// wait tries until a packet comes back.
func (s *subject) wait(limit time.Duration) error {
	for until := time.Now().Add(limit); ; {
		_, err := s.from.echo(s.to)
		if err == nil {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
}

func (s *subject) close() error {
	err := s.from.close()
	for _, b := range s.bridges {
		err = errors.Join(err, b.close())
	}
	return err
}

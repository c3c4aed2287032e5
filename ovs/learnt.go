// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
)

// Learnt is a station that the bridge has learnt, where the action NORMAL is used.
type Learnt struct {
	OFPort uint32 // of the first device of the port; 0 for the bridge's own
	VLAN   uint16 // 0 for none
	MAC    linkspan.MAC
	Age    time.Duration // since its last frame, in whole seconds
	Static bool          // it was not learnt, but told
}

// Learnt returns the stations that the bridge has learnt (ovs-vswitchd(8), fdb/show), in no
// order. Errors: Unavailable.
func (s *Switch) Learnt(ctx context.Context) ([]Learnt, error) {
	answer, err := s.control(ctx, "fdb/show", s.cfg.Bridge)
	if err != nil {
		return nil, fmt.Errorf("stations of %s: %w", s.cfg.Bridge, err)
	}
	return parseLearnt(answer)
}

// parseLearnt reads a heading, and a line for each station: port, VLAN, address, age.
func parseLearnt(text string) ([]Learnt, error) {
	var all []Learnt
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0] == "port" {
			continue
		}
		l, err := parseStation(f)
		if err != nil {
			return nil, fmt.Errorf("station %q: %w", strings.TrimSpace(line), err)
		}
		all = append(all, l)
	}
	return all, nil
}

func parseStation(f []string) (l Learnt, err error) {
	if len(f) != 4 {
		return l, fmt.Errorf("%d fields instead of 4", len(f))
	}
	if f[0] != "LOCAL" {
		n, err := strconv.ParseUint(f[0], 10, 16)
		if err != nil {
			return l, fmt.Errorf("port: %w", err)
		}
		l.OFPort = uint32(n)
	}
	vlan, err := strconv.ParseUint(f[1], 10, 12)
	if err != nil {
		return l, fmt.Errorf("vlan: %w", err)
	}
	l.VLAN = uint16(vlan)
	if l.MAC, err = linkspan.ParseMAC(f[2]); err != nil {
		return l, err
	}
	if l.Static = f[3] == "static"; l.Static {
		return l, nil
	}
	age, err := strconv.ParseUint(f[3], 10, 31)
	if err != nil {
		return l, fmt.Errorf("age: %w", err)
	}
	l.Age = time.Duration(age) * time.Second
	return l, nil
}

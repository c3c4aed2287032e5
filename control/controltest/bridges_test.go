// SPDX-License-Identifier: Apache-2.0

package controltest_test

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/view"
)

func (s *stage) bridge(w []string) error {
	idle, err := time.ParseDuration(w[2])
	if err != nil {
		return err
	}
	n := &linkspan.Network{
		ID: linkspan.NetworkID(len(s.networks) + 1), Name: w[3] + "/" + w[0], Subnet: netip.MustParsePrefix(w[1]), Idle: idle,
		Driver: linkspan.Bridge, Chassis: s.chassis[w[3]], Local: w[0],
	}
	n.ApplyDefaults()
	s.networks[w[0]] = n
	s.hub.Update(view.PutNetwork(n))
	return nil
}

func (s *stage) on(w []string) error {
	port, err := strconv.Atoi(w[3])
	if err != nil {
		return err
	}
	n := s.networks[w[1]]
	e := &linkspan.LocalEndpoint{
		Chassis: n.Chassis, ID: w[0], Network: n.Local, Container: w[0], Address: netip.MustParseAddr(w[2]), Port: uint32(port),
	}
	s.mu.Lock()
	s.endpoints[w[0]] = linkspan.OnBridge(n, e)
	s.mu.Unlock()
	s.hub.Update(view.PutLocalEndpoint(e))
	return nil
}

func (s *stage) off(w []string) error {
	s.hub.Update(view.RemoveLocalEndpoint(s.endpoints[w[0]].Chassis, w[0]))
	return nil
}

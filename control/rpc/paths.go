// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"slices"
	"strings"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// learnPaths stores what a chassis's probes say. They are stored, and not only
// kept, so that a controller that starts anew takes running direct routes for
// what they are.
func (s *Server) learnPaths(ctx context.Context, id linkspan.ChassisID, m *apiv1.Paths) error {
	if m == nil {
		return nil
	}
	old, now, err := s.store.UpdatePaths(ctx, id, func(p linkspan.Paths) linkspan.Paths {
		return s.revisePaths(p, m)
	})
	if err != nil {
		return err
	}
	v := s.hub.View()
	var lost []string
	for _, to := range old.To {
		if !now.Proved(to) && s.mayUsePath(id, to) {
			lost = append(lost, v.ChassisName(to))
		}
	}
	if len(lost) > 0 {
		s.event(ctx, linkspan.PathLost, v.ChassisName(id),
			"no direct path to "+strings.Join(lost, ", ")+" any more; the tunnel is used where the network allows it")
	}
	return nil
}

// revisePaths takes a report in. A peer whose switch process is away answers no
// probe, although its datapath goes on: the word of such a loss is not taken,
// that peer tells itself when it is back.
func (s *Server) revisePaths(p linkspan.Paths, m *apiv1.Paths) linkspan.Paths {
	if m.GetNone() {
		p.To = nil
		return p
	}
	for _, number := range m.GetProved() {
		if id := linkspan.ChassisID(number); s.mayUsePath(p.From, id) {
			p = p.Set(id, true)
		}
	}
	for _, number := range m.GetLost() {
		if id := linkspan.ChassisID(number); s.peering.Following(id) {
			p = p.Set(id, false)
		}
	}
	for _, id := range slices.Clone(p.To) {
		if !s.mayUsePath(p.From, id) { // not a peer any more
			p = p.Set(id, false)
		}
	}
	return p
}

// mayUsePath says whether two chassis are peers, or may have been made so by a packet
// that this controller, which has just started, does not know of: what runs between
// them goes on.
func (s *Server) mayUsePath(a, b linkspan.ChassisID) bool {
	return s.peering.Share(a, b) || s.hub.View().MayTalk(a, b)
}

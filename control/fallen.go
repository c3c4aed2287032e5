// SPDX-License-Identifier: Apache-2.0

package control

import (
	"net/netip"

	"github.com/linkspan/linkspan/control/pipeline"
	"github.com/linkspan/linkspan/control/view"
)

// appendFlush appends what makes a switch forget the connections that something which
// fell let through: once for each pair.
func appendFlush(b []byte, v *view.View, fallen []pipeline.Standing) []byte {
	at, list := make(map[fallenPair]int), []pipeline.Fallen(nil)
	for i := range fallen {
		s := &fallen[i]
		leg, ok := s.Leg(v)
		if !ok || s.Kind == pipeline.KindRoute || s.Strays { // nothing is known by it
			continue
		}
		pair, back := fallenPair{s.From, s.To, s.Outside}, false
		n, there := at[pair]
		if !there {
			n, back = at[fallenPair{s.To, s.From, s.Outside}]
		}
		if !there && !back {
			n = len(list)
			at[pair], list = n, append(list, pipeline.Fallen{Leg: leg})
		}
		switch f := &list[n]; {
		case s.Kind == pipeline.KindTracked:
			f.All = true
		case back:
			f.Back = append(f.Back, s.Class)
		default:
			f.There = append(f.There, s.Class)
		}
	}
	return pipeline.AppendFlush(b, 0, list)
}

// fallenPair is the ends between which something fell.
type fallenPair struct {
	from, to view.Key
	outside  netip.Prefix
}

// SPDX-License-Identifier: Apache-2.0

package control

import (
	"iter"
	"sync/atomic"

	"github.com/linkspan/linkspan"
)

// page is how many chassis numbers one part of the table covers.
const page = 256

// datapaths are the sessions by the number of their chassis: 16 bits. Reading
// takes no lock and costs two loads, putting one costs its own size, however
// many there are. The zero value is empty. Writers hold the Hub's update.
type datapaths struct {
	pages [1 << 16 / page]atomic.Pointer[[page]atomic.Pointer[datapath]]
}

// get returns the session of a chassis, or nil.
func (t *datapaths) get(id linkspan.ChassisID) *datapath {
	p := t.pages[id/page].Load()
	if p == nil {
		return nil
	}
	return p[id%page].Load()
}

// put makes d the session of a chassis; nil takes it away.
func (t *datapaths) put(id linkspan.ChassisID, d *datapath) {
	p := t.pages[id/page].Load()
	if p == nil {
		p = new([page]atomic.Pointer[datapath])
		t.pages[id/page].Store(p)
	}
	p[id%page].Store(d)
}

// all yields every session, by the number of its chassis.
func (t *datapaths) all() iter.Seq[*datapath] {
	return func(yield func(*datapath) bool) {
		for i := range t.pages {
			p := t.pages[i].Load()
			if p == nil {
				continue
			}
			for k := range p {
				if d := p[k].Load(); d != nil && !yield(d) {
					return
				}
			}
		}
	}
}

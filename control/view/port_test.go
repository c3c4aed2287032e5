// SPDX-License-Identifier: Apache-2.0

package view

import (
	"testing"
	"time"

	"github.com/linkspan/linkspan"
)

func reservedAt(second int64, e *linkspan.Endpoint) *linkspan.Endpoint {
	e.Created = time.Unix(second, 0)
	return e
}

// TestAPortHasOneEndpoint: a chassis gave the port of an endpoint that is gone
// to another before the gone one's address was released.
func TestAPortHasOneEndpoint(t *testing.T) {
	gone, fresh := reservedAt(1, endpoint(7, 2, 1, 11)), reservedAt(2, endpoint(8, 3, 1, 11))
	elsewhere := reservedAt(3, endpoint(7, 4, 2, 11))
	for name, order := range map[string][]Change{
		"as it happens":           {PutEndpoint(gone), PutEndpoint(fresh), PutEndpoint(elsewhere)},
		"as a store may list it":  {PutEndpoint(elsewhere), PutEndpoint(fresh), PutEndpoint(gone)},
		"the gone one comes late": {PutEndpoint(gone), PutEndpoint(fresh), PutEndpoint(gone), PutEndpoint(elsewhere)},
	} {
		t.Run(name, func(t *testing.T) {
			v, _ := new(View).Apply(order...)
			if e := v.Endpoint(KeyOf(gone)); e == nil || e.Attached() || e.MAC != gone.MAC {
				t.Errorf("the gone one is %+v", e)
			}
			if v.Endpoint(KeyOf(fresh)) != fresh || v.Endpoint(KeyOf(elsewhere)) != elsewhere {
				t.Error("the one that has the port, or one of another chassis, lost it")
			}
			if v.Member(7, 1) || !v.Member(8, 1) {
				t.Error("the chassis is not in the networks of those attached there")
			}
			if again, d := v.Apply(PutEndpoint(gone)); !d.Empty() || again.Endpoint(KeyOf(fresh)) != fresh {
				t.Errorf("putting it again changes %+v", d)
			}
			after, _ := v.Apply(RemoveEndpoint(7, gone.Address))
			if after.Endpoint(KeyOf(fresh)) != fresh || takenPorts(after) != 2 {
				t.Error("its removal takes the port away")
			}
		})
	}
}

func TestAPortIsFreeWhenItsEndpointMoved(t *testing.T) {
	a := endpoint(7, 2, 1, 11)
	moved := endpoint(7, 2, 1, 12)
	b := endpoint(7, 3, 1, 11)
	v, _ := new(View).Apply(PutEndpoint(a), PutEndpoint(moved), PutEndpoint(b))
	if v.Endpoint(KeyOf(a)) != moved || v.Endpoint(KeyOf(b)) != b {
		t.Error("one of them lost its port")
	}
}

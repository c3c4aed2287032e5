// SPDX-License-Identifier: Apache-2.0

package cnm_test

import (
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/cnm/cnmtest"
)

func away() error { return &linkspan.Error{Code: linkspan.Unavailable, Message: "away"} }

// A Leave that fails is no error to Docker, survives a restart, and is done
// when Open vSwitch is back, also when no DeleteEndpoint ever comes.
func TestAFailedLeaveIsRepeated(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		w.Bridge.Fail = away
		must(t, script()[joined].do(limited(t), d))
		c := open(t, w)
		w.Bridge.Fail = nil
		c.Maintain(t.Context())
		e, err := c.Endpoint(endpointID)
		must(t, err)
		ports, _ := w.Bridge.Ports(t.Context())
		if e.Leaving != nil || e.SandboxKey != "" || len(ports) != 0 {
			t.Errorf("endpoint is %+v, ports are %v", e, ports)
		}
	})
}

// A container that goes while Open vSwitch is away leaves nothing, and keeps
// its port number from others until it is gone.
func TestRemovalsWaitForOpenVSwitch(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		w.Bridge.Fail = away
		for _, s := range script()[joined : joined+3] {
			must(t, s.do(limited(t), d))
		}
		if n := len(d.c.Endpoints()); n != 0 {
			t.Errorf("%d endpoints are shown", n)
		}
		w.Bridge.Fail = nil
		must(t, live(t.Context(), d, "next"))
		for _, s := range script()[joined+3:] {
			must(t, s.do(limited(t), d)) // the network has no endpoint that counts
		}
		time.Sleep(time.Minute)
		d.c.Maintain(t.Context())
		wantNothing(t, w, d.c)
	})
}

// Attempts become rarer.
func TestPausesBetweenAttemptsGrow(t *testing.T) {
	bubble(t, func(t *testing.T, w *cnmtest.World) {
		d := start(t, w)
		attempts := 0
		w.Bridge.Fail = func() error { attempts++; return away() }
		must(t, d.c.DeleteEndpoint(limited(t), networkID, endpointID))
		for range 600 {
			time.Sleep(time.Second)
			d.c.Maintain(t.Context())
		}
		// 1+2+4+8+16+32 s, then one a minute
		if attempts < 14 || attempts > 17 {
			t.Errorf("%d attempts in ten minutes", attempts)
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/linkspan/linkspan"
)

// TestSettle: what docker network create has made is in the fabric, and here of it, once
// the mirror has settled; nobody waits for what does not come.
func TestSettle(t *testing.T) {
	h := newHost(t).start()
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	for i := range 30 {
		name := fmt.Sprint("net", i)
		h.userCreates(name, fmt.Sprintf("10.7.%d.0/24", i))
		h.mirror.Settle(ctx)
		if !slices.ContainsFunc(h.fabric.Networks(), func(n linkspan.Network) bool { return n.Name == name }) {
			t.Fatalf("%s is not in the fabric", name)
		}
		if n, err := h.model.Network(h.docker.idOf(name)); err != nil || n.Name != name {
			t.Fatalf("%s is not bound: %+v, %v", name, n, err)
		}
	}
	h.fabric.change(func() { h.fabric.fault = errors.New("the controller is busy") })
	h.userCreates("late", "10.8.0.0/24")
	h.mirror.Settle(ctx) // which fails once
	h.mirror.Settle(ctx)
	h.bound("late")
	h.fabric.change(func() { h.fabric.connected = false })
	h.userCreates("away", "10.9.0.0/24")
	h.mirror.Settle(ctx)
	if ctx.Err() != nil {
		t.Error("it waits for a controller that is away")
	}
	h.stop()
	ended, end := context.WithCancel(t.Context())
	end()
	h.fabric.change(func() { h.fabric.connected = true })
	h.mirror.Settle(ended) // as nobody runs it
}

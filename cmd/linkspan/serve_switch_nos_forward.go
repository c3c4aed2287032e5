// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"runtime"

	"github.com/linkspan/linkspan/nos/apply/queue"
	"github.com/linkspan/linkspan/nos/forward"
	"github.com/linkspan/linkspan/nos/lldp"
)

// makeForward makes what keeps the flows of br-switch and the filters at its queues, and
// what speaks with the neighbours of its ports. They work while they run.
func (n *nos) makeForward() {
	n.flows = forward.New(forward.Options{Dial: n.switching.Channel, Access: n.composites.Access, Log: n.role.log})
	n.forward = n.flows
	n.queues = queue.New(queue.Options{Log: n.role.log})
	n.queue = n.queues
	n.neighbours = lldp.New(lldp.Options{
		Description: fmt.Sprintf("Linkspan %s, %s %s", version, runtime.GOOS, runtime.GOARCH), Log: n.role.log,
	})
	n.lldp = n.neighbours
}

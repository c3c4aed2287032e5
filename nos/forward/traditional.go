// SPDX-License-Identifier: Apache-2.0

package forward

import "github.com/linkspan/linkspan/wire/openflow"

// traditional is what the switch itself does with frames that package dispatch gives to nobody else: as
// a learning switch. Queues are
// chosen behind it, at the port (package queue).
func (b *builder) traditional() {
	b.to(TableDispatch, 0, new(openflow.Match), TableItself)
	b.to(TableItself, 0, new(openflow.Match), TableNormal)
	normal := openflow.Actions(nil).Output(openflow.PortNormal, 0)
	b.flow(TableNormal, 0, new(openflow.Match), openflow.Instructions(nil).Apply(normal))
}

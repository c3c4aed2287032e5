// SPDX-License-Identifier: Apache-2.0

package restore

import "github.com/linkspan/linkspan/wire/openflow"

// The xids of our messages: replies and refusals are told apart by them.
const (
	xidSetup   = 1 // nothing comes back but refusals
	xidWatch   = 2 // the flow monitor
	xidMeter   = 3 // a question for a meter
	xidRestore = 4 // meters put back
	xidBundle  = 5 // flows put back
	xidDoubt   = 6 // the barrier behind deletions
	xidPing    = 16
)

const (
	bundleID    = 1
	bundleFlags = openflow.BundleAtomic | openflow.BundleOrdered
)

// appendWatch begins a connection: nothing is to be told but flows.
func appendWatch(b []byte) []byte {
	b = (&openflow.Hello{Versions: 1 << openflow.Version}).Append(b, xidSetup)
	b = new(openflow.Async).Append(b, xidSetup)
	watch := openflow.FlowMonitorRequest{TableID: openflow.TableAll, Flags: openflow.MonitorInitial |
		openflow.MonitorAdd | openflow.MonitorDelete | openflow.MonitorModify |
		openflow.MonitorInstructions | openflow.MonitorOwn}
	return watch.Append(b, xidWatch)
}

func appendBarrier(b []byte, xid uint32) []byte { return new(openflow.BarrierRequest).Append(b, xid) }

func appendQuestions(b []byte, meters map[uint32]bool) []byte {
	for id := range meters {
		b = (&openflow.MeterRequest{MeterID: id, Config: true}).Append(b, xidMeter)
	}
	return b
}

// appendAll puts everything back: meters first, since flows refer to them and
// bundles do not take them, then all flows at once.
func (r *replica) appendAll(b []byte) []byte {
	for _, m := range r.meters {
		if m.known {
			mod := openflow.MeterMod{Command: openflow.MeterAdd, Flags: m.config.Flags, MeterID: m.config.MeterID, Bands: m.config.Bands}
			b = mod.Append(b, xidRestore)
		}
	}
	control := openflow.BundleControl{BundleID: bundleID, Command: openflow.BundleOpen, Flags: bundleFlags}
	b = control.Append(b, xidBundle)
	for key, f := range r.flows {
		b = openflow.AppendBundleAdd(b, xidBundle, bundleID, bundleFlags, f.mod(key))
	}
	control.Command = openflow.BundleCommit
	return control.Append(b, xidBundle)
}

// mod returns the message that installs the flow. A flow monitor does not tell
// flags; those that matter follow from the idle timeout: the end of a flow that
// ends by itself is told.
func (f flow) mod(key string) *openflow.FlowMod {
	mod := &openflow.FlowMod{
		Cookie: f.cookie, Command: openflow.FlowAdd, TableID: key[0], Priority: uint16(key[1])<<8 | uint16(key[2]),
		IdleTimeout: f.idle, Match: openflow.MatchView(key[3:]), Instructions: openflow.Instructions(f.instructions),
	}
	if f.idle > 0 {
		mod.Flags = openflow.FlowSendRemoved
	}
	return mod
}

// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/linkspan/linkspan/ovs/restore"
)

// Kept collects how the copy of the bridge's flows fares, which goes back when
// ovs-vswitchd lost them; see [restore.Keeper.Stats].
type Kept func() restore.Stats

var _ prometheus.Collector = Kept(nil)

var (
	keptWatching = newGauge("linkspan_switch_flows_watched", "1 while the copy of the bridge's flows follows the bridge.")
	keptFlows    = newGauge("linkspan_switch_flows_kept", "Flows of the bridge in the copy that goes back when ovs-vswitchd lost them.")
	keptBytes    = newGauge("linkspan_switch_flows_kept_bytes", "Memory that the copy takes, about.")
	keptLeft     = newGauge("linkspan_switch_flows_left", "Flows that did not fit into the copy since it began.")
	restored     = newCounter("linkspan_switch_flows_restored_total", "How often flows went back because ovs-vswitchd had lost them.")
	unrestored   = newCounter("linkspan_switch_flows_restore_failures_total", "How often ovs-vswitchd refused the flows that were to go back.")
)

// Describe implements prometheus.Collector.
func (k Kept) Describe(ch chan<- *prometheus.Desc) {
	for _, f := range []family{keptWatching, keptFlows, keptBytes, keptLeft, restored, unrestored} {
		ch <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (k Kept) Collect(ch chan<- prometheus.Metric) {
	s := k()
	send(ch, keptWatching, truth(s.Watching))
	send(ch, keptFlows, s.Flows)
	send(ch, keptBytes, s.Bytes)
	send(ch, keptLeft, s.Left)
	send(ch, restored, s.Restored)
	send(ch, unrestored, s.Failed)
}

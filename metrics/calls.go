// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// callBuckets are seconds: from a read in memory to a call that is given up.
var callBuckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 30}

// Calls counts calls by what was called and how it ended, with what they took.
// It is a collector, and its method Observe is handed to whom it is to watch.
type Calls struct{ *prometheus.HistogramVec }

// RPCCalls counts the calls of a controller's API.
func RPCCalls() Calls {
	return calls("linkspan_controller_rpc_duration_seconds",
		"Seconds that calls of the API took, by method and code; streams are counted at their end, apart.", "method", "code")
}

// PluginCalls counts the calls that Docker makes on a switch.
func PluginCalls() Calls {
	return calls("linkspan_switch_plugin_call_duration_seconds",
		"Seconds that Docker's calls of the plugin took, by operation and result (ok, or error).", "operation", "result")
}

// ServiceCalls counts the calls of services in containers of a switch, through their composites.
func ServiceCalls() Calls {
	return calls("linkspan_switch_service_call_duration_seconds",
		"Seconds that calls of services in containers took, by composite and service, and result (ok, or the code of an error).", "service", "result")
}

func calls(name, help, what, end string) Calls {
	return Calls{prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: callBuckets}, []string{what, end})}
}

// Observe counts a call.
func (c Calls) Observe(what, end string, took time.Duration) {
	c.WithLabelValues(what, end).Observe(took.Seconds())
}

// Events counts what happened, by kind.
type Events struct{ *prometheus.CounterVec }

// RPCStreams counts the streams of a controller's API that have ended.
func RPCStreams() Events {
	return events("linkspan_controller_rpc_streams_total", "Streams of the API that have ended, by method and code.", "method", "code")
}

// FabricEvents counts what the sessions of a controller report, such as a switch
// that connected, was lost, or was refused.
func FabricEvents() Events {
	return events("linkspan_controller_events_total", "Events of the sessions with switches, by kind.", "kind")
}

func events(name, help string, labels ...string) Events {
	return Events{prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)}
}

// Count counts one.
func (e Events) Count(labels ...string) { e.WithLabelValues(labels...).Inc() }

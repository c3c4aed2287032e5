// SPDX-License-Identifier: Apache-2.0

package metrics

import "github.com/prometheus/client_golang/prometheus"

// family is the metrics of one name that a collector reads from elsewhere.
type family struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

func newCounter(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.CounterValue}
}

func newGauge(name, help string, labels ...string) family {
	return family{prometheus.NewDesc(name, help, labels, nil), prometheus.GaugeValue}
}

// number is what a metric's value may be read as.
type number interface{ ~int | ~int64 | ~uint64 }

// send sends a metric of the family f.
func send[N number](ch chan<- prometheus.Metric, f family, value N, labels ...string) {
	ch <- prometheus.MustNewConstMetric(f.desc, f.kind, float64(value), labels...)
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

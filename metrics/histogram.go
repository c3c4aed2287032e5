// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/linkspan/linkspan/control"
)

func newHistogram(name, help string) family {
	return family{desc: prometheus.NewDesc(name, help, nil, nil)}
}

// sendHistogram sends what a plane's own histogram holds.
func sendHistogram(ch chan<- prometheus.Metric, f family, l *control.Latency) {
	counts, sum := l.Read()
	buckets := make(map[float64]uint64, len(counts))
	var total uint64
	for i, n := range counts {
		total += n
		if limit := control.LatencyLimit(i); limit > 0 {
			buckets[limit.Seconds()] = total
		}
	}
	ch <- prometheus.MustNewConstHistogram(f.desc, total, sum.Seconds(), buckets)
}

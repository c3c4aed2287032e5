// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"fmt"
	"net/http"
	"runtime"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Page serves /metrics, /healthz and /readyz of one process. Its methods may be
// called concurrently, and while it serves.
type Page struct {
	registry *prometheus.Registry
	mux      *http.ServeMux

	mu     sync.Mutex
	probes []*Probe
}

var _ http.Handler = (*Page)(nil)

// NewPage returns a page with the metrics of the Go runtime and the process, and
// the version of the program.
func NewPage(version string) *Page {
	p := &Page{registry: prometheus.NewPedanticRegistry(), mux: http.NewServeMux()}
	p.Register(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build(version))
	p.mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{Registry: p.registry}))
	p.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	p.mux.HandleFunc("GET /readyz", p.ready)
	return p
}

// build is always 1; what it says is in its labels.
func build(version string) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "linkspan_build_info", Help: "Always 1; the labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()},
	}, func() float64 { return 1 })
}

// Register adds metrics to the page. It panics when two have one name: that is
// a fault of the program.
func (p *Page) Register(all ...prometheus.Collector) { p.registry.MustRegister(all...) }

// Unregister takes metrics off the page again.
func (p *Page) Unregister(all ...prometheus.Collector) {
	for _, c := range all {
		p.registry.Unregister(c)
	}
}

// ServeHTTP serves the page.
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) { p.mux.ServeHTTP(w, r) }

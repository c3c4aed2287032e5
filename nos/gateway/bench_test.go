// SPDX-License-Identifier: Apache-2.0

package gateway_test

import (
	"context"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/linkspan/linkspan/nos/gateway"
)

// What a call through the gateway costs over calling the member itself, both by sockets: in turns,
// so that what the machine does beside it is the same for both.
func BenchmarkCallOverDirect(b *testing.B) {
	dir := folder(b)
	dns := gateway.NewBackend(dir)
	b.Cleanup(func() { dns.Drain(context.Background()) })
	serve(b, dir, "dns.sock", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"leases":[]}`) }))
	_, through := open(b, gateway.Options{}, edge(dns), all())
	direct := client(b, filepath.Join(dir, "dns.sock"))
	var with, without []time.Duration
	for b.Loop() {
		without = append(without, timed(b, direct, "http://dns/leases"))
		with = append(with, timed(b, through, "http://gateway/v1/dns/leases"))
	}
	slices.Sort(with)
	slices.Sort(without)
	a, c := without[len(without)/2], with[len(with)/2]
	b.ReportMetric(float64(a.Nanoseconds())/1e3, "µs-direct")
	b.ReportMetric(float64(c.Nanoseconds())/1e3, "µs-through")
	b.ReportMetric(float64((c-a).Nanoseconds())/1e3, "µs-over")
}

func timed(b *testing.B, c *http.Client, to string) time.Duration {
	b.Helper()
	began := time.Now()
	r, _ := http.NewRequestWithContext(b.Context(), http.MethodGet, to, nil)
	a, err := c.Do(r)
	if err != nil || a.StatusCode != http.StatusOK {
		b.Fatal(a, err)
	}
	_, _ = io.Copy(io.Discard, a.Body)
	a.Body.Close()
	return time.Since(began)
}

// SPDX-License-Identifier: Apache-2.0

package metrics_test

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/linkspan/linkspan/metrics"
	"github.com/linkspan/linkspan/ovs/restore"
)

// Run with -update to rewrite the table in the guide; read the difference.
var update = flag.Bool("update", false, "rewrite the table of metrics")

const guide = "../docs/guide/observe.md"

// The marks around the table.
const (
	begin = "<!-- metrics: made by go test ./metrics -update -->\n"
	end   = "<!-- end of metrics -->\n"
)

// full is a page with the metrics of both roles.
func full(t *testing.T) *metrics.Page {
	page := metrics.NewPage("test")
	hub := newHub(t)
	rpc, streams, events, plugin, service := metrics.RPCCalls(), metrics.RPCStreams(), metrics.FabricEvents(), metrics.PluginCalls(), metrics.ServiceCalls()
	page.Register(rpc, streams, events, metrics.Controller{Hub: hub, Revision: func() uint64 { return 7 }, FlowLog: flowLog{}})
	page.Register(plugin, service, newHost(), metrics.Kept(func() restore.Stats { return restore.Stats{} }))
	rpc.Observe("NetworkService/Create", "ok", time.Millisecond)
	streams.Count("RouteService/Watch", "canceled")
	events.Count("switch.connected")
	plugin.Observe("NetworkDriver.Join", "ok", time.Millisecond)
	service.Observe("edge/dns", "ok", time.Millisecond)
	return page
}

// flowLog is a log that has done something of each kind.
type flowLog struct{}

func (flowLog) Counts() (written, lost, failed uint64) { return 3, 2, 1 }

// scrape reads a page as Prometheus does.
func scrape(t *testing.T, page *metrics.Page) map[string]*dto.MetricFamily {
	t.Helper()
	code, text := get(t, page, "/metrics")
	if code != 200 {
		t.Fatalf("%d %s", code, text)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return families
}

// The guide's table has every metric of ours, as it is scraped; and the names
// follow Prometheus's conventions.
func TestGuideListsEveryMetric(t *testing.T) {
	families := scrape(t, full(t))
	text, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := bytes.Cut(text, []byte(begin))
	_, tail, closed := bytes.Cut(rest, []byte(end))
	if !found || !closed {
		t.Fatalf("%s has no place for the table", guide)
	}
	want := slices.Concat(head, []byte(begin), table(families), []byte(end), tail)
	if *update {
		if err := os.WriteFile(guide, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(text), string(want)); diff != "" {
		t.Errorf("run with -update when this is meant:\n%s", diff)
	}
}

func TestNamesFollowTheConventions(t *testing.T) {
	problems, err := promlint.NewWithMetricFamilies(slices.Collect(maps.Values(scrape(t, full(t))))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "linkspan_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
}

func table(families map[string]*dto.MetricFamily) []byte {
	var b bytes.Buffer
	fmt.Fprint(&b, "\n| metric | type | labels | what it says |\n|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(families)) {
		if !strings.HasPrefix(name, "linkspan_") {
			continue
		}
		f := families[name]
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, "`"+l.GetName()+"`")
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", name, strings.ToLower(f.GetType().String()), strings.Join(labels, " "), f.GetHelp())
	}
	fmt.Fprintln(&b)
	return b.Bytes()
}

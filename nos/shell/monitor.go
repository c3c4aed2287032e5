// SPDX-License-Identifier: Apache-2.0

package shell

import (
	"context"
	"fmt"
	"strings"
	"time"

	"connectrpc.com/connect"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/nos/show"
)

// readings is how many readings are printed where there is no terminal, if nothing is said.
const readings = 2

func (s *Shell) monitorWord(interfaces func(context.Context) []string) *word {
	count := &word{name: "count", help: "Only some readings, one a second", next: []*word{{arg: "COUNT", help: "How many", run: s.monitor}}}
	name := &word{arg: "INTERFACE", help: "Only this one", values: interfaces, next: []*word{count}, run: s.monitor}
	return &word{name: "interface", help: "Live counters", next: []*word{count, name}, run: s.monitor}
}

// monitor prints counters again and again; at a terminal each reading in the place of the one before.
func (s *Shell) monitor(ctx context.Context, c *call) error {
	left, err := c.whole("count")
	if err != nil {
		return err
	}
	forever := left == 0 && s.console != nil
	if left == 0 {
		left = readings
	}
	r := &apiv1.OperateServiceMonitorRequest{}
	if name := c.args["INTERFACE"]; name != "" {
		r.Interfaces = []string{name}
	}
	stream, err := s.operate.Monitor(ctx, connect.NewRequest(r))
	if err != nil {
		return err
	}
	defer stream.Close() //nolint:errcheck // it goes on for ever
	var before *apiv1.OperateServiceMonitorResponse
	live := s.console != nil && len(c.filter.stages) == 0 && c.filter.form == ""
	for ; forever || left > 0; left-- {
		if !stream.Receive() {
			return stream.Err()
		}
		report := rates(before, stream.Msg())
		if err := s.reading(c, report, live, before == nil); err != nil {
			return err
		}
		before = stream.Msg()
	}
	return nil
}

// reading prints one reading.
func (s *Shell) reading(c *call, r show.Report, live, first bool) error {
	if c.filter.form == "json" {
		text, err := r.JSON()
		if err != nil {
			return err
		}
		return c.out.print(string(text))
	}
	if live {
		return s.console.redraw(r.Text(s.console.width()), first)
	}
	return c.out.print(r.Text(c.out.width))
}

// rates returns how fast counters count between two readings; before may be nil.
func rates(before, now *apiv1.OperateServiceMonitorResponse) show.Report {
	was := map[string]*apiv1.InterfaceCounters{}
	for _, i := range before.GetInterfaces() {
		was[i.GetName()] = i
	}
	seconds := now.GetTime().AsTime().Sub(before.GetTime().AsTime()).Seconds()
	t := show.Table{Name: "interfaces", Columns: []string{"interface", "state", "rx_rate", "tx_rate", "rx_packets", "tx_packets", "errors", "dropped"}}
	for _, i := range now.GetInterfaces() {
		state := "down"
		if i.GetUp() {
			state = "up"
		}
		var rx, tx any
		if b := was[i.GetName()]; b != nil && seconds > 0 {
			rx, tx = rate(i.GetRxBytes()-b.GetRxBytes(), seconds), rate(i.GetTxBytes()-b.GetTxBytes(), seconds)
		}
		t.Rows = append(t.Rows, []any{
			i.GetName(), state, rx, tx, i.GetRxPackets(), i.GetTxPackets(), i.GetRxErrors() + i.GetTxErrors(), i.GetRxDropped() + i.GetTxDropped(),
		})
	}
	return show.Report{Facts: []show.Fact{{Name: "time", Value: now.GetTime().AsTime().Local().Format(time.TimeOnly)}}, Tables: []show.Table{t}}
}

// rate is bytes in a time as bits a second, with a unit.
func rate(bytes uint64, seconds float64) string {
	bits := float64(bytes) * 8 / seconds
	for _, unit := range []string{"bit/s", "kbit/s", "Mbit/s"} {
		if bits < 1000 {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", bits), ".0") + " " + unit
		}
		bits /= 1000
	}
	return strings.TrimSuffix(fmt.Sprintf("%.1f", bits), ".0") + " Gbit/s"
}

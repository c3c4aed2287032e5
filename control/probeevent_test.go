// SPDX-License-Identifier: Apache-2.0

package control

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/control/decide"
)

// TestTidyEvents: switches tell in any order, and tables that sent the packet up, or to
// connection tracking, also say that they sent it nowhere else.
func TestTidyEvents(t *testing.T) {
	at := func(on linkspan.ChassisID, k ProbeEventKind, table string) ProbeEvent {
		return ProbeEvent{Chassis: on, Kind: k, Table: table, behind: table == "tracked" || table == "arrived"}
	}
	allowed := ProbeEvent{Chassis: 1, Kind: ProbeDecided, Verdict: decide.Allow}
	denied := ProbeEvent{Chassis: 1, Kind: ProbeDecided, Verdict: decide.Deny}
	for name, c := range map[string]struct {
		events  []ProbeEvent
		want    string
		outcome ProbeOutcome
	}{
		"nothing":     {nil, "", ProbeUnseen},
		"a route":     {[]ProbeEvent{at(2, ProbeDelivered, "deliver"), at(1, ProbeLeft, "route")}, "1 left route, 2 delivered deliver", ProbeArrived},
		"first":       {[]ProbeEvent{at(1, ProbeAsked, "route"), allowed, at(1, ProbeStopped, "route"), at(1, ProbeDelivered, "route")}, "1 asked route, 1 decided , 1 delivered route", ProbeArrived},
		"not plugged": {[]ProbeEvent{at(1, ProbeAsked, "route"), at(1, ProbeStopped, "route"), allowed}, "1 asked route, 1 decided ", ProbeWaiting},
		"denied":      {[]ProbeEvent{at(1, ProbeAsked, "route"), denied, at(1, ProbeStopped, "route")}, "1 asked route, 1 decided ", ProbeDenied},
		"a denial":    {[]ProbeEvent{at(1, ProbeStopped, "route")}, "1 stopped route", ProbeDropped},
		"lost":        {[]ProbeEvent{at(1, ProbeLeft, "route")}, "1 left route", ProbeLost},
		"tracked": {
			[]ProbeEvent{at(1, ProbeLeft, "tracked"), at(2, ProbeStopped, "deliver"), at(1, ProbeStopped, "route"), at(2, ProbeDelivered, "arrived")},
			"1 tracked route, 1 left tracked, 2 tracked deliver, 2 delivered arrived", ProbeArrived,
		},
		"tracked, and asked behind": {
			[]ProbeEvent{
				at(1, ProbeStopped, "route"), at(1, ProbeAsked, "tracked"), allowed, at(1, ProbeStopped, "tracked"),
				at(1, ProbeDelivered, "tracked"), at(1, ProbeStopped, "route"),
			},
			"1 tracked route, 1 asked tracked, 1 decided , 1 tracked route, 1 delivered tracked", ProbeArrived,
		},
		"a denial behind": {[]ProbeEvent{at(1, ProbeStopped, "tracked"), at(1, ProbeStopped, "route")}, "1 tracked route, 1 stopped tracked", ProbeDropped},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range c.events {
				c.events[i].After = time.Duration(i) * time.Millisecond
			}
			tidied := tidy(c.events, 1)
			var words []string
			for i, e := range tidied {
				words = append(words, fmt.Sprint(uint16(e.Chassis), " ", e.Kind, " ", e.Table))
				if i > 0 && e.After < tidied[i-1].After {
					t.Errorf("%s is before what comes before it", words[i])
				}
			}
			if got := strings.Join(words, ", "); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
			if got := outcomeOf(tidied); got != c.outcome {
				t.Errorf("outcome %s, want %s", got, c.outcome)
			}
		})
	}
}

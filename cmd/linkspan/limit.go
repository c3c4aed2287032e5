// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// limitsRow is what an endpoint may send and receive at most, as it is printed;
// nil where nothing is limited.
type limitsRow struct {
	Egress  string `json:"egress"`  // what the container sends
	Ingress string `json:"ingress"` // what it receives
}

// String is the form of a table.
func (l *limitsRow) String() string {
	if l == nil {
		return "-"
	}
	return "egress " + l.Egress + ", ingress " + l.Ingress
}

func newLimitsRow(m *apiv1.Limits) *limitsRow {
	if m.GetEgress() == 0 && m.GetIngress() == 0 {
		return nil
	}
	return &limitsRow{Egress: linkspan.Rate(m.GetEgress()).String(), Ingress: linkspan.Rate(m.GetIngress()).String()}
}

// typedLimits reads the limits among options.
func typedLimits(options map[string]string) (*apiv1.Limits, error) {
	l, err := linkspan.Limits{}.With(options)
	if err != nil || !l.Any() {
		return nil, err
	}
	return &apiv1.Limits{Egress: uint64(l.Egress), Ingress: uint64(l.Ingress)}, nil
}

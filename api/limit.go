// SPDX-License-Identifier: Apache-2.0

package api

import (
	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func limitsToProto(l linkspan.Limits) *apiv1.Limits {
	if !l.Any() {
		return nil
	}
	return &apiv1.Limits{Egress: uint64(l.Egress), Ingress: uint64(l.Ingress)}
}

func limitsFromProto(m *apiv1.Limits) linkspan.Limits {
	return linkspan.Limits{Egress: linkspan.Rate(m.GetEgress()), Ingress: linkspan.Rate(m.GetIngress())}
}

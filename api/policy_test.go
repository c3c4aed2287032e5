// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func TestPolicyBothWays(t *testing.T) {
	want := linkspan.Policy{
		ID: 7, Name: "web", Priority: 65535, Action: linkspan.PolicyReject, Log: true, Created: time.Unix(1000, 0).UTC(), Creator: "user/ada",
		From:  []linkspan.Selector{{Labels: map[string]string{"a": "b"}, Network: "n", Group: "g", Endpoint: "h1/c.n"}},
		To:    []linkspan.Selector{{CIDR: netip.MustParsePrefix("10.7.0.0/24")}},
		Ports: []linkspan.PolicyPorts{linkspan.WholeProtocol(47), {Protocol: linkspan.ProtocolTCP, First: 1, Last: 2}},
	}
	got, problems := PolicyFromProto(PolicyToProto(&want))
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" || len(problems) != 0 {
		t.Error(diff, problems)
	}
}

func TestPolicyThatCannotBeRead(t *testing.T) {
	_, problems := PolicyFromProto(&apiv1.Policy{
		Priority: 1 << 20, Action: "go", To: []*apiv1.PolicySelector{{}, {Cidr: "x"}}, Ports: []string{"tcp", "x"},
	})
	var paths []string
	for _, p := range problems {
		paths = append(paths, p.Path)
	}
	if diff := cmp.Diff([]string{"spec.to[1].cidr", "spec.priority", "spec.action", "spec.ports[1]"}, paths); diff != "" {
		t.Error(diff)
	}
}

func TestPolicyProblemsGoOverTheWire(t *testing.T) {
	if RefusePolicies(nil, nil) != nil || PolicyProblems(errors.New("x")) != nil {
		t.Error("nothing is wrong, and yet it is")
	}
	want := linkspan.Problem{Path: "spec.from[0].network", Message: "network x does not exist", Want: "another"}
	err := RefusePolicies([]*apiv1.PolicyProblem{PolicyProblemToProto(0, want), PolicyProblemToProto(1, want)}, []string{"web", "db"})
	if linkspan.CodeOf(FromRPC(err)) != linkspan.Invalid || linkspan.HintOf(FromRPC(err)) != "expected another" {
		t.Errorf("got %v", FromRPC(err))
	}
	if got := fmt.Sprint(FromRPC(err)); got != `policy "web": spec.from[0].network: network x does not exist (and 1 more)` {
		t.Errorf("got %s", got)
	}
	all := PolicyProblems(err)
	if len(all) != 2 || all[1].GetPolicy() != 1 || PolicyProblemFromProto(all[1]) != want {
		t.Errorf("got %v", all)
	}
}

// SPDX-License-Identifier: Apache-2.0

package api

import (
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// PolicyProblemToProto writes what is wrong with one of a request's policies.
func PolicyProblemToProto(policy int, p linkspan.Problem) *apiv1.PolicyProblem {
	return &apiv1.PolicyProblem{Policy: uint32(policy), Path: p.Path, Message: p.Message, Want: p.Want}
}

// RefusePolicies returns the error that tells all problems, of code Invalid; nil
// when there are none. names are those of the request's policies, for people.
func RefusePolicies(problems []*apiv1.PolicyProblem, names []string) error {
	if len(problems) == 0 {
		return nil
	}
	first := problems[0]
	name := ""
	if int(first.GetPolicy()) < len(names) {
		name = names[first.GetPolicy()]
	}
	err := linkspan.Problem{Path: first.GetPath(), Message: first.GetMessage(), Want: first.GetWant()}.Err("policy", name)
	if more := len(problems) - 1; more > 0 {
		err = &linkspan.Error{Code: linkspan.Invalid, Message: fmt.Sprintf("%v (and %d more)", err, more), Hint: linkspan.HintOf(err)}
	}
	var out *connect.Error
	if !errors.As(ToRPC(err), &out) {
		return err
	}
	for _, p := range problems {
		if detail, bad := connect.NewErrorDetail(p); bad == nil {
			out.AddDetail(detail)
		}
	}
	return out
}

// PolicyProblems returns the problems that an error of PolicyService tells.
func PolicyProblems(err error) (problems []*apiv1.PolicyProblem) {
	var rpc *connect.Error
	if !errors.As(err, &rpc) {
		return nil
	}
	for _, detail := range rpc.Details() {
		value, bad := detail.Value()
		if p, ok := value.(*apiv1.PolicyProblem); ok && bad == nil {
			problems = append(problems, p)
		}
	}
	return problems
}

// PolicyProblemFromProto reads a problem; of which policy it is, the message says.
func PolicyProblemFromProto(m *apiv1.PolicyProblem) linkspan.Problem {
	return linkspan.Problem{Path: m.GetPath(), Message: m.GetMessage(), Want: m.GetWant()}
}

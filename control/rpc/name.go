// SPDX-License-Identifier: Apache-2.0

package rpc

import (
	"context"
	"fmt"
	"net/netip"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/control/view"
	"github.com/linkspan/linkspan/trust"
)

// The bounds of a Resolve call, as the schema says.
const (
	maxNameQuestions = 64
	maxNameBearers   = 1024
)

type nameService struct{ *Server }

var _ apiv1connect.NameServiceHandler = nameService{}

// Resolve answers from the View, without the store.
func (s nameService) Resolve(ctx context.Context, req *connect.Request[apiv1.NameServiceResolveRequest]) (*connect.Response[apiv1.NameServiceResolveResponse], error) {
	if err := allow(ctx, trust.EndpointRead); err != nil {
		return nil, err
	}
	questions := req.Msg.GetQuestions()
	if len(questions) > maxNameQuestions {
		return nil, &linkspan.Error{
			Code: linkspan.Invalid, Message: fmt.Sprintf("%d questions in one call, above %d", len(questions), maxNameQuestions),
		}
	}
	v := s.hub.View()
	answers := make([]*apiv1.NameAnswer, len(questions))
	for i, q := range questions {
		var err error
		if answers[i], err = answerName(v, q); err != nil {
			return nil, err
		}
	}
	return connect.NewResponse(&apiv1.NameServiceResolveResponse{Answers: answers}), nil
}

func answerName(v *view.View, q *apiv1.NameQuestion) (*apiv1.NameAnswer, error) {
	network, answer := linkspan.NetworkID(q.GetNetwork()), new(apiv1.NameAnswer)
	if q.GetAddress() != "" {
		address, err := netip.ParseAddr(q.GetAddress())
		if err != nil {
			return nil, &linkspan.Error{Code: linkspan.Invalid, Err: err}
		}
		if e := v.Endpoint(view.Key{Network: network, Address: address.Unmap()}); e != nil && e.Joined() && e.Container != "" {
			answer.Bearers = []*apiv1.NameBearer{bearer(e)}
		}
		return answer, nil
	}
	for e := range v.Named(network, q.GetName()) {
		if len(answer.Bearers) == maxNameBearers {
			break
		}
		answer.Bearers = append(answer.Bearers, bearer(e))
	}
	return answer, nil
}

func bearer(e *linkspan.Endpoint) *apiv1.NameBearer {
	return &apiv1.NameBearer{Address: e.Address.String(), Container: e.Container}
}

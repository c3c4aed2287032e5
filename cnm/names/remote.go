// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"net/netip"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// Remote is the Source behind the API: the controller.
type Remote struct {
	client apiv1connect.NameServiceClient
}

var _ Source = Remote{}

// NewRemote asks through a client.
func NewRemote(client apiv1connect.NameServiceClient) Remote { return Remote{client} }

// Ask implements [Source] with one call.
func (r Remote) Ask(ctx context.Context, questions []Question) ([][]Bearer, error) {
	request := &apiv1.NameServiceResolveRequest{Questions: make([]*apiv1.NameQuestion, len(questions))}
	for i, q := range questions {
		request.Questions[i] = &apiv1.NameQuestion{Network: uint32(q.Network), Name: q.Name}
		if q.Address.IsValid() {
			request.Questions[i].Address = q.Address.String()
		}
	}
	response, err := r.client.Resolve(ctx, connect.NewRequest(request))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	answers := make([][]Bearer, len(response.Msg.GetAnswers()))
	for i, a := range response.Msg.GetAnswers() {
		if answers[i], err = bearers(a.GetBearers()); err != nil {
			return nil, err
		}
	}
	return answers, nil
}

func bearers(messages []*apiv1.NameBearer) ([]Bearer, error) {
	var out []Bearer
	for _, m := range messages {
		address, err := netip.ParseAddr(m.GetAddress())
		if err != nil {
			return nil, &linkspan.Error{Code: linkspan.Internal, Op: "resolve a name", Err: err}
		}
		out = append(out, Bearer{Address: address, Container: m.GetContainer()})
	}
	return out, nil
}

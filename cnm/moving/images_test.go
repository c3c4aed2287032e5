// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// middle hands what one host gives to the other, as the controller does.
type middle struct {
	apiv1connect.UnimplementedCarryServiceHandler
	pieces chan []byte
	whole  bool // the image came to its end
	breaks bool // it does not
}

func (m *middle) Give(_ context.Context, in *connect.ClientStream[apiv1.CarryServiceGiveRequest]) (*connect.Response[apiv1.CarryServiceGiveResponse], error) {
	defer close(m.pieces)
	for first := true; in.Receive(); first = false {
		if first && in.Msg().GetMove() != "m1" {
			return nil, connect.NewError(connect.CodeNotFound, errors.New("no such move"))
		}
		m.pieces <- in.Msg().GetData()
		m.whole = in.Msg().GetEnd() && !m.breaks
	}
	return connect.NewResponse(&apiv1.CarryServiceGiveResponse{}), in.Err()
}

func (m *middle) Take(_ context.Context, _ *connect.Request[apiv1.CarryServiceTakeRequest], out *connect.ServerStream[apiv1.CarryServiceTakeResponse]) error {
	for piece := range m.pieces {
		if err := out.Send(&apiv1.CarryServiceTakeResponse{Data: piece}); err != nil {
			return err
		}
	}
	if !m.whole {
		return api.ToRPC(&linkspan.Error{Code: linkspan.Unavailable, Message: "the other host is away"})
	}
	return out.Send(&apiv1.CarryServiceTakeResponse{End: true})
}

func (m *middle) serve(t *testing.T) apiv1connect.CarryServiceClient {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle(apiv1connect.NewCarryServiceHandler(m))
	s := httptest.NewUnstartedServer(mux)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(func() { transport.CloseIdleConnections(); s.Close() })
	return apiv1connect.NewCarryServiceClient(&http.Client{Transport: transport}, s.URL)
}

// An image goes from one dockerd to the other in pieces, is what was asked for,
// and bears its name there.
func TestImages(t *testing.T) {
	const id = "sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4"
	archive := string(saved(t, file{"manifest.json", manifest("own/app:1")}, file{layer, strings.Repeat("0123456789abcdef", chunk/10)})) // not whole pieces
	sifted := string(saved(t, file{"manifest.json", manifest()}, file{layer, strings.Repeat("0123456789abcdef", chunk/10)}))
	for name, test := range map[string]struct {
		breaks bool
		layers string // of what is loaded
		tag    string // that h2 has for another image
		fails  string
	}{
		"carried":        {layers: "sha256:layer"},
		"a taken name":   {layers: "sha256:layer", tag: "own/app:1"},
		"another image":  {layers: "sha256:other", fails: "another one"},
		"broken off":     {breaks: true, layers: "sha256:layer", fails: "the other host is away"},
		"nothing loaded": {fails: "No such thing"},
	} {
		t.Run(name, func(t *testing.T) {
			m := &middle{pieces: make(chan []byte), breaks: test.breaks}
			client := m.serve(t)
			d1, d2 := newDockerd(t), newDockerd(t)
			c1 := d1.put(inspected(t))
			d1.containers[c1]["Config"].(map[string]any)["Image"] = "own/app:1"
			d1.addImage(id, "own/app:1")
			d1.archive = archive
			if test.layers != "" {
				i := image{ID: "sha256:loaded", Architecture: "amd64"}
				i.RootFS.Layers = []string{test.layers}
				d2.loads[sifted] = i
			}
			if test.tag != "" {
				d2.images[test.tag] = image{ID: "sha256:elsewhere"}
			}
			h1, h2 := d1.host(t, "h1", Confined, client), d2.host(t, "h2", Confined, client)
			a := must(t, h1, &apiv1.CarryTask{What: &apiv1.CarryTask_Read{Read: &apiv1.CarryRead{
				Container: "full", Endpoint: endpointID(d1.containers[c1]),
			}}})
			gave := make(chan error, 1)
			go func() {
				_, err := h1.do(t.Context(), &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Give{Give: &apiv1.CarryGive{Container: c1}}})
				gave <- err
			}()
			got, err := h2.do(t.Context(), &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Take{Take: &apiv1.CarryTake{Spec: a.GetSpec()}}})
			if err := <-gave; err != nil {
				t.Errorf("it was not given: %v", err)
			}
			switch {
			case test.fails != "" && (err == nil || !strings.Contains(err.Error(), test.fails)):
				t.Errorf("it was taken: %v", err)
			case test.fails == "" && (err != nil || got.GetImage() != "sha256:loaded"):
				t.Errorf("it is %q, %v", got.GetImage(), err)
			}
			d2.mu.Lock()
			defer d2.mu.Unlock()
			if named := d2.images["own/app:1"].ID == "sha256:loaded"; named != (test.fails == "" && test.tag == "") {
				t.Errorf("its name is that of %q", d2.images["own/app:1"].ID)
			}
		})
	}
}

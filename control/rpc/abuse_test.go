// SPDX-License-Identifier: Apache-2.0

package rpc_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/trust"
)

// Nobody may make the controller read more than a request can be.
func TestOversizedRequests(t *testing.T) {
	h := build(t)
	nobody := h.connect(nil)
	big := make([]byte, 2<<20)
	_, err := nobody.Chassis.Join(t.Context(), connect.NewRequest(&apiv1.ChassisServiceJoinRequest{Csr: big}))
	refused(t, err, linkspan.Exhausted)
	squeezed := h.connect(nil, connect.WithSendGzip()) // a small message that becomes large
	_, err = squeezed.Chassis.Join(t.Context(), connect.NewRequest(&apiv1.ChassisServiceJoinRequest{Csr: big}))
	refused(t, err, linkspan.Exhausted)
	for _, size := range []int{17 << 10, 900 << 10} {
		_, err = nobody.Chassis.Join(t.Context(), connect.NewRequest(&apiv1.ChassisServiceJoinRequest{
			Token: h.token(1e12).Reveal(), Name: "h1", Csr: big[:size], Underlay: "192.0.2.1",
		}))
		refused(t, err, linkspan.Invalid)
	}
	_, err = nobody.Chassis.Join(t.Context(), connect.NewRequest(&apiv1.ChassisServiceJoinRequest{Token: "lsjoin1." + strings.Repeat("A", 900<<10)}))
	refused(t, err, linkspan.Invalid)
}

func TestMalformedRequests(t *testing.T) {
	h := build(t)
	admin := trust.TLS{Keeper: h.keeper(trust.Identity{Kind: trust.KindUser, Name: "ada", Role: trust.RoleAdmin})}
	client := &http.Client{Transport: h.transport(admin.ClientConfig(trust.KindController, ""))}
	for _, c := range []struct {
		what, method, path, kind, body string
		status                         int
	}{
		{"not JSON", "POST", apiv1connect.NetworkServiceCreateProcedure, "application/json", "{", 400},
		{"of another type", "POST", apiv1connect.NetworkServiceCreateProcedure, "application/json", `{"network": 7}`, 400},
		{"an unknown field", "POST", apiv1connect.NetworkServiceListProcedure, "application/json", `{"nope": 7}`, 200},
		{"not a message", "POST", apiv1connect.NetworkServiceCreateProcedure, "application/proto", "\xff\xff\xff", 400},
		{"unknown content", "POST", apiv1connect.NetworkServiceCreateProcedure, "text/plain", "hello", 415},
		{"unknown call", "POST", "/linkspan.v1.NetworkService/Nope", "application/json", "{}", 404},
		{"unknown path", "GET", "/", "", "", 404},
		{"reading what changes", "GET", apiv1connect.NetworkServiceCreateProcedure, "", "", 405},
		{"a stream cut short", "POST", apiv1connect.EventServiceWatchProcedure, "application/connect+json", "\x00\x00\x00", 200},
		{"not UTF-8", "POST", apiv1connect.NetworkServiceGetProcedure, "application/json", "{\"network\": \"\xff\"}", 400},
	} {
		t.Run(c.what, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), c.method, h.url+c.path, bytes.NewReader([]byte(c.body)))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Content-Type", c.kind)
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close() //nolint:errcheck // read only
			text, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != c.status {
				t.Errorf("got %s %q, %v, want status %d", resp.Status, text, err, c.status)
			}
		})
	}
	if _, err := h.local().Networks.List(t.Context(), connect.NewRequest(&apiv1.NetworkServiceListRequest{})); err != nil {
		t.Errorf("after all that: %v", err)
	}
}

func TestSystem(t *testing.T) {
	h := build(t)
	v, err := h.connect(nil).System.Version(t.Context(), connect.NewRequest(&apiv1.SystemServiceVersionRequest{}))
	if err != nil || v.Msg.GetVersion() != "1.2.3" {
		t.Errorf("got %v, %v", v, err)
	}
	c, err := h.user(trust.RoleViewer).System.Check(t.Context(), connect.NewRequest(&apiv1.SystemServiceCheckRequest{}))
	if err != nil || len(c.Msg.GetChecks()) != 1 {
		t.Errorf("got %v, %v", c, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/user"
	"strconv"

	"connectrpc.com/connect"
	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan/api/channel"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/control/rpc"
)

// localAPI is what a switch serves on its own socket: what concerns this host it
// answers itself, all else it passes to the controller, as this chassis and
// with the name of who typed it.
func localAPI(u *uplink, host hostService, here apiv1connect.HostServiceHandler) http.Handler {
	base, _ := url.Parse(channel.Base)
	proxy := &httputil.ReverseProxy{
		Transport:     u.http.Transport,
		FlushInterval: -1, // streams
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(base)
			r.Out.Header.Set(rpc.OnBehalfHeader, typist(r.In.Context()))
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusServiceUnavailable)
			_ = json.NewEncoder(w).Encode(map[string]string{ // nobody is left to be told
				"code": connect.CodeUnavailable.String(), "message": "the controller does not answer: " + err.Error(),
			})
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/", afterSettling(host.settle, proxy))
	mux.Handle(apiv1connect.NewSystemServiceHandler(host))
	mux.Handle(apiv1connect.NewHostServiceHandler(here))
	return mux
}

// hostService answers for this host.
type hostService struct {
	role   string
	checks func(context.Context) []*apiv1.Check
	settle func(context.Context) // what is passed on waits for it; nil: for nothing
}

var _ apiv1connect.SystemServiceHandler = hostService{}

// Version implements the service.
func (h hostService) Version(context.Context, *connect.Request[apiv1.SystemServiceVersionRequest]) (*connect.Response[apiv1.SystemServiceVersionResponse], error) {
	return connect.NewResponse(versionMessage(h.role)), nil
}

// Check implements the service.
func (h hostService) Check(ctx context.Context, _ *connect.Request[apiv1.SystemServiceCheckRequest]) (*connect.Response[apiv1.SystemServiceCheckResponse], error) {
	return connect.NewResponse(&apiv1.SystemServiceCheckResponse{Checks: h.checks(ctx)}), nil
}

func versionMessage(role string) *apiv1.SystemServiceVersionResponse {
	b := thisBuild()
	return &apiv1.SystemServiceVersionResponse{Version: b.Version, Commit: b.Commit, Go: b.Go, Role: role}
}

type typistKey struct{}

// knowTypist puts the name of the user behind a local connection into the
// context, for http.Server.ConnContext.
func knowTypist(ctx context.Context, conn net.Conn) context.Context {
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return ctx
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return ctx
	}
	var cred *unix.Ucred
	if bad := raw.Control(func(fd uintptr) {
		cred, err = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
	}); bad != nil || err != nil {
		return ctx
	}
	name := strconv.Itoa(int(cred.Uid))
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	return context.WithValue(ctx, typistKey{}, name)
}

func typist(ctx context.Context) string {
	name, _ := ctx.Value(typistKey{}).(string)
	return name
}

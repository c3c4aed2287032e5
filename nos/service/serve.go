// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
)

// servicesOf are the services that a member offers. An image that says nothing of itself offers one,
// named as the member, that answers at a socket of that name.
func servicesOf(s linkspan.CompositeMember, i image, backend *gateway.Backend) []gateway.Service {
	if !i.labelled {
		return []gateway.Service{{Member: s.Name, Backend: backend, ServiceManifest: linkspan.ServiceManifest{Name: s.Name, Socket: s.Name + ".sock"}}}
	}
	var list []gateway.Service
	for _, one := range i.manifest.Services {
		list = append(list, gateway.Service{Member: s.Name, Backend: backend, ServiceManifest: one})
	}
	return list
}

// Modes of sockets: those of the host are its administrator's, those of members are in folders that
// only the member has.
const (
	hostMode   = 0o600
	memberMode = 0o666
)

// serveHost serves a composite's call interface to this host until ctx ends.
func (m *Manager) serveHost(ctx context.Context, c *composite) {
	folder := m.folders.composite(c.name)
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, lastWait) {
		err := os.MkdirAll(folder, 0o755)
		if err == nil {
			var l net.Listener
			if l, err = gateway.Listen(ctx, folder, apiSocket, hostMode); err == nil {
				err = gateway.Serve(ctx, l, c.gateway.For(gateway.Caller{Name: "root", Kind: gateway.KindHost, May: []string{gateway.All}}), m.options.Log)
			}
		}
		if ctx.Err() == nil {
			m.options.Log.WarnContext(ctx, "a composite's call interface is not served", slog.String("composite", c.name), slog.Any("error", err))
			pause(ctx, wait)
		}
	}
}

// listen serves the call interface to a member. Who calls there is the member and nobody else.
func (m *Manager) listen(c *composite, f found) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.of(f)
	if r.serving != nil || m.ctx == nil {
		return nil
	}
	folder := m.folders.api(f.composite, f.member, f.generation)
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	l, err := gateway.Listen(m.ctx, folder, apiSocket, memberMode)
	if err != nil {
		return err
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { c.gateway.For(c.caller(f.member)).ServeHTTP(w, r) })
	r.serving = m.start(func(ctx context.Context) {
		if err := gateway.Serve(ctx, l, h, m.options.Log); err != nil {
			m.options.Log.WarnContext(ctx, "a service's call interface is not served any more", slog.String("service", serviceName(f.composite, f.member)), slog.Any("error", err))
		}
	})
	return nil
}

// caller returns who a member is, and what it may call now.
func (c *composite) caller(member_ string) gateway.Caller { //nolint:revive // member is a function here
	c.mu.Lock()
	defer c.mu.Unlock()
	s, _ := member(c.spec, member_)
	return gateway.Caller{Name: member_, Kind: gateway.KindMember, May: s.Calls}
}

// expose serves a composite to the network, as its script says. It is called by the holder of turn.
func (m *Manager) expose(c *composite) {
	c.mu.Lock()
	e := c.spec.Expose
	want := ""
	if e != nil {
		want = e.Address
	}
	same, end := want == c.exposed, c.unexpose
	c.mu.Unlock()
	if same {
		return
	}
	if end != nil {
		end()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.exposed, c.unexpose = want, nil
	if want != "" && m.ctx != nil {
		c.unexpose = m.start(func(ctx context.Context) { m.serveNetwork(ctx, c, want) })
	}
}

// serveNetwork serves a composite by TLS with client certificates until ctx ends, as soon as this switch
// has a certificate.
func (m *Manager) serveNetwork(ctx context.Context, c *composite, address string) {
	for wait, told := firstWait, ""; ctx.Err() == nil; wait = min(2*wait, lastWait) {
		err := m.serveTLS(ctx, c, address)
		if err != nil && ctx.Err() == nil && err.Error() != told {
			told = err.Error()
			m.options.Log.WarnContext(ctx, "a composite is not exposed yet", slog.String("composite", c.name), slog.String("address", address), slog.Any("error", err))
		}
		pause(ctx, wait)
	}
}

func (m *Manager) serveTLS(ctx context.Context, c *composite, address string) error {
	if m.options.TLS == nil {
		return &linkspan.Error{Code: linkspan.Unavailable, Message: "this switch has no certificate", Hint: "linkspan switch token brings it into a fabric"}
	}
	config, err := m.options.TLS()
	if err != nil {
		return err
	}
	config = config.Clone()
	config.ClientAuth = tls.RequireAndVerifyClientCert
	config.NextProtos = []string{"http/1.1"}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return err
	}
	return gateway.Serve(ctx, tls.NewListener(l, config), http.HandlerFunc(c.serveNetwork), m.options.Log)
}

// serveNetwork is a request of somebody with a client certificate.
func (c *composite) serveNetwork(w http.ResponseWriter, r *http.Request) {
	who := gateway.Caller{Name: "nobody", Kind: gateway.KindNetwork}
	c.mu.Lock()
	if c.spec.Expose != nil {
		who.May = c.spec.Expose.Calls
	}
	c.mu.Unlock()
	if r.TLS == nil || len(r.TLS.PeerCertificates) == 0 {
		http.Error(w, "a client certificate is wanted", http.StatusUnauthorized)
		return
	}
	who.Name = r.TLS.PeerCertificates[0].Subject.CommonName
	if peer := c.manager.options.Peer; peer != nil {
		who.Name = peer(r.TLS.PeerCertificates[0])
	}
	c.gateway.For(who).ServeHTTP(w, r)
}

// observer counts calls of a composite.
func (m *Manager) observer(composite string) func(string, string, time.Duration) {
	if m.options.Calls == nil {
		return nil
	}
	return func(service, result string, took time.Duration) { m.options.Calls(composite+"/"+service, result, took) }
}

// denied has it written down that somebody tried what he may not.
func (c *composite) denied(who gateway.Caller, service, call string) {
	c.written(who, service, call, &linkspan.Error{Code: linkspan.Permission, Message: "not allowed"})
}

// changed has it written down that a service changed this switch.
func (c *composite) changed(who gateway.Caller, service, call string, err error) {
	c.written(who, service, call, err)
}

func (c *composite) written(who gateway.Caller, service, call string, err error) {
	if c.manager.options.Audit == nil {
		return
	}
	const most = 63
	call = strings.ToValidUTF8(call[:min(len(call), most)], "?")
	c.manager.options.Audit(who.Kind+" "+c.name+"/"+who.Name, "call "+service+"/"+call, err)
}

// SPDX-License-Identifier: Apache-2.0

package service_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/nos/gateway"
	"github.com/linkspan/linkspan/nos/service"
)

// routing is what an image with adapters, a check and a socket says of itself.
func routing() *linkspan.ImageManifest {
	return &linkspan.ImageManifest{Name: "base/routing", Version: "1.0.0", ReadOnly: true, Services: []linkspan.ServiceManifest{
		{Name: "routing", Socket: "frr.sock", Calls: []linkspan.Call{
			{Name: "who"},
			{Name: "neighbors", Adapter: &linkspan.Adapter{Command: []string{"/member", "print", "neighbors", "{area}"}, Output: "json"}, Arguments: []linkspan.Argument{{Name: "area", Type: "integer"}}},
		}},
	}, Health: &linkspan.HealthCheck{Command: []string{"/member", "check"}}, Capabilities: []string{"NET_ADMIN"}}
}

// edge is a composite of two members.
func edge(frr, dns string) linkspan.Composite {
	return linkspan.Composite{Name: "edge", Services: []linkspan.CompositeMember{
		{Name: "dns", Image: dns, DependsOn: map[string]string{"frr": "healthy"}, Calls: []string{"routing/who", "switch"}, Volumes: []linkspan.Volume{{Name: "data", Path: "/data"}}},
		{Name: "frr", Image: frr, Calls: []string{"switch/set-mode"}},
	}}
}

func switchService() []gateway.Service {
	return []gateway.Service{{Guarded: true, ServiceManifest: linkspan.ServiceManifest{Name: "switch", Calls: []linkspan.Call{{Name: "mode"}, {Name: "set-mode", Changes: true}}},
		Local: func(_ context.Context, c gateway.Caller, call string, _ map[string]string) (any, error) {
			return c.Name + " " + call, nil
		}}}
}

func withSwitch(o *service.Options) { o.Local = switchService }

// One composite from its beginning to its end.
func TestComposite(t *testing.T) {
	w := newWorld(t, withSwitch)
	frr, dns := w.image("1", routing()), w.image("2", nil)
	w.must(w.apply(edge(frr, dns)))
	w.wants("edge", "/v1/dns/who", "200 dns 2 host/root")
	w.wants("edge", "/v1/routing/who", "200 frr 1 host/root")
	w.wants("edge", "/v1/routing/neighbors?area=7", `200 ["neighbors","7"]`)
	w.wants("edge", "/v1/switch/mode", `200 "root mode"`)
	w.wants("edge", "/healthz", `200 {"composite":"edge","healthy":true,"members":{"dns":"healthy","frr":"healthy"}}`)
	// Members call each other, by what each of them may.
	w.wants("edge", "/v1/dns/ask/v1/routing/who", "200 200 frr 1 member/dns")
	w.wants("edge", "/v1/dns/ask/v1/switch/mode", `200 200 "dns mode"`)
	for path, want := range map[string]string{"/v1/dns/ask/v1/routing/neighbors": "403", "/v1/dns/ask/v1/dns/who": "403", "/v1/routing/ask/v1/dns/who": "403"} {
		if got := w.get("edge", path); !strings.HasPrefix(got, "200 "+want) {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
	w.wants("edge", "/v1/dns/resolve?name=frr", "200 [127.0.0.1] <nil>")
	// What is kept, and what cannot be written.
	w.wants("edge", "/v1/dns/keep?in=/data", "200 1")
	if got := w.get("edge", "/v1/routing/write?to=/x"); !strings.Contains(got, "read-only") {
		t.Errorf("a file system that is only read: %s", got)
	}
	if got := w.get("edge", "/v1/dns/write?to=/run/linkspan/api.sock"); !strings.Contains(got, "read-only") && !strings.Contains(got, "no such device") {
		t.Errorf("the place of the call interface: %s", got)
	}
	if got := w.get("edge", "/v1/dns/write?to=/etc/hosts"); !strings.Contains(got, "read-only") {
		t.Errorf("the names of the others: %s", got)
	}
	confined(w, w.containers("edge")["frr"])
	if s := w.List(t.Context()); len(s) != 2 || s[0].Name != "edge/dns" || s[1].Version != "1.0.0" || s[1].State != "healthy" {
		t.Errorf("listed: %+v", s)
	}
	text, err := w.Call(t.Context(), "edge/routing/neighbors", map[string]any{"area": 1})
	if err != nil || strings.TrimSpace(string(text)) != `["neighbors","1"]` {
		t.Errorf("called by the switch: %s %v", text, err)
	}

	// A new process finds all as it is.
	before := w.containers("edge")
	w.again()
	w.wants("edge", "/v1/dns/ask/v1/routing/who", "200 200 frr 1 member/dns")
	if after := w.containers("edge"); !maps.Equal(before, after) {
		t.Errorf("a new process made containers anew: %v, had %v", after, before)
	}

	// Stop and start.
	w.must(w.Stop(t.Context(), "edge/dns"))
	if s := w.List(t.Context()); s[0].State != "stopped" {
		t.Errorf("stopped: %+v", s[0])
	}
	w.must(w.Start(t.Context(), "edge/dns"))
	w.wants("edge", "/v1/dns/keep?in=/data", "200 2")
	var log strings.Builder
	w.must(w.Logs(t.Context(), "edge/dns", 1, false, &log))
	if log.String() != "dns 2 serves\n" {
		t.Errorf("logs: %q", log.String())
	}

	// A member that dies comes back; a sandbox that dies takes all with it, and all come back.
	kill(w, w.containers("edge")["dns"])
	w.wants("edge", "/v1/dns/keep?in=/data", "200 3")
	before = w.containers("edge")
	kill(w, before[""])
	w.eventually("all is made anew", func() bool {
		after := w.containers("edge")
		return len(after) == 3 && after[""] != before[""] && after["frr"] != before["frr"] && after["dns"] != before["dns"]
	})
	w.wants("edge", "/v1/dns/ask/v1/routing/who", "200 200 frr 1 member/dns")
	w.wants("edge", "/v1/dns/keep?in=/data", "200 4")

	// Power comes back.
	w.end()
	w.killDocker()
	w.startDocker()
	w.open()
	w.wants("edge", "/v1/dns/keep?in=/data", "200 5")

	w.must(w.Apply(t.Context(), service.Set{Remove: []string{"edge"}}, nil))
	w.eventually("all is gone", func() bool { return len(w.containers("edge")) == 0 })
	if _, err := os.Stat("/run/linkspan/composites/edge"); err == nil {
		t.Error("the folder of sockets is left")
	}
}

func kill(w *world, id string) {
	w.t.Helper()
	_, err := w.docker.ContainerKill(w.t.Context(), id, client.ContainerKillOptions{Signal: "KILL"})
	w.must(err)
}

// confined looks at what a member has.
func confined(w *world, id string) {
	w.t.Helper()
	r, err := w.docker.ContainerInspect(w.t.Context(), id, client.ContainerInspectOptions{})
	w.must(err)
	h := r.Container.HostConfig
	if h.Privileged || !h.ReadonlyRootfs || strings.Join(h.SecurityOpt, " ") != "no-new-privileges" || strings.Join(h.CapAdd, " ") != "NET_ADMIN" && strings.Join(h.CapAdd, " ") != "CAP_NET_ADMIN" ||
		len(h.CapDrop) != 1 || h.Memory != 512<<20 || h.PidsLimit == nil || *h.PidsLimit != 256 {
		text, _ := json.Marshal(h)
		w.t.Errorf("a member is not confined: %s", text)
	}
}

// load makes calls until stop is called.
func (w *world) load(composite, path string) (stop func() (made int, failed []string)) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	var all sync.WaitGroup
	made := 0
	var failed []string
	all.Go(func() {
		c := w.client(composite)
		defer c.CloseIdleConnections()
		for ctx.Err() == nil {
			r, _ := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, "http://gateway"+path, strings.NewReader("{}"))
			made++
			a, err := c.Do(r)
			if err != nil {
				failed = append(failed, err.Error())
				continue
			}
			text, _ := io.ReadAll(a.Body)
			a.Body.Close()
			if a.StatusCode != http.StatusOK {
				failed = append(failed, string(text))
			}
		}
	})
	return func() (int, []string) { cancel(); all.Wait(); return made, failed }
}

// A new version comes under load: beside the old one or after it, no call is lost. One that does not get
// healthy goes, and the old one is there again.
func TestReplace(t *testing.T) {
	w := newWorld(t, withSwitch, func(o *service.Options) { o.Patience = 30 * time.Second })
	first, second := w.image("1", nil), w.image("2", nil)
	sick := w.image("3", &linkspan.ImageManifest{Name: "x", Services: []linkspan.ServiceManifest{{Name: "dns", Socket: "dns.sock"}}, Health: &linkspan.HealthCheck{Command: []string{"/member", "check"}, Retries: 1, Start: 1}}, "ENV SICK=1")
	one := func(image string, overlap bool) linkspan.Composite {
		return linkspan.Composite{Name: "dns", Services: []linkspan.CompositeMember{{Name: "dns", Image: image, Overlap: overlap}}}
	}
	w.must(w.apply(one(first, false)))
	w.wants("dns", "/v1/dns/who", "200 dns 1 host/root")
	for _, overlap := range []bool{false, true} {
		stop := w.load("dns", "/v1/dns/who")
		w.must(w.apply(one(second, overlap)))
		if got := w.get("dns", "/v1/dns/who"); got != "200 dns 2 host/root" {
			t.Errorf("it is not replaced: %s", got)
		}
		if err := w.apply(one(sick, overlap)); linkspan.CodeOf(err) != linkspan.Unavailable || !strings.Contains(err.Error(), "sick on purpose") {
			t.Errorf("what is not healthy stays: %v", err)
		}
		w.wants("dns", "/v1/dns/who", "200 dns 2 host/root")
		w.must(w.apply(one(first, overlap)))
		made, failed := stop()
		t.Logf("overlap %v: %d calls", overlap, made)
		if len(failed) > 0 {
			t.Errorf("overlap %v: of %d calls %d failed: %v", overlap, made, len(failed), failed[0])
		}
		w.eventually("only one is left", func() bool { return len(w.containers("dns")) == 2 })
	}
	var said []string
	err := w.Apply(t.Context(), service.Set{Composites: []linkspan.Composite{{Name: "bad", Services: []linkspan.CompositeMember{{Name: "bad", Image: first, Command: []string{"crash"}}}}}}, func(line string) { said = append(said, line) })
	if text := strings.Join(said, "\n"); linkspan.CodeOf(err) != linkspan.Unavailable || !strings.Contains(text, "bad | crashed on purpose") {
		t.Errorf("what ends at once: %v, %s", err, text)
	}
	if err := w.apply(linkspan.Composite{Name: "bad", Services: []linkspan.CompositeMember{{Name: "bad", Image: first, Command: []string{"crash"}}}}); linkspan.CodeOf(err) != linkspan.Unavailable {
		t.Errorf("what ends at once: %v", err)
	}
	w.eventually("nothing is left of it", func() bool { return len(w.containers("bad")) == 0 })
}

// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
	"github.com/linkspan/linkspan/store/kv/memory"
)

// dockerd is a Docker engine as far as moves need one.
type dockerd struct {
	t       *testing.T
	version string

	mu         sync.Mutex
	containers map[string]map[string]any // by id, as inspect shows them
	networks   map[string]network
	volumes    map[string]volume
	images     map[string]image // by id and by name
	changes    []changed
	loads      map[string]image // by the archive: what is there after it was loaded
	calls      []string
	archive    string            // what images are saved as
	fail       map[string]string // by the call: what it answers
	exits      bool              // what is started ends at once
	forgets    string            // a field of HostConfig that it does not know
	drops      string            // a field of attachments that it does not know
	misplaces  bool              // it gives other addresses than it is asked for
	misplaces6 bool              // of IPv6
	loops      bool              // what is started ends and is started again, all the time
	next       int
}

func newDockerd(t *testing.T) *dockerd {
	t.Helper()
	return &dockerd{
		t: t, version: "1.41", containers: make(map[string]map[string]any), volumes: make(map[string]volume), fail: make(map[string]string),
		networks: map[string]network{
			"web": {"web", "linkspan", "local"}, "db": {"db", "linkspan", "local"}, "bridge": {"bridge", "bridge", "local"},
		},
		images: make(map[string]image), loads: make(map[string]image),
	}
}

// host is this host's part of moves on that dockerd.
func (d *dockerd) host(t *testing.T, name string, allow Allowed, client apiv1connect.CarryServiceClient) *Host {
	t.Helper()
	if client == nil {
		client = apiv1connect.NewCarryServiceClient(http.DefaultClient, "http://nobody.invalid")
	}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	db := memory.New()
	t.Cleanup(func() { _ = db.Close() })
	h, err := New(Config{
		Host: name, Allow: allow, Store: db, Client: client, Log: slog.New(slog.DiscardHandler), Settle: 50 * time.Millisecond,
		Docker: func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
		},
		Bulk: func() (apiv1connect.CarryServiceClient, func()) { return client, func() {} },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.docker.close)
	return h
}

// ServeHTTP implements http.Handler.
func (d *dockerd) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	archive, _ := io.ReadAll(r.Body) // before the lock: it may come slowly
	r.Body = io.NopCloser(bytes.NewReader(archive))
	d.mu.Lock()
	defer d.mu.Unlock()
	call := r.Method + " " + r.URL.Path
	if r.Method != http.MethodGet {
		d.calls = append(d.calls, call)
	}
	for part, message := range d.fail {
		if strings.HasSuffix(call, part) {
			w.WriteHeader(http.StatusInternalServerError)
			reply(w, map[string]string{"message": message})
			return
		}
	}
	answer, found := d.answer(r)
	if !found {
		w.WriteHeader(http.StatusNotFound)
		answer = map[string]string{"message": "No such thing: " + r.URL.Path}
	}
	if raw, is := answer.(string); is {
		_, _ = io.WriteString(w, raw)
		return
	}
	reply(w, answer)
}

func reply(w io.Writer, v any) { _ = json.NewEncoder(w).Encode(v) }

func (d *dockerd) answer(r *http.Request) (any, bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	switch {
	case r.URL.Path == "/version":
		return map[string]string{"ApiVersion": d.version, "Arch": "amd64"}, true
	case r.URL.Path == "/containers/create":
		return d.create(r)
	case r.URL.Path == "/images/load":
		archive, _ := io.ReadAll(r.Body)
		i, ok := d.loads[string(archive)]
		d.images[i.ID] = i
		return `{"stream":"Loaded image ID: ` + i.ID + `\n"}`, ok
	case r.URL.Path == "/images/get":
		return d.archive, true
	case parts[0] == "networks" && len(parts) == 2:
		n, ok := d.networks[parts[1]]
		return n, ok
	case parts[0] == "networks":
		return d.attach(r, parts[1], parts[2])
	case parts[0] == "volumes":
		v, ok := d.volumes[parts[1]]
		return v, ok
	case parts[0] == "images":
		return d.ofImage(r, strings.Join(parts[1:len(parts)-1], "/"), parts[len(parts)-1])
	case parts[0] == "containers":
		return d.ofContainer(r, parts)
	}
	return nil, false
}

func (d *dockerd) ofImage(r *http.Request, name, verb string) (any, bool) {
	i, ok := d.images[name]
	if verb == "tag" {
		d.images[r.URL.Query().Get("repo")+":"+r.URL.Query().Get("tag")] = i
		return nil, ok
	}
	return map[string]any{"Id": i.ID, "Size": i.Size, "Architecture": i.Architecture, "Config": i.Config, "RootFS": i.RootFS}, ok
}

// find finds a container by id or name.
func (d *dockerd) find(name string) (string, map[string]any, bool) {
	for id, c := range d.containers {
		if id == name || c["Name"] == "/"+name {
			return id, c, true
		}
	}
	return "", nil, false
}

func (d *dockerd) ofContainer(r *http.Request, parts []string) (any, bool) {
	id, c, ok := d.find(parts[1])
	if !ok {
		return nil, false
	}
	if r.Method == http.MethodDelete {
		delete(d.containers, id)
		return nil, true
	}
	state := c["State"].(map[string]any)
	switch parts[2] {
	case "json":
		if d.loops {
			state["Restarting"] = state["Restarting"] == false
		}
		return c, true
	case "changes":
		return d.changes, true
	case "rename":
		c["Name"] = "/" + r.URL.Query().Get("name")
	case "update":
		var body map[string]any
		_ = json.NewDecoder(r.Body).Decode(&body)
		maps.Copy(c["HostConfig"].(map[string]any), body)
	case "stop":
		state["Running"] = false
	case "start":
		state["Running"] = !d.exits
		if d.exits {
			state["ExitCode"] = 3
		}
	}
	return nil, true
}

// create makes what inspect would show.
func (d *dockerd) create(r *http.Request) (any, bool) {
	var body map[string]any
	_ = json.NewDecoder(r.Body).Decode(&body)
	host, networking := body["HostConfig"], body["NetworkingConfig"]
	delete(body, "HostConfig")
	delete(body, "NetworkingConfig")
	networks := map[string]any{}
	if n, ok := networking.(map[string]any); ok {
		networks = n["EndpointsConfig"].(map[string]any)
	}
	for _, settings := range networks {
		d.show(settings.(map[string]any))
	}
	delete(host.(map[string]any), d.forgets)
	d.next++
	id := fmt.Sprintf("%064d", d.next)
	i := d.images[body["Image"].(string)]
	d.containers[id] = map[string]any{
		"Id": id, "Name": "/" + r.URL.Query().Get("name"), "Image": i.ID, "Config": body, "HostConfig": host,
		"State": map[string]any{"Running": false}, "NetworkSettings": map[string]any{"Networks": networks},
	}
	return map[string]string{"Id": id}, true
}

// show fills in what dockerd shows of an attachment once it is there.
func (d *dockerd) show(settings map[string]any) {
	delete(settings, d.drops)
	ipam, ok := settings["IPAMConfig"].(map[string]any)
	if !ok {
		return
	}
	settings["IPAddress"] = ipam["IPv4Address"]
	if d.misplaces {
		settings["IPAddress"] = "192.0.2.99"
	}
	if second, has := ipam["IPv6Address"]; has {
		settings["GlobalIPv6Address"] = second
	}
	if d.misplaces6 {
		settings["GlobalIPv6Address"] = "2001:db8::99"
	}
}

func (d *dockerd) attach(r *http.Request, name, verb string) (any, bool) {
	var body struct {
		Container      string
		EndpointConfig map[string]any
	}
	_ = json.NewDecoder(r.Body).Decode(&body)
	_, c, ok := d.find(body.Container)
	if !ok || d.networks[name].Name == "" {
		return nil, false
	}
	networks := c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any)
	if verb == "disconnect" {
		delete(networks, name)
		return nil, true
	}
	d.show(body.EndpointConfig)
	networks[name] = body.EndpointConfig
	return nil, true
}

// put adds a container as dockerd of some version showed it.
func (d *dockerd) put(raw []byte) (id string) {
	d.t.Helper()
	var c map[string]any
	if err := json.NewDecoder(bytes.NewReader(raw)).Decode(&c); err != nil {
		d.t.Fatal(err)
	}
	id = c["Id"].(string)
	d.containers[id] = c
	return id
}

// must does a task that a host does.
func must(t *testing.T, h *Host, task *apiv1.CarryTask) *apiv1.CarryAnswer {
	t.Helper()
	task.Move = "m1"
	a, err := h.do(t.Context(), task)
	if err != nil {
		t.Fatalf("%T: %v", task.GetWhat(), err)
	}
	return a
}

// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func stopTask(id string) *apiv1.CarryTask {
	return &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Stop{Stop: &apiv1.CarryStop{Container: id}}}
}

func removeTask(id string) *apiv1.CarryTask {
	return &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Remove{Remove: &apiv1.CarryRemove{Container: id}}}
}

func restoreTask(id string) *apiv1.CarryTask {
	return &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Restore{Restore: &apiv1.CarryRestore{Container: id}}}
}

func (d *dockerd) settingsOf(id string) map[string]any {
	return d.containers[id]["HostConfig"].(map[string]any)
}

func (d *dockerd) runs(id string) bool {
	return d.containers[id] != nil && d.containers[id]["State"].(map[string]any)["Running"].(bool)
}

// The old one's host stops it so that nothing starts it, and puts that back.
func TestStopAndRestore(t *testing.T) {
	h, d, a := told(t, nil)
	id := a.GetContainer()
	for range 2 { // all may be repeated
		must(t, h, stopTask(id))
		if d.runs(id) || d.settingsOf(id)["RestartPolicy"].(map[string]any)["Name"] != "no" {
			t.Errorf("after the stop it is %v", d.containers[id]["State"])
		}
	}
	for range 2 {
		must(t, h, restoreTask(id))
		if !d.runs(id) || d.settingsOf(id)["RestartPolicy"].(map[string]any)["Name"] != "on-failure" {
			t.Errorf("put back it is %v, %v", d.containers[id]["State"], d.settingsOf(id)["RestartPolicy"])
		}
	}
}

// What it wrote at last is not left behind: it is told, and can be put back.
func TestStopTellsLateChanges(t *testing.T) {
	h, d, a := told(t, nil)
	d.changes = []changed{{"/data", 1}}
	if _, err := h.do(t.Context(), stopTask(a.GetContainer())); err == nil || !strings.Contains(err.Error(), "added /data") {
		t.Errorf("the stop ended with %v", err)
	}
	must(t, h, restoreTask(a.GetContainer()))
	if !d.runs(a.GetContainer()) {
		t.Error("it does not run")
	}
}

// A host removes only what was stopped for the move, and starts only what was made for it.
func TestWhatAControllerCannotAskFor(t *testing.T) {
	h, d, a := told(t, nil)
	id := a.GetContainer()
	must(t, h, removeTask(id)) // nothing of this move is here
	must(t, h, restoreTask(id))
	if d.containers[id] == nil || !d.runs(id) || len(d.calls) > 0 {
		t.Errorf("dockerd was asked for %v", d.calls)
	}
	start := &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Start{Start: &apiv1.CarryStart{Container: id, Spec: a.GetSpec()}}}
	must(t, h, stopTask(id))
	for name, task := range map[string]*apiv1.CarryTask{
		"start what was stopped": start,
		"remove another":         removeTask("other"),
		"stop another":           stopTask("other"),
		"restore another":        restoreTask("other"),
		"make where it leaves":   {Move: "m1", What: &apiv1.CarryTask_Make{Make: &apiv1.CarryMake{Spec: a.GetSpec(), Image: "busybox"}}},
	} {
		if _, err := h.do(t.Context(), task); linkspan.CodeOf(err) != linkspan.Permission {
			t.Errorf("%s: %v", name, err)
		}
	}
	d.containers[id]["State"].(map[string]any)["Running"] = true // somebody started it
	if _, err := h.do(t.Context(), removeTask(id)); linkspan.CodeOf(err) != linkspan.Permission {
		t.Errorf("remove what runs: %v", err)
	}
	for _, move := range []string{"", "../m", "a/b"} {
		task := stopTask(id)
		task.Move = move
		if _, err := h.do(t.Context(), task); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("move %q: %v", move, err)
		}
	}
}

// A container of networks of the host alone is not the controller's to stop.
func TestStopOfAStranger(t *testing.T) {
	h, d, a := told(t, nil)
	d.networks["web"], d.networks["db"] = network{"web", "bridge", "local"}, network{"db", "bridge", "local"}
	if _, err := h.do(t.Context(), stopTask(a.GetContainer())); linkspan.CodeOf(err) != linkspan.Permission || !d.runs(a.GetContainer()) {
		t.Errorf("the stop ended with %v", err)
	}
}

// Nor are its image and its configuration, which has secrets, the controller's to read.
func TestReadingAStranger(t *testing.T) {
	h, d, a := told(t, nil)
	endpoint := endpointID(d.containers[a.GetContainer()])
	d.networks["web"], d.networks["db"] = network{"web", "bridge", "local"}, network{"db", "bridge", "local"}
	for name, task := range map[string]*apiv1.CarryTask{
		"read": {Move: "m1", What: &apiv1.CarryTask_Read{Read: &apiv1.CarryRead{Container: "full", Endpoint: endpoint}}},
		"give": {Move: "m1", What: &apiv1.CarryTask_Give{Give: &apiv1.CarryGive{Container: a.GetContainer()}}},
	} {
		if got, err := h.do(t.Context(), task); linkspan.CodeOf(err) != linkspan.Permission || len(got.GetSpec()) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// made makes the container of testdata on another host.
func made(t *testing.T) (*Host, *dockerd, string, []byte) {
	t.Helper()
	_, _, a := told(t, nil)
	d := newDockerd(t)
	d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
	h := d.host(t, "h2", Anything, nil)
	var id string
	for range 2 { // what a crash left is made anew
		id = must(t, h, makeTask(a.GetSpec())).GetContainer()
	}
	if len(d.containers) != 1 {
		t.Errorf("there are %d containers", len(d.containers))
	}
	return h, d, id, a.GetSpec()
}

func makeTask(spec []byte) *apiv1.CarryTask {
	return &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Make{Make: &apiv1.CarryMake{
		Spec: spec, Image: "sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4",
	}}}
}

func startTask(id string, spec []byte) *apiv1.CarryTask {
	return &apiv1.CarryTask{Move: "m1", What: &apiv1.CarryTask_Start{Start: &apiv1.CarryStart{Container: id, Spec: spec}}}
}

func TestMakeAndStart(t *testing.T) {
	h, d, id, spec := made(t)
	if d.runs(id) || d.containers[id]["Name"] != "/linkspan-move-m1" {
		t.Errorf("it is made as %v", d.containers[id]["Name"])
	}
	must(t, h, startTask(id, spec))
	if !d.runs(id) || d.containers[id]["Name"] != "/full" {
		t.Errorf("it runs as %v", d.containers[id]["Name"])
	}
	look := &apiv1.CarryTask{What: &apiv1.CarryTask_Look{Look: &apiv1.CarryLook{Container: id}}}
	if !must(t, h, look).GetRunning() {
		t.Error("it is not seen to run")
	}
	for range 2 {
		must(t, h, removeTask(id))
	}
	if len(d.containers) > 0 {
		t.Error("it is still there")
	}
}

// What dockerd does not take over is told, and nothing is left.
func TestMakeComparesWhatCameOfIt(t *testing.T) {
	_, _, a := told(t, nil)
	d := newDockerd(t)
	d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
	d.forgets = "FieldOfTomorrow"
	h := d.host(t, "h2", Anything, nil)
	if _, err := h.do(t.Context(), makeTask(a.GetSpec())); err == nil || !strings.Contains(err.Error(), "does not take over all of it: HostConfig.FieldOfTomorrow") {
		t.Errorf("it was made: %v", err)
	}
	if len(d.containers) > 0 {
		t.Error("it is still there")
	}
}

// Nor does it lose what it is in its networks, such as its limits there.
func TestMakeComparesAttachments(t *testing.T) {
	_, _, a := told(t, nil)
	for drops, want := range map[string]string{
		"DriverOpts": "DriverOpts in network db", "Aliases": "Aliases in network db, Aliases in network web", "IPAMConfig": "IPAMConfig in network db, IPAMConfig in network web",
		"MacAddress": "", // looked at when it has started
	} {
		d := newDockerd(t)
		d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
		d.drops = drops
		h := d.host(t, "h2", Anything, nil)
		_, err := h.do(t.Context(), makeTask(a.GetSpec()))
		if (err == nil) != (want == "") || err != nil && (!strings.HasSuffix(err.Error(), ": "+want) || len(d.containers) > 0) {
			t.Errorf("without %s: %v", drops, err)
		}
	}
}

// A host that takes no part in moves any more knows that it has notes of some.
func TestLeft(t *testing.T) {
	h, _, a := told(t, nil)
	for _, want := range []int{0, 1} {
		if n, err := Left(t.Context(), h.cfg.Store); err != nil || n != want {
			t.Errorf("there are notes of %d moves, want %d: %v", n, want, err)
		}
		must(t, h, stopTask(a.GetContainer()))
	}
}

func TestMakeRefusesPower(t *testing.T) {
	_, _, a := told(t, func(c map[string]any) { c["HostConfig"].(map[string]any)["Privileged"] = true })
	d := newDockerd(t)
	h := d.host(t, "h2", Confined, nil)
	if _, err := h.do(t.Context(), makeTask(a.GetSpec())); linkspan.CodeOf(err) != linkspan.Permission || len(d.calls) > 0 {
		t.Errorf("it was made: %v, %v", err, d.calls)
	}
}

// Whatever a host allows, what comes is in networks that are on all hosts, or in Docker's own.
func TestMakeRefusesNetworks(t *testing.T) {
	_, _, a := told(t, nil)
	for name, change := range map[string]func(*spec){
		"the host's": func(s *spec) { s.Attachments = []attachment{{Network: "host", Primary: true, Driver: "host"}} },
		"the host's, said to be another": func(s *spec) {
			s.Attachments = []attachment{{Network: "host", Primary: true, Driver: "linkspan"}}
		},
		"another container's": func(s *spec) {
			s.Attachments = []attachment{{Network: "container:db", Primary: true, Driver: "bridge"}}
		},
		"one of this host":      func(s *spec) { s.Attachments = append(s.Attachments, attachment{Network: "own", Driver: "bridge"}) },
		"a mode, the host's":    func(s *spec) { s.Attachments = nil; s.Host.set("NetworkMode", "host") },
		"a mode, a container's": func(s *spec) { s.Attachments = nil; s.Host.set("NetworkMode", "container:db") },
		"a mode, one of the host": func(s *spec) {
			s.Attachments[0].Primary, s.Attachments[1].Primary = false, false
			s.Host.set("NetworkMode", "own")
		},
	} {
		for _, allow := range []Allowed{Confined, Anything} {
			t.Run(name+" "+string(allow), func(t *testing.T) {
				s, err := decode(a.GetSpec())
				if err != nil {
					t.Fatal(err)
				}
				delete(s.Host, "FieldOfTomorrow")
				change(&s)
				raw, err := s.encode()
				if err != nil {
					t.Fatal(err)
				}
				d := newDockerd(t)
				d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
				d.networks["own"], d.networks["host"] = network{"own", "bridge", "local"}, network{"host", "host", "local"}
				h := d.host(t, "h2", allow, nil)
				if _, err := h.do(t.Context(), makeTask(raw)); linkspan.CodeOf(err) != linkspan.Permission || len(d.calls) > 0 {
					t.Errorf("it was made: %v, %v", err, d.calls)
				}
			})
		}
	}
}

// Whatever image the controller names, what is made is of the container's.
func TestMakeIsOfItsImage(t *testing.T) {
	_, _, a := told(t, nil)
	for name, test := range map[string]struct {
		layers []string // of the image that is named
		made   bool
	}{
		"another":                {[]string{"sha256:private"}, false},
		"of another image store": {[]string{"sha256:layer"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDockerd(t)
			i := image{ID: "sha256:elsewhere", Architecture: "amd64"}
			i.RootFS.Layers = test.layers
			d.images["sha256:elsewhere"], d.images["private"] = i, i
			h := d.host(t, "h2", Anything, nil)
			for _, word := range []string{"private", "sha256:elsewhere"} {
				task := makeTask(a.GetSpec())
				task.GetMake().Image = word
				_, err := h.do(t.Context(), task)
				if (err == nil) != test.made || !test.made && (linkspan.CodeOf(err) != linkspan.Permission || len(d.calls) > 0) {
					t.Errorf("%s: %v, %v", word, err, d.calls)
				}
			}
		})
	}
	d := newDockerd(t)
	h := d.host(t, "h2", Anything, nil)
	if _, err := h.do(t.Context(), makeTask(a.GetSpec())); linkspan.CodeOf(err) != linkspan.Permission || len(d.calls) > 0 {
		t.Errorf("without the image: %v, %v", err, d.calls)
	}
	d.addImage("sha256:other", "busybox")
	other := d.images["busybox"]
	other.RootFS.Layers = []string{"sha256:private"}
	d.images["busybox"], d.images["sha256:other"] = other, other // another one has the name that the container gives its own
	if _, err := h.do(t.Context(), makeTask(a.GetSpec())); linkspan.CodeOf(err) != linkspan.Permission || len(d.calls) > 0 {
		t.Errorf("with another image of that name: %v, %v", err, d.calls)
	}
}

// A network mode is judged as create is given it.
func TestPowersOfTheFinishedBody(t *testing.T) {
	s := spec{Host: fields{}, Attachments: []attachment{{Network: "container:db", Primary: true}}}
	if got := powers(s.hostConfig()); len(got) != 1 || got[0] != "NetworkMode" {
		t.Errorf("powers are %q", got)
	}
}

// What fails while it is made or started leaves what remove takes away.
func TestFailures(t *testing.T) {
	for _, call := range []string{"/containers/create", "/networks/db/connect", "/rename", "/start", "exit", "address"} {
		t.Run(strings.Trim(call, "/"), func(t *testing.T) {
			_, _, a := told(t, nil)
			d := newDockerd(t)
			d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
			h := d.host(t, "h2", Anything, nil)
			d.exits = call == "exit"
			d.misplaces = call == "address"
			d.fail[call] = "it is refused"
			made, err := h.do(t.Context(), makeTask(a.GetSpec()))
			if err == nil {
				_, err = h.do(t.Context(), startTask(made.GetContainer(), a.GetSpec()))
			}
			if err == nil {
				t.Error("it went well")
			}
			must(t, h, removeTask(made.GetContainer()))
			if len(d.containers) > 0 {
				t.Errorf("there are %v", d.containers)
			}
		})
	}
}

// Names that are parts of paths of the Docker API are names.
func TestImproperSpecs(t *testing.T) {
	for _, raw := range []string{
		``, `{}`, `{"ID":"a","Name":"../b","Image":{"ID":"i"}}`, `{"ID":"a","Name":"b","Image":{"ID":"../i"}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Attachments":[{"Network":"x/../../containers/y"}]}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Volumes":[{"Name":"?v"}]}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Config":{"hostconfig":{"Privileged":true}}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Config":{"image":"other"}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Config":{"macaddress":"02:00:00:00:00:01"}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Config":{"VolumeDriver":"v"}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Host":{"maskedPaths":[]}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Host":{"readonlypaths":[]}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Host":{"privileged":true}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Host":{"nanocpus":1}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Host":{"FieldOfTomorrow":1,"fieldOfTomorrow":2}}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Attachments":[{"Network":"web","Settings":{"ipamConfig":{}}}]}`,
		`{"ID":"a","Name":"b","Image":{"ID":"i"},"Attachments":[{"Network":"web","Settings":{"IPAMConfig":{"ipv4address":"192.0.2.9"}}}]}`,
	} {
		if _, err := decode([]byte(raw)); linkspan.CodeOf(err) != linkspan.Invalid {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"ID":"a","Name":"b","Image":{"ID":"i"},"Attachments":[{"Network":"web","Driver":"linkspan","Settings":{"IPAMConfig":3}}]}`))
	f.Add([]byte(`{"ID":"a","Name":"b","Image":{"ID":"i"},"Host":{"MaskedPaths":{}},"Config":{"Env":1}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := decode(raw)
		if err != nil {
			return
		}
		b := body(&s, "busybox", "1.41")
		powers(s.Host)
		c := container{Config: b, Host: s.Host}
		if slices.ContainsFunc(lost(b, &c), func(l string) bool { return strings.HasPrefix(l, "HostConfig.Memory") }) {
			t.Error("what is the same is lost")
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// obstacle is a change of the container of testdata, and what is told of it; nothing: it
// does not keep it.
type obstacle struct {
	change func(map[string]any)
	told   string
}

// obstaclesOne is what keeps a container on its host, one by one.
func obstaclesOne() map[string]obstacle {
	host := func(key string, v any) func(map[string]any) {
		return func(c map[string]any) { c["HostConfig"].(map[string]any)[key] = v }
	}
	mounts := func(m ...map[string]any) func(map[string]any) {
		return func(c map[string]any) { c["Mounts"] = m }
	}
	networks := func(c map[string]any) map[string]any {
		return c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any)
	}
	return map[string]obstacle{
		"paused":       {func(c map[string]any) { c["State"].(map[string]any)["Paused"] = true }, "paused"},
		"exited":       {func(c map[string]any) { c["State"].(map[string]any)["Running"] = false }, "does not run"},
		"swarm":        {func(c map[string]any) { c["Config"].(map[string]any)["Labels"] = map[string]string{swarmTask: "x"} }, "swarm"},
		"rm":           {host("AutoRemove", true), "--rm"},
		"device":       {host("Devices", []any{map[string]string{"PathOnHost": "/dev/sda"}}), "--device"},
		"gpu":          {host("DeviceRequests", []any{map[string]any{"Count": -1}}), "--gpus"},
		"device rule":  {host("DeviceCgroupRules", []string{"c 1:3 r"}), "--device-cgroup-rule"},
		"device limit": {host("BlkioDeviceReadBps", []any{map[string]any{"Path": "/dev/sda", "Rate": 1}}), "--device-read-bps"},
		"volumes from": {host("VolumesFrom", []string{"other"}), "--volumes-from"},
		"links":        {host("Links", []string{"/other:/full/other"}), "--link"},
		"net host":     {host("NetworkMode", "host"), "network namespace of the host"},
		"net of other": {host("NetworkMode", "container:abc"), "network namespace of container abc"},
		"pid host":     {host("PidMode", "host"), "PID namespace of the host"},
		"pid of other": {host("PidMode", "container:abc"), "PID namespace of container abc"},
		"ipc of other": {host("IpcMode", "container:abc"), "IPC namespace of container abc"},
		"uts host":     {host("UTSMode", "host"), "UTS namespace of the host"},
		"folder":       {mounts(map[string]any{"Type": "bind", "Source": "/srv/data", "Destination": "/data"}), "mount /data: /srv/data is a path of host h1"},
		"beside":       {mounts(map[string]any{"Type": "bind", "Source": "/shared2/x", "Destination": "/data"}), "mount /data: /shared2/x"},
		"shared":       {mounts(map[string]any{"Type": "bind", "Source": "/shared/x", "Destination": "/data"}), ""},
		"volume":       {mounts(map[string]any{"Type": "volume", "Name": "pg", "Destination": "/data"}), "volume pg is on host h1 alone"},
		"file server":  {mounts(map[string]any{"Type": "volume", "Name": "nfs", "Destination": "/data"}), ""},
		"global":       {mounts(map[string]any{"Type": "volume", "Name": "global", "Destination": "/data"}), ""},
		"image mount":  {mounts(map[string]any{"Type": "image", "Destination": "/data"}), "type image"},
		"own network": {func(c map[string]any) { networks(c)["own"] = map[string]any{"IPAddress": "172.18.0.2"} },
			"network own (driver bridge) is of host h1 alone"},
		"the default network": {func(c map[string]any) { networks(c)["bridge"] = map[string]any{"IPAddress": "172.17.0.2"} }, ""},
		"endpoint links":      {func(c map[string]any) { networks(c)["web"].(map[string]any)["Links"] = []string{"a:b"} }, "in network web it is linked"},
		"nothing":             {nil, ""},
	}
}

// What keeps a container on its host is told with its reason.
func TestObstacles(t *testing.T) {
	for name, test := range obstaclesOne() {
		t.Run(name, func(t *testing.T) {
			var c container
			var shown map[string]any
			_ = json.Unmarshal(inspected(t), &shown)
			if test.change != nil {
				test.change(shown)
			}
			raw, _ := json.Marshal(shown)
			if err := json.Unmarshal(raw, &c); err != nil {
				t.Fatal(err)
			}
			got := obstacles(&c, &world{
				host: "h1", shared: []string{"/shared/"},
				networks: map[string]network{
					"web": {"web", "linkspan", "local"}, "db": {"db", "linkspan-overlay", "local"}, "own": {"own", "bridge", "local"}, "bridge": {"bridge", "bridge", "local"},
				},
				volumes: map[string]volume{
					"pg":     {Name: "pg", Driver: "local", Scope: "local"},
					"nfs":    {Name: "nfs", Driver: "local", Scope: "local", Options: map[string]string{"type": "nfs"}},
					"global": {Name: "global", Driver: "plug", Scope: "global"},
				},
			})
			switch {
			case test.told == "" && len(got) > 0:
				t.Errorf("it is kept by %q", got)
			case test.told != "" && (len(got) != 1 || !strings.Contains(got[0], test.told)):
				t.Errorf("told are %q, want %q", got, test.told)
			}
		})
	}
}

// Content of its own file system is what nobody else made.
func TestWhatWasWritten(t *testing.T) {
	var c container
	_ = json.Unmarshal([]byte(`{"HostConfig":{"Tmpfs":{"/scratch":""}},"Mounts":[{"Destination":"/srv/data"},{"Destination":"/probe"}]}`), &c)
	got := written(&c, []changed{
		{"/srv", 0}, {"/srv/data", 1}, {"/probe", 1}, {"/scratch", 1}, {"/sbin", 0}, {"/sbin/docker-init", 1}, {"/home/docker-init", 1},
		{"/var", 0}, {"/var/log", 0}, {"/var/log/x", 1}, {"/etc/passwd", 0}, {"/root", 2}, {"/srv", 2}, {"/empty", 1},
	})
	want := []changed{{"/empty", 1}, {"/etc/passwd", 0}, {"/home/docker-init", 1}, {"/root", 2}, {"/srv", 2}, {"/var/log/x", 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

// What gives a container power over its host, and that nothing unknown is harmless.
func TestPowers(t *testing.T) {
	for given, want := range map[string]string{
		`{}`: "",
		`{"Memory":1,"CapDrop":["ALL"],"SecurityOpt":["no-new-privileges:true"],"IpcMode":"private","Runtime":"runc"}`:      "",
		`{"LogConfig":{"Type":"journald"},"NetworkMode":"web","Mounts":[{"Type":"tmpfs","Target":"/t"}],"OomScoreAdj":100}`: "",
		`{"MaskedPaths":null}`:                        "",
		`{"MaskedPaths":[]}`:                          "MaskedPaths",
		`{"maskedPaths":[]}`:                          "maskedPaths",
		`{"readonlypaths":[]}`:                        "readonlypaths",
		`{"ReadonlyPaths":null,"readonlyPaths":[]}`:   "readonlyPaths",
		`{"ReadonlyPaths":["/proc/bus"]}`:             "ReadonlyPaths",
		`{"Privileged":true,"CapAdd":["ALL"]}`:        "CapAdd,Privileged",
		`{"SecurityOpt":["seccomp=unconfined"]}`:      "SecurityOpt",
		`{"IpcMode":"host"}`:                          "IpcMode",
		`{"PidMode":"host","UsernsMode":"host"}`:      "PidMode,UsernsMode",
		`{"Binds":["/:/host"]}`:                       "Binds",
		`{"Binds":["vol:/data"]}`:                     "Binds",
		`{"Mounts":[{"Type":"volume","Source":"v"}]}`: "Mounts",
		`{"Mounts":[{"Type":"tmpfs","type":"bind"}]}`: "Mounts",
		`{"NetworkMode":"host"}`:                      "NetworkMode",
		`{"NetworkMode":"container:abc"}`:             "NetworkMode",
		`{"privileged":true}`:                         "privileged",
		`{"Mounts":[{"Type":"bind","Source":"/"}]}`:   "Mounts",
		`{"Runtime":"other","CgroupParent":"/x"}`:     "CgroupParent,Runtime",
		`{"OomScoreAdj":-1000}`:                       "OomScoreAdj",
		`{"LogConfig":{"Type":"syslog"}}`:             "LogConfig",
		`{"Devices":[{}],"FieldOfTomorrow":true}`:     "Devices,FieldOfTomorrow",
	} {
		host := make(fields)
		if err := json.Unmarshal([]byte(given), &host); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(powers(host), ","); got != want {
			t.Errorf("%s: %q, want %q", given, got, want)
		}
	}
}

// The other host's own obstacles.
func TestChecks(t *testing.T) {
	_, _, a := told(t, nil)
	for name, test := range map[string]struct {
		change func(*dockerd)
		allow  Allowed
		told   string
	}{
		"nothing":          {func(*dockerd) {}, Anything, ""},
		"a taken name":     {func(d *dockerd) { d.put(inspected(t)) }, Anything, "has a container full"},
		"no network":       {func(d *dockerd) { delete(d.networks, "db") }, Anything, "network db is not on host h2"},
		"another network":  {func(d *dockerd) { d.networks["db"] = network{"db", "bridge", "local"} }, Anything, "of driver bridge"},
		"an unknown power": {func(*dockerd) {}, Confined, "FieldOfTomorrow"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDockerd(t)
			test.change(d)
			h := d.host(t, "h2", test.allow, nil)
			got := must(t, h, &apiv1.CarryTask{What: &apiv1.CarryTask_Check{Check: &apiv1.CarryCheck{Spec: a.GetSpec()}}}).GetObstacles()
			switch {
			case test.told == "" && len(got) > 0:
				t.Errorf("it is kept away by %q", got)
			case test.told != "" && (len(got) != 1 || !strings.Contains(got[0], test.told)):
				t.Errorf("told are %q, want %q", got, test.told)
			}
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// Run with -update to rewrite the golden files below testdata; read the difference.
var update = flag.Bool("update", false, "rewrite testdata")

func inspected(t *testing.T) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("testdata", "inspect-20.10.json"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// told is what a host tells of the container of testdata.
func told(t *testing.T, change func(map[string]any)) (*Host, *dockerd, *apiv1.CarryAnswer) {
	t.Helper()
	d := newDockerd(t)
	var c map[string]any
	if err := json.Unmarshal(inspected(t), &c); err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(c)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	d.put(raw)
	d.addImage("sha256:00404610c50804246bd511caa467eb039e7f3d66c3ceb60ca753a9a2a7774ae4", "busybox")
	h := d.host(t, "h1", Confined, nil)
	a := must(t, h, &apiv1.CarryTask{What: &apiv1.CarryTask_Read{Read: &apiv1.CarryRead{Container: "full", Endpoint: endpointID(c)}}})
	return h, d, a
}

func endpointID(c map[string]any) string {
	for _, n := range c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any) {
		return n.(map[string]any)["EndpointID"].(string)
	}
	return ""
}

func (d *dockerd) addImage(id, name string) {
	i := image{ID: id, Size: 2 << 20, Architecture: "amd64", Config: fields{}}
	i.RootFS.Layers = []string{"sha256:layer"}
	d.images[id], d.images[name] = i, i
}

// What inspect showed becomes what create is given, to the last field.
func TestWhatIsCarried(t *testing.T) {
	_, _, a := told(t, nil)
	if len(a.GetObstacles()) > 0 {
		t.Errorf("it is kept by %q", a.GetObstacles())
	}
	s, err := decode(a.GetSpec())
	if err != nil {
		t.Fatal(err)
	}
	for version, golden := range map[string]string{"1.41": "create-1.41.json", "1.51": "create-1.51.json"} {
		calls := []any{body(&s, "busybox", version)}
		for _, one := range s.Attachments {
			if !one.Primary {
				calls = append(calls, map[string]any{"connect": one.Network, "settings": one.settings()})
			}
		}
		got, err := json.MarshalIndent(calls, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", golden)
		if *update {
			if err := os.WriteFile(file, append(got, '\n'), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.TrimSpace(string(want)), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", golden, diff)
		}
	}
}

// Each field that dockerd shows is carried as it is, but for these.
func TestNoFieldIsLost(t *testing.T) {
	_, _, a := told(t, nil)
	s, err := decode(a.GetSpec())
	if err != nil {
		t.Fatal(err)
	}
	var c container
	if err := json.Unmarshal(inspected(t), &c); err != nil {
		t.Fatal(err)
	}
	given := body(&s, "busybox", "1.51")
	host := make(fields)
	given.read("HostConfig", &host)
	for key, was := range c.Config {
		if key != "MacAddress" && !cmp.Equal(value(was), value(given[key])) {
			t.Errorf("Config.%s was %s and is %s", key, was, given[key])
		}
	}
	for key, was := range c.Host {
		if !cmp.Equal(value(was), value(host[key])) {
			t.Errorf("HostConfig.%s was %s and is %s", key, was, host[key])
		}
	}
}

// What the container has not and its image has is not taken from the image.
func TestAnEntrypointThatWasTakenAway(t *testing.T) {
	d := newDockerd(t)
	var c map[string]any
	_ = json.Unmarshal(inspected(t), &c)
	c["Config"].(map[string]any)["Entrypoint"] = nil
	raw, _ := json.Marshal(c)
	d.put(raw)
	d.addImage(c["Image"].(string), "busybox")
	i := d.images["busybox"]
	i.Config.set("Entrypoint", []string{"/entry"})
	h := d.host(t, "h1", Confined, nil)
	a := must(t, h, &apiv1.CarryTask{What: &apiv1.CarryTask_Read{Read: &apiv1.CarryRead{Container: "full", Endpoint: endpointID(c)}}})
	s, err := decode(a.GetSpec())
	if err != nil {
		t.Fatal(err)
	}
	if got := string(body(&s, "busybox", "1.41")["Entrypoint"]); got != `[""]` {
		t.Errorf("create is given %s", got)
	}
}

// dockerd's writings of one thing are the same; another thing is told.
func TestWhatIsLost(t *testing.T) {
	for _, test := range []struct {
		name, given, made string
		lost              int
	}{
		{"nothing and null", `{"A":null,"B":[],"C":{},"D":"","E":0,"F":false,"G":[0,0]}`, `{}`, 0},
		{"capabilities", `{"CapDrop":["CAP_MKNOD","all"]}`, `{"CapDrop":["ALL","MKNOD"]}`, 0},
		{"no restart", `{"RestartPolicy":{"Name":"no","MaximumRetryCount":0}}`, `{"RestartPolicy":{"Name":""}}`, 0},
		{"log without options", `{"LogConfig":{"Type":"json-file","Config":{}}}`, `{"LogConfig":{"Type":"json-file","Config":null}}`, 0},
		{"filled in", `{}`, `{"ShmSize":67108864}`, 0},
		{"a set", `{"Ports":{"80/tcp":{}}}`, `{"Ports":{}}`, 1},
		{"another member", `{"Ports":{"80/tcp":{}}}`, `{"Ports":{"81/tcp":{}}}`, 1},
		{"unknown", `{"FieldOfTomorrow":7}`, `{}`, 1},
		{"a limit", `{"Memory":67108864,"PidsLimit":5}`, `{"Memory":0,"PidsLimit":6}`, 2},
		{"order", `{"Env":["A=1","B=2"]}`, `{"Env":["B=2","A=1"]}`, 1},
	} {
		given, made := make(fields), make(fields)
		_ = json.Unmarshal([]byte(test.given), &given)
		_ = json.Unmarshal([]byte(test.made), &made)
		b := make(fields)
		b.set("HostConfig", given)
		if got := lost(b, &container{Host: made}); len(got) != test.lost {
			t.Errorf("%s: lost %q, want %d", test.name, got, test.lost)
		}
	}
}

// What a container is given may be secret, and what is told of it comes into logs.
func TestNoValueIsTold(t *testing.T) {
	const secret = "hunter2"
	b := make(fields)
	b.set("Env", []string{"PASSWORD=" + secret})
	b.set("Entrypoint", []string{secret})
	b.set("Labels", map[string]string{"token": secret})
	host := make(fields)
	host.set("LogConfig", map[string]any{"Type": "splunk", "Config": map[string]string{"splunk-token": secret}})
	b.set("HostConfig", host)
	made := container{Config: fields{}, Host: fields{}}
	made.Config.set("Env", []string{"PASSWORD=other" + secret})
	got := lost(b, &made)
	if diff := cmp.Diff([]string{"Entrypoint", "Env", "HostConfig.LogConfig", "Labels"}, got); diff != "" {
		t.Errorf("told are (-want +got):\n%s", diff)
	}
}

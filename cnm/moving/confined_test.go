// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"encoding/json"
	"testing"

	dockercontainer "github.com/moby/moby/api/types/container"
)

// FuzzConfined: whatever is let through is without power as dockerd reads it.
func FuzzConfined(f *testing.F) {
	for _, host := range []string{
		`{}`, `{"MaskedPaths":[]}`, `{"readonlypaths":[],"ReadonlyPaths":null}`, `{"privileged":true}`, `{"Mounts":[{"type":"bind","Source":"/"}]}`,
		`{"ma\u017fkedPaths":[]}`, `{"IpcMode":"host"}`, `{"OomScoreAdj":-1}`, `{"binds":["/:/x"]}`, `{"NetworkMode":"container:x"}`,
	} {
		f.Add([]byte(host))
	}
	f.Fuzz(func(t *testing.T, host []byte) {
		raw, err := json.Marshal(map[string]any{"ID": "a", "Name": "b", "Image": map[string]string{"ID": "i"}, "Host": json.RawMessage(host)})
		if err != nil {
			return
		}
		s, err := decode(raw)
		if err != nil || len(powers(s.Host)) > 0 {
			return
		}
		given, err := json.Marshal(body(&s, "busybox", "1.51"))
		if err != nil {
			t.Fatal(err)
		}
		var r dockercontainer.CreateRequest
		if json.Unmarshal(given, &r) != nil || r.HostConfig == nil {
			return // dockerd refuses it
		}
		h := r.HostConfig
		if h.Privileged || len(h.Binds)+len(h.CapAdd)+len(h.Devices)+len(h.DeviceRequests)+len(h.DeviceCgroupRules)+len(h.VolumesFrom) > 0 {
			t.Errorf("%s has power", given)
		}
		if h.MaskedPaths != nil && len(h.MaskedPaths) == 0 || h.ReadonlyPaths != nil && len(h.ReadonlyPaths) == 0 {
			t.Errorf("%s uncovers paths", given)
		}
		if h.NetworkMode == "host" || h.NetworkMode.IsContainer() || h.IpcMode.IsHost() || h.PidMode != "" || h.UTSMode != "" || h.UsernsMode != "" {
			t.Errorf("%s is in other namespaces", given)
		}
		for _, m := range h.Mounts {
			if m.Type != "tmpfs" {
				t.Errorf("%s mounts", given)
			}
		}
	})
}

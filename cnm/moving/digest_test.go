// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"maps"
	"testing"

	"github.com/linkspan/linkspan"
)

// What was changed on the container since it was read is not lost: it is not stopped.
func TestStopOfWhatWasChanged(t *testing.T) {
	for name, change := range map[string]func(c map[string]any){
		"nothing": nil,
		"a limit": func(c map[string]any) { c["HostConfig"].(map[string]any)["Memory"] = 1 << 27 },
		"a policy": func(c map[string]any) {
			c["HostConfig"].(map[string]any)["RestartPolicy"] = map[string]any{"Name": "always"}
		},
		"a name": func(c map[string]any) { c["Name"] = "/other" },
		"a network": func(c map[string]any) {
			all := c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any)
			one := maps.Clone(all["web"].(map[string]any))
			one["IPAddress"] = "10.9.9.9"
			all["web"] = one
		},
		"its address of IPv6": func(c map[string]any) {
			all := c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any)
			one := maps.Clone(all["web"].(map[string]any))
			one["GlobalIPv6Address"] = "fd00:91::99"
			all["web"] = one
		},
		"one network less": func(c map[string]any) {
			delete(c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any), "web")
		},
	} {
		t.Run(name, func(t *testing.T) {
			h, d, a := told(t, nil)
			id := a.GetContainer()
			if change != nil {
				change(d.containers[id])
			}
			task := stopTask(id)
			task.GetStop().Digest = a.GetDigest()
			_, err := h.do(t.Context(), task)
			if change == nil {
				if err != nil || d.runs(id) {
					t.Errorf("it was not stopped: %v", err)
				}
				must(t, h, task) // all may be repeated
				return
			}
			if linkspan.CodeOf(err) != linkspan.Conflict || !d.runs(id) || len(d.calls) > 0 {
				t.Errorf("the stop ended with %v, %q", err, d.calls)
			}
			must(t, h, restoreTask(id))
			if !d.runs(id) {
				t.Error("it does not run")
			}
		})
	}
}

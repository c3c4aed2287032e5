// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"slices"
	"strings"
	"testing"

	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// A controller that heard nothing of the start learns what the start would have told.
func TestLook(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*dockerd, map[string]any)
		runs   bool
	}{
		"runs":            {func(*dockerd, map[string]any) {}, true},
		"ended":           {func(_ *dockerd, s map[string]any) { s["Running"] = false }, false},
		"again and again": {func(d *dockerd, s map[string]any) { d.loops, s["Restarting"] = true, true }, false},
		"misplaced": {func(d *dockerd, _ map[string]any) {
			for _, c := range d.containers {
				for _, n := range c["NetworkSettings"].(map[string]any)["Networks"].(map[string]any) {
					n.(map[string]any)["IPAddress"] = "192.0.2.99"
				}
			}
		}, false},
		"another name": {func(d *dockerd, _ map[string]any) {
			for _, c := range d.containers {
				c["Name"] = "/other"
			}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			h, d, id, spec := made(t)
			must(t, h, startTask(id, spec))
			test.change(d, d.containers[id]["State"].(map[string]any))
			look := &apiv1.CarryTask{What: &apiv1.CarryTask_Look{Look: &apiv1.CarryLook{Container: id}}}
			if got := must(t, h, look).GetRunning(); got != test.runs {
				t.Errorf("it is seen to run: %v", got)
			}
		})
	}
}

// Notes of an earlier move, which nobody had forgotten, are not taken for this one's.
func TestStopAfterAnEarlierMove(t *testing.T) {
	h, d, a := told(t, nil)
	id := a.GetContainer()
	must(t, h, stopTask(id))
	must(t, h, restoreTask(id))
	d.settingsOf(id)["RestartPolicy"] = map[string]any{"Name": "always"}
	d.fail["/stop"] = "it does not answer"
	if _, err := h.do(t.Context(), stopTask(id)); err == nil {
		t.Error("it was stopped")
	}
	delete(d.fail, "/stop")
	d.calls = nil
	must(t, h, restoreTask(id))
	if !d.runs(id) || d.settingsOf(id)["RestartPolicy"].(map[string]any)["Name"] != "always" {
		t.Errorf("put back it is %v, %v", d.containers[id]["State"], d.settingsOf(id)["RestartPolicy"])
	}
	if !slices.ContainsFunc(d.calls, func(c string) bool { return strings.HasSuffix(c, "/stop") }) {
		t.Errorf("a stop that may be under way is not waited for: %q", d.calls)
	}
}

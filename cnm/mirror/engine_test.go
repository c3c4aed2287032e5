// SPDX-License-Identifier: Apache-2.0

package mirror

import (
	"testing"

	"github.com/moby/moby/api/types/events"
)

// A container that starts is looked at once its network is connected and once
// it runs, not when it is made and goes.
func TestEventsThatAreAReasonToLook(t *testing.T) {
	for _, test := range []struct {
		kind   events.Type
		action events.Action
		want   bool
	}{
		{events.NetworkEventType, events.ActionCreate, true},
		{events.NetworkEventType, events.ActionDestroy, true},
		{events.NetworkEventType, events.ActionConnect, true},
		{events.ContainerEventType, events.ActionStart, true},
		{events.ContainerEventType, events.ActionRename, true},
		{events.ContainerEventType, events.ActionCreate, false},
		{events.ContainerEventType, events.ActionDestroy, false},
	} {
		if got := concerns(events.Message{Type: test.kind, Action: test.action}); got != test.want {
			t.Errorf("%s %s: %t, want %t", test.kind, test.action, got, test.want)
		}
	}
}

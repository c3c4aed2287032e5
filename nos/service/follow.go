// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"log/slog"

	"github.com/moby/moby/client"
)

// follow hears from Docker when a container of a composite ends, until ctx does.
func (m *Manager) follow(ctx context.Context) {
	filters := client.Filters{}.Add("label", compositeLabel).Add("type", "container").Add("event", "die")
	for wait := firstWait; ctx.Err() == nil; wait = min(2*wait, lastWait) {
		r := m.engine.Events(ctx, client.EventsListOptions{Filters: filters})
		for open := true; open; {
			select {
			case <-r.Messages:
				m.wakeUp()
				wait = firstWait
			case err := <-r.Err:
				m.options.Log.DebugContext(ctx, "Docker tells no events", slog.Any("error", err))
				open = false
			case <-ctx.Done():
				return
			}
		}
		pause(ctx, wait)
	}
}

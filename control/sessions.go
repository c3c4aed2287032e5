// SPDX-License-Identifier: Apache-2.0

package control

// Sessions returns how many switches are connected, and how many of these have
// their flows in place.
func (h *Hub) Sessions() (connected, ready int) {
	all := *h.datapaths.Load()
	for _, d := range all {
		if d.ready.Load() {
			ready++
		}
	}
	return len(all), ready
}

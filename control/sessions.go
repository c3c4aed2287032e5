// SPDX-License-Identifier: Apache-2.0

package control

// Sessions returns how many switches are connected, and how many of these have
// their flows in place.
func (h *Hub) Sessions() (connected, ready int) {
	for d := range h.datapaths.all() {
		connected++
		if d.ready.Load() {
			ready++
		}
	}
	return connected, ready
}

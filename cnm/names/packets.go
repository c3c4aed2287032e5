// SPDX-License-Identifier: Apache-2.0

package names

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
)

// servePackets answers what comes by UDP. What comes while too much is being
// answered is dropped; who asked will ask again.
func (w *Window) servePackets(ctx context.Context) {
	buffer := make([]byte, maxQuery)
	for {
		n, from, err := w.udp.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil || n == len(buffer) || !enter(w.queries) { // an ICMP error of an earlier answer is none of ours
			continue
		}
		message := slices.Clone(buffer[:n])
		w.running.Go(func() {
			defer func() { <-w.queries }()
			w.answerPacket(ctx, message, from)
		})
	}
}

func (w *Window) answerPacket(ctx context.Context, message []byte, from netip.AddrPort) {
	if reply := w.answer(ctx, message, false, w.askBeyond); reply != nil {
		_, _ = w.udp.WriteToUDPAddrPort(reply, from) // who asked will ask again
	}
}

// SPDX-License-Identifier: Apache-2.0

package restore

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/linkspan/linkspan/wire/openflow"
)

// answer plays an Open vSwitch that knows no flow monitor.
func answer(conn net.Conn) {
	defer conn.Close()
	for r := openflow.NewReader(conn); ; {
		m, err := r.Next()
		if err != nil {
			return
		}
		var reply []byte
		switch m.Type() {
		case openflow.TypeMultipartRequest:
			reply = (&openflow.ErrorMessage{Type: openflow.ErrorBadRequest, Code: 2, Data: m}).Append(nil, m.XID())
		case openflow.TypeBarrierRequest:
			reply = new(openflow.BarrierReply).Append(nil, m.XID())
		}
		if _, err := conn.Write(reply); err != nil {
			return
		}
	}
}

func TestBridgeWithoutFlowMonitor(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	k := New(Config{Dial: func(context.Context) (net.Conn, error) {
		near, far := net.Pipe()
		go answer(far)
		return near, nil
	}})
	ended := make(chan error, 1)
	go func() { ended <- k.Run(ctx) }()
	conn, err := k.Channel(ctx)
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// control asks the running ovs-vswitchd one question on its control socket
// (JSON-RPC as in ovs-appctl(8)).
func (s *Switch) control(ctx context.Context, method string, params ...string) (string, error) {
	pid, err := os.ReadFile(filepath.Join(s.cfg.RunDir, "ovs-vswitchd.pid"))
	if err != nil {
		return "", away("ovs-vswitchd does not run", err)
	}
	path := filepath.Join(s.cfg.RunDir, "ovs-vswitchd."+strings.TrimSpace(string(pid))+".ctl")
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return "", away("the control socket of ovs-vswitchd does not answer", err)
	}
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	answer, err := ask(conn, method, params)
	return answer, errors.Join(err, conn.Close())
}

func ask(conn net.Conn, method string, params []string) (string, error) {
	if params == nil {
		params = []string{} // with null no answer ever comes
	}
	request := map[string]any{"id": 0, "method": method, "params": params}
	if err := json.NewEncoder(conn).Encode(request); err != nil {
		return "", fmt.Errorf("ask %s: %w", method, err)
	}
	var reply struct {
		Result string `json:"result"`
		Error  any    `json:"error"`
	}
	if err := json.NewDecoder(bufio.NewReader(conn)).Decode(&reply); err != nil {
		return "", fmt.Errorf("answer of %s: %w", method, err)
	}
	if reply.Error != nil {
		return "", fmt.Errorf("%s refused: %v", method, reply.Error)
	}
	return reply.Result, nil
}

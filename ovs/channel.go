// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/linkspan/linkspan"
)

// Channel opens the bridge's management socket, which speaks OpenFlow as a
// controller's connection would, without a Controller row. Open vSwitch sends
// no PacketIn before SET_CONFIG raised miss_send_len, and no echo ever. A
// socket file that was deleted is brought back first. Errors: Unavailable.
func (s *Switch) Channel(ctx context.Context) (net.Conn, error) {
	conn, err := s.dialBridge(ctx)
	if !errors.Is(err, fs.ErrNotExist) {
		return conn, err
	}
	if err := s.restoreSocket(ctx); err != nil {
		return nil, err
	}
	return s.dialBridge(ctx)
}

func (s *Switch) dialBridge(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", s.cfg.managementSocket())
	if err != nil {
		return nil, away("the bridge's management socket does not answer", err)
	}
	return conn, nil
}

// restoreSocket makes ovs-vswitchd bind the socket anew, by a change of the
// bridge's protocols and back: writing the value it has is not a change. Flows
// and connections of other sockets stay.
func (s *Switch) restoreSocket(ctx context.Context) error {
	s.restore.Lock()
	defer s.restore.Unlock()
	path := s.cfg.managementSocket()
	if _, err := os.Stat(path); err == nil {
		return nil // another caller did it
	}
	ctx, cancel := limit(ctx, realiseTimeout)
	defer cancel()
	if _, err := s.control(ctx, "version"); err != nil {
		return err // it makes its socket itself when it starts
	}
	if err := s.Await(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil {
		return nil // the bridge was just being made
	}
	err := s.setProtocols(ctx, []string{"OpenFlow13", "OpenFlow14"})
	// Back in any case, even when ctx has ended: the bridge speaks 1.3 only.
	bctx, cancelBack := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancelBack()
	if err = errors.Join(err, s.setProtocols(bctx, []string{"OpenFlow13"})); err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	s.log.WarnContext(ctx, "management socket restored", "path", path)
	return nil
}

func (s *Switch) setProtocols(ctx context.Context, versions []string) error {
	var cfg int
	err := s.with(ctx, func(ctx context.Context, live *session) error {
		row, err := live.bridge(ctx, s.cfg.Bridge)
		if err != nil {
			return err
		}
		if row == nil {
			return &linkspan.Error{Code: linkspan.NotFound, Message: "bridge " + s.cfg.Bridge + " does not exist"}
		}
		want := &bridgeRow{UUID: row.UUID, Protocols: versions}
		ops, err := live.client.Where(row).Update(want, &want.Protocols)
		if err != nil {
			return fmt.Errorf("protocols: %w", err)
		}
		cfg, err = live.commit(ctx, ops)
		return err
	})
	if err != nil {
		return err
	}
	return s.realised(ctx, cfg, nil)
}

// SPDX-License-Identifier: Apache-2.0

package ovs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ovn-kubernetes/libovsdb/client"

	"github.com/linkspan/linkspan"
)

// undoTimeout bounds the removal of ports that could not be realised.
const undoTimeout = 5 * time.Second

// confirm waits until every port of a committed change works or has failed,
// and removes those that failed and were new.
func (s *Switch) confirm(ctx context.Context, ports []Port, out outcome) error {
	var faults map[string]error
	err := s.realised(ctx, out.cfg, func(ctx context.Context, live *session) (decided bool, err error) {
		faults, decided, err = s.judge(ctx, live, ports)
		return decided, err
	})
	if err != nil || len(faults) == 0 {
		return err
	}
	return s.undo(ctx, faults, out)
}

// judge says whether Open vSwitch has made up its mind about all of ports, and
// why those that failed did. It looks ports up one by one: many callers may be
// waiting beside this one, on a bridge with many ports.
func (s *Switch) judge(ctx context.Context, live *session, ports []Port) (map[string]error, bool, error) {
	bridge, err := live.bridge(ctx, s.cfg.Bridge)
	if err != nil {
		return nil, false, err
	}
	faults := make(map[string]error)
	for _, p := range ports {
		if p.Name == s.cfg.Bridge {
			continue // refused before
		}
		mine, iface, err := live.lookUp(ctx, bridge, p.Name)
		if err != nil {
			return nil, false, err
		}
		fault, decided := verdict(p, mine, iface)
		if !decided {
			return nil, false, nil
		}
		if fault != nil {
			faults[p.Name] = fault
		}
	}
	return faults, true, nil
}

// lookUp returns whether bridge has a port of that name, and the interface of
// that name or nil.
func (s *session) lookUp(ctx context.Context, bridge *bridgeRow, name string) (bool, *ifaceRow, error) {
	port, iface := &portRow{Name: name}, &ifaceRow{Name: name}
	err := s.client.Get(ctx, port)
	if err == nil {
		err = s.client.Get(ctx, iface)
	}
	if errors.Is(err, client.ErrNotFound) {
		return false, nil, nil
	}
	if err != nil {
		return false, nil, fmt.Errorf("look up port %s: %w", name, err)
	}
	return bridge != nil && slices.Contains(bridge.Ports, port.UUID), iface, nil
}

func verdict(p Port, mine bool, iface *ifaceRow) (fault error, decided bool) {
	fail := func(code linkspan.Code, format string, args ...any) (error, bool) {
		return &linkspan.Error{Code: code, Op: "add port " + p.Name, Message: fmt.Sprintf(format, args...)}, true
	}
	st := statusOf(iface, p.Name)
	switch {
	case !mine && iface != nil:
		return nil, true // another bridge's, and refused before
	case !mine:
		return fail(linkspan.Conflict, "somebody removed it again")
	case strings.Contains(st.Error, "No such device"):
		return fail(linkspan.NotFound, "the link does not exist: %s", st.Error)
	case st.Error != "":
		return fail(linkspan.Internal, "%s", st.Error)
	case st.OFPort == 0:
		return nil, false
	case p.OFPort != 0 && st.OFPort != p.OFPort:
		return fail(linkspan.Conflict, "it got number %d because another port has %d", st.OFPort, p.OFPort)
	}
	return nil, true
}

func (s *Switch) undo(ctx context.Context, faults map[string]error, out outcome) error {
	var (
		names []string
		all   []error
	)
	for name, err := range faults {
		all = append(all, err)
		if out.created[name] {
			names = append(names, name)
		}
	}
	if len(names) > 0 {
		uctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), undoTimeout)
		defer cancel()
		all = append(all, s.DelPorts(uctx, names))
	}
	return errors.Join(all...)
}

// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/linkspan/linkspan"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// start gives what was made its name, starts it, and looks whether it runs and has
// the addresses that it should.
func (h *Host) start(ctx context.Context, move string, t *apiv1.CarryStart) error {
	s, err := decode(t.GetSpec())
	if err != nil {
		return err
	}
	e, ok, err := h.journal.taken(ctx, move, t.GetContainer())
	if err != nil {
		return err
	}
	if !ok || e.Container == "" {
		return notAsked("container " + t.GetContainer() + " was not made here for this move")
	}
	c, err := h.docker.container(ctx, e.Container)
	if err != nil {
		return err
	}
	if c.name() != s.Name {
		if err := h.docker.rename(ctx, e.Container, s.Name); err != nil {
			return err
		}
	}
	if err := h.docker.start(ctx, e.Container); err != nil {
		return err
	}
	return h.stays(ctx, e.Container, s.places())
}

// look tells whether what was made here for a move runs, as start would have told: under
// its name, with its addresses, and for as long. One that has ended, however well, may
// have been stopped with its dockerd, and does not run.
func (h *Host) look(ctx context.Context, move string, t *apiv1.CarryLook, a *apiv1.CarryAnswer) error {
	e, ok, err := h.journal.taken(ctx, move, t.GetContainer())
	if err != nil || !ok || e.Container == "" {
		return err
	}
	c, err := h.docker.container(ctx, e.Container)
	there, err := found(err)
	if err != nil || !there || e.Name != "" && c.name() != e.Name {
		return err
	}
	err = h.stays(ctx, e.Container, e.Places)
	if code := linkspan.CodeOf(err); err != nil && code != linkspan.Invalid && code != linkspan.Conflict && code != linkspan.NotFound {
		return err
	}
	a.Running = err == nil
	return nil
}

// lookEvery is how often a container is looked at that was just started.
const lookEvery = 100 * time.Millisecond

// stays watches a container for as long as it must run to count as started. One
// that ended well by then has done what it does.
func (h *Host) stays(ctx context.Context, id string, places []place) error {
	enough := time.NewTimer(h.cfg.Settle)
	defer enough.Stop()
	again := time.NewTicker(lookEvery)
	defer again.Stop()
	for first := true; ; first = false {
		c, err := h.docker.container(ctx, id)
		if err != nil {
			return err
		}
		if !c.State.runs() && (c.State.ExitCode != 0 || c.State.Restarting || first) {
			return &linkspan.Error{
				Code:    linkspan.Invalid,
				Message: fmt.Sprintf("it does not run on %s: exit status %d %s", h.cfg.Host, c.State.ExitCode, c.State.Error),
			}
		}
		if first {
			if err := placed(&c, places); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-enough.C:
			return nil
		case <-again.C:
		}
	}
}

// place is where a container is in a network of the fabric.
type place struct {
	Network  string `json:"network"`
	Address  string `json:"address,omitempty"`
	Address6 string `json:"address6,omitempty"`
	MAC      string `json:"mac,omitempty"`
}

func (s *spec) places() (list []place) {
	for _, a := range s.Attachments {
		if a.ofFabric() {
			list = append(list, place{a.Network, a.Address, a.Address6, a.MAC})
		}
	}
	return list
}

// placed refuses a container that has other addresses than it should.
func placed(c *container, places []place) error {
	var wrong []string
	for _, p := range places {
		has := c.NetworkSettings.Networks[p.Network]
		for key, want := range map[string]string{"IPAddress": p.Address, "MacAddress": p.MAC, "GlobalIPv6Address": p.Address6} {
			if got := has.text(key); !strings.EqualFold(got, want) && !sameAddress(want, got) {
				wrong = append(wrong, fmt.Sprintf("%s in network %s is %q, not %s", key, p.Network, got, want))
			}
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return &linkspan.Error{Code: linkspan.Conflict, Message: "it has other addresses: " + strings.Join(wrong, "; ")}
}

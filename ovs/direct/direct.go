// SPDX-License-Identifier: Apache-2.0

package direct

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/ovs/ether"
)

// Direct is the port with the paths through it. Its methods may be called
// concurrently.
type Direct struct {
	cfg    Config
	device string
	mtu    int
	prober *prober
}

// Ensure makes the link, or brings it to cfg. That the host's stack does not take
// what the link brings is the caller's to see to, before (netns.EnsureShield).
// Errors: Invalid, NotFound (no such link), Conflict (the link is
// somebody else's), Unavailable (this host cannot have the direct transport).
func Ensure(ctx context.Context, cfg Config) (*Direct, error) {
	cfg = cfg.Default()
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	device, mtu, err := cfg.ensureDevice(ctx)
	if err != nil {
		return nil, err
	}
	return &Direct{
		cfg: cfg, device: device, mtu: mtu,
		prober: newProber(cfg.Number, cfg.Fabric, mtu, time.Now, nonce),
	}, nil
}

func nonce() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: crypto/rand
	return binary.BigEndian.Uint64(b[:]) | 1
}

// Device returns the name of the link.
func (d *Direct) Device() string { return d.device }

// MTU returns the largest packet that goes directly, in bytes.
func (d *Direct) MTU() int { return d.mtu }

// SetPeers makes exactly these chassis probed and answered. What is known of
// those that stay holds.
func (d *Direct) SetPeers(peers []linkspan.ChassisID) { d.prober.set(peers) }

// Paths returns the peers whose path is proved and those that do not answer, in
// order. Of others nothing is known yet.
func (d *Direct) Paths() (proved, lost []linkspan.ChassisID) { return d.prober.known() }

// Changed gets a value when Paths may have changed. It is for one reader.
func (d *Direct) Changed() <-chan struct{} { return d.prober.changed }

// reopening is how long to wait before the socket is opened again.
const reopening = time.Second

// Run probes and answers until ctx ends; it returns the context's error. While
// the link is away all paths become lost.
func (d *Direct) Run(ctx context.Context) error {
	told := ""
	for ctx.Err() == nil {
		socket, err := ether.Open(d.device, etherType)
		if err == nil {
			err = d.serve(ctx, socket)
		}
		if ctx.Err() != nil {
			break
		}
		if text := err.Error(); text != told {
			told = text
			d.cfg.Log.Warn("direct paths are not probed", "device", d.device, "error", err)
		}
		d.pass(ctx, reopening)
	}
	return ctx.Err()
}

// pass lets time pass without a socket: what is due is missed.
func (d *Direct) pass(ctx context.Context, span time.Duration) {
	d.prober.step()
	select {
	case <-ctx.Done():
	case <-time.After(span):
	}
}

// serve probes and answers through one socket, until it fails or ctx ends.
func (d *Direct) serve(ctx context.Context, socket *os.File) error {
	var reader sync.WaitGroup
	failed := make(chan error, 1)
	reader.Go(func() { failed <- d.answer(socket) })
	defer reader.Wait()
	defer socket.Close()
	for {
		frames, pause := d.prober.step()
		for _, f := range frames {
			if err := send(socket, f); err != nil {
				return err
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case err := <-failed:
			timer.Stop()
			return err
		case <-d.prober.peers:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// answer reads until the socket is closed or fails.
func (d *Direct) answer(socket *os.File) error {
	frame := make([]byte, header+d.mtu+4)
	for {
		n, err := socket.Read(frame)
		if err != nil {
			return err
		}
		if reply := d.prober.receive(frame[:n]); reply != nil {
			if err := send(socket, reply); err != nil {
				return err
			}
		}
	}
}

// send sends a frame; one for which the kernel has no room is lost, as on the
// wire.
func send(socket *os.File, frame []byte) error {
	_, err := socket.Write(frame)
	if errors.Is(err, unix.ENOBUFS) {
		return nil
	}
	return err
}

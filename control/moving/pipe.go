// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/linkspan/linkspan"
)

// Pipe hands an image from the host that gives it to the one that takes it. It
// holds no piece: Write returns when the other side has it.
type Pipe struct {
	pieces chan []byte
	broken chan struct{} // closed with why
	whole  chan struct{} // closed at the end of the image
	once   sync.Once
	why    error
	passed atomic.Uint64 // bytes
}

func newPipe() *Pipe {
	return &Pipe{pieces: make(chan []byte), broken: make(chan struct{}), whole: make(chan struct{})}
}

var errNoPipe = &linkspan.Error{Code: linkspan.NotFound, Message: "this host has no part in a move of that name that carries an image now"}

// Giving returns the pipe of a move for the host that gives; another host, or a move
// that carries no image now, has code NotFound.
func (m *Mover) Giving(host linkspan.ChassisID, move string) (*Pipe, error) {
	return m.pipe(move, func(r *Record) bool { return r.From == host })
}

// Taking is Giving for the host that takes.
func (m *Mover) Taking(host linkspan.ChassisID, move string) (*Pipe, error) {
	return m.pipe(move, func(r *Record) bool { return r.To == host })
}

func (m *Mover) pipe(move string, may func(*Record) bool) (*Pipe, error) {
	m.mu.Lock()
	d := m.drives[move]
	m.mu.Unlock()
	if d == nil {
		return nil, errNoPipe
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.pipe == nil || !may(&d.record) {
		return nil, errNoPipe
	}
	return d.pipe, nil
}

// Write hands on a piece, which is the other side's from then on.
func (p *Pipe) Write(ctx context.Context, piece []byte) error {
	select {
	case p.pieces <- piece:
		p.passed.Add(uint64(len(piece)))
		return nil
	case <-p.broken:
		return p.why
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Read returns the next piece, or that the image is whole.
func (p *Pipe) Read(ctx context.Context) (piece []byte, whole bool, err error) {
	select {
	case piece := <-p.pieces:
		return piece, false, nil
	case <-p.whole:
		return nil, true, nil
	case <-p.broken:
		return nil, false, p.why
	case <-ctx.Done():
		return nil, false, context.Cause(ctx)
	}
}

// End says that all pieces were written.
func (p *Pipe) End() { p.once.Do(func() { close(p.whole) }) }

// ended says whether all pieces were written.
func (p *Pipe) ended() bool {
	select {
	case <-p.whole:
		return true
	default:
		return false
	}
}

// Break ends it before the image is whole; nil is that it just ended.
func (p *Pipe) Break(why error) {
	p.once.Do(func() {
		if p.why = why; why == nil {
			p.why = errors.New("the image was broken off")
		}
		close(p.broken)
	})
}

// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"context"
	"errors"
	"io"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan"
	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
)

// chunk is how much of an image goes in one message, in bytes. The streams hold a
// few of them: whoever gives waits for whoever takes.
const chunk = 256 << 10

// give sends the image of a container to the controller, which hands it on. Images
// of others are not the controller's to ask for.
func (h *Host) give(ctx context.Context, move string, t *apiv1.CarryGive) error {
	e, ok, err := h.journal.read(ctx, move)
	if err != nil {
		return err
	}
	if ok && !e.Gives {
		return notAsked("the container comes to this host by this move")
	}
	c, err := h.ours(ctx, t.GetContainer())
	if err != nil {
		return err
	}
	archive, err := h.docker.save(ctx, c.Image)
	if err != nil {
		return err
	}
	defer archive.Close()
	client, end := h.cfg.Bulk()
	defer end()
	return send(client.Give(ctx), move, archive)
}

// giving is the stream of an image to the controller.
type giving = connect.ClientStreamForClient[apiv1.CarryServiceGiveRequest, apiv1.CarryServiceGiveResponse]

func send(out *giving, move string, archive io.Reader) error {
	buffer := make([]byte, chunk)
	for first := true; ; first = false {
		n, err := io.ReadFull(archive, buffer)
		last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !last {
			_, _ = out.CloseAndReceive() // the image is not whole: the other side sees that there was no end
			return err
		}
		m := &apiv1.CarryServiceGiveRequest{Data: buffer[:n], End: last}
		if first {
			m.Move = move
		}
		if out.Send(m) != nil || last { // why it cannot be sent, the answer tells
			_, err := out.CloseAndReceive()
			return api.FromRPC(err)
		}
	}
}

// take fetches an image, unless it is here, and names it as the other host does
// where that name is free.
func (h *Host) take(ctx context.Context, move string, t *apiv1.CarryTake, a *apiv1.CarryAnswer) error {
	s, err := decode(t.GetSpec())
	if err != nil {
		return err
	}
	if a.Image, err = h.have(ctx, &s.Image); err != nil || a.Image != "" {
		return err
	}
	loaded, err := h.fetch(ctx, move, archiveLimit(s.Image.Size))
	if err != nil {
		return err
	}
	for _, name := range append(loaded, s.Image.ID) {
		i, err := h.docker.image(ctx, name)
		if there, err := found(err); err != nil {
			return err
		} else if there && s.Image.is(&i) {
			a.Image = i.ID
		}
	}
	if a.Image == "" {
		return errOtherImage
	}
	if _, there, err := h.referenced(ctx, s.Image.Reference); err != nil || there || isID(s.Image.Reference) {
		return err
	}
	return h.docker.tag(ctx, a.Image, s.Image.Reference)
}

// fetch hands what the controller sends to dockerd, as it comes, but for names and for
// what is no part of an image.
func (h *Host) fetch(ctx context.Context, move string, limit int64) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	client, end := h.cfg.Bulk()
	defer end()
	in, err := client.Take(ctx, connect.NewRequest(&apiv1.CarryServiceTakeRequest{Move: move}))
	if err != nil {
		return nil, api.FromRPC(err)
	}
	defer in.Close()
	r, w := io.Pipe()
	received := make(chan error, 1)
	go func() {
		err := sift(w, &arriving{in: in}, limit)
		_ = w.CloseWithError(err) // it has none
		received <- err
	}()
	loaded, err := h.docker.load(ctx, r)
	_ = r.Close() // nor has this
	cancel()
	bad := <-received
	if err != nil && bad != nil && !errors.Is(bad, io.ErrClosedPipe) && !errors.Is(bad, context.Canceled) {
		err = bad // dockerd only tells that it got no more
	}
	return loaded, err
}

// arriving is an image that the controller sends.
type arriving struct {
	in    *connect.ServerStreamForClient[apiv1.CarryServiceTakeResponse]
	piece []byte
	whole bool
}

// Read implements io.Reader.
func (a *arriving) Read(p []byte) (int, error) {
	for len(a.piece) == 0 {
		if a.whole {
			return 0, io.EOF
		}
		if !a.in.Receive() {
			return 0, errors.Join(api.FromRPC(a.in.Err()), &linkspan.Error{Code: linkspan.Unavailable, Message: "the image was broken off"})
		}
		a.piece, a.whole = a.in.Msg().GetData(), a.in.Msg().GetEnd()
	}
	n := copy(p, a.piece)
	a.piece = a.piece[n:]
	return n, nil
}

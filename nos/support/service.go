// SPDX-License-Identifier: Apache-2.0

package support

import (
	"bufio"
	"context"
	"time"

	"connectrpc.com/connect"

	"github.com/linkspan/linkspan/api"
	apiv1 "github.com/linkspan/linkspan/api/v1"
	"github.com/linkspan/linkspan/api/v1/apiv1connect"
)

// partSize is how much of an archive is sent at once, in bytes.
const partSize = 64 << 10

// Service is the SupportService of a switch.
type Service struct {
	may     func(context.Context) error
	options func() Options
	turn    chan struct{} // one archive at a time
}

var _ apiv1connect.SupportServiceHandler = (*Service)(nil)

// NewService returns the service. Who may have an archive is asked of may; what is in it,
// of options, each time.
func NewService(may func(context.Context) error, options func() Options) *Service {
	return &Service{may, options, make(chan struct{}, 1)}
}

// Collect implements the service.
func (s *Service) Collect(ctx context.Context, _ *connect.Request[apiv1.SupportServiceCollectRequest], stream *connect.ServerStream[apiv1.SupportServiceCollectResponse]) error {
	if err := s.may(ctx); err != nil {
		return api.ToRPC(err)
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	o := s.options()
	o.Now = time.Now()
	w := bufio.NewWriterSize(parts{stream}, partSize)
	if err := Write(ctx, w, o); err != nil {
		return api.ToRPC(err)
	}
	return w.Flush()
}

// parts sends what is written.
type parts struct {
	stream *connect.ServerStream[apiv1.SupportServiceCollectResponse]
}

func (p parts) Write(text []byte) (int, error) {
	for part := text; len(part) > 0; part = part[min(len(part), partSize):] {
		if err := p.stream.Send(&apiv1.SupportServiceCollectResponse{Part: part[:min(len(part), partSize)]}); err != nil {
			return 0, err
		}
	}
	return len(text), nil
}

// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"time"
)

// askEvery is how often is asked until somebody answers.
const askEvery = 500 * time.Millisecond

// maxFound is how many registries are listed.
const maxFound = 64

// Find asks for registries on the interfaces until ctx ends, or for a moment after the
// first answer, and returns those that answered, by name.
func Find(ctx context.Context, on []Interface) ([]Service, error) {
	conn, err := listen(ctx, ":0", false)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	message, err := question()
	if err != nil {
		return nil, err
	}
	var found []Service
	buffer := make([]byte, maxMessage)
	for ctx.Err() == nil {
		for _, i := range on {
			_ = send(conn, message, i) // an interface that is down has nobody behind it
		}
		if err := conn.SetReadDeadline(time.Now().Add(askEvery)); err != nil {
			return nil, err
		}
		answered := len(found) > 0
		for {
			n, _, _, err := conn.ReadFrom(buffer)
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				break
			}
			if err != nil {
				return nil, err
			}
			for _, s := range readAnswer(buffer[:n]) {
				if !slices.Contains(found, s) && len(found) < maxFound {
					found = append(found, s)
				}
			}
		}
		if answered { // those that are slower had as long again
			break
		}
	}
	slices.SortFunc(found, func(a, b Service) int { return strings.Compare(a.Name+a.Host(), b.Name+b.Host()) })
	return found, nil
}

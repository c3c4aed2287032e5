// SPDX-License-Identifier: Apache-2.0

package moving

import (
	"bytes"
	"context"
	"crypto/sha256"

	"github.com/linkspan/linkspan"
)

// digest changes with all that is carried of a container. What an image takes is not
// carried, and may be told otherwise when it is asked again.
func (s *spec) digest() ([]byte, error) {
	same := *s
	same.Image.Size = 0
	raw, err := same.encode()
	sum := sha256.Sum256(raw)
	return sum[:], err
}

// unchanged refuses a container that is not what it was when it was read: what was made
// of that on the other host has less than it has now. Its code is Conflict.
func (h *Host) unchanged(ctx context.Context, c *container, was []byte) error {
	if len(was) == 0 {
		return nil
	}
	w := world{host: h.cfg.Host}
	if err := h.survey(ctx, c, &w, true); err != nil {
		return err
	}
	s, err := h.tell(ctx, c, &w)
	if err != nil {
		return err
	}
	is, err := s.digest()
	if err != nil || bytes.Equal(is, was) {
		return err
	}
	return &linkspan.Error{
		Code: linkspan.Conflict, Message: "its configuration or networks were changed since the move began", Hint: "move it again",
	}
}
